"""A service beside NanoMDM that knows which devices are what they say, and asks when that is due.

    python -m examples.mdm_webhook --help

An example to read: `app` is the HTTP, `watch` what becomes of an event, `store` what is kept,
`nanomdm` how a command is queued. All that concerns attestation is `appleattest`'s, through its
public interface.
"""
