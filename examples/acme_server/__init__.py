"""A small ACME server (RFC 8555) that issues certificates to attested Apple devices.

    python -m examples.acme_server --help

The README beside it says what is where: begin with `app`.
"""
