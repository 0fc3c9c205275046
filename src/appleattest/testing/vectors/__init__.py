"""Run any implementation over the conformance vectors: `python -m appleattest.testing.vectors`.

`runner` asks the implementation and compares its answers; `judge` answers with this library. The
vectors, and the cases that they are generated from, are in the repository's `vectors/`.
"""
