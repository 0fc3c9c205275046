"""acme2certifier, with `device-attest-01` in subclasses: see README.md."""
