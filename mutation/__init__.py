"""Mutate src/appleattest, run the tests on every mutant, and count who was killed.

`survivors.toml` holds the reason of each mutant that may survive, `counts.json` the numbers of
the last run. docs/mutants.md is written from the two, and a test compares it with them.
"""
