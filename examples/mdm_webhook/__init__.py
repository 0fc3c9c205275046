"""A service beside NanoMDM that knows which devices are what they say, and asks when that is due.

    python -m examples.mdm_webhook --help

An example to read; README.md says what is in which file. All that concerns attestation is
`appleattest`'s, through its public interface.
"""
