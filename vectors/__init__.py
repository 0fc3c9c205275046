"""The conformance vectors, and the cases in code that they are generated from."""
