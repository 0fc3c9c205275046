"""The tables of device attestation."""
