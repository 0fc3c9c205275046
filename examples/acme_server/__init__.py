"""A small ACME server (RFC 8555) that issues certificates to attested Apple devices.

    python -m examples.acme_server --help

An example to read: `app` has the requests in the order in which a client makes them, `jws` what
signs them, `store` what is kept, `authority` what is issued. All that concerns attestation is
`appleattest`'s, through its public interface.
"""
