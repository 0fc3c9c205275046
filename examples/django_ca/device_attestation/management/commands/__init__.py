"""Commands of device attestation."""
