"""Coverage-guided fuzzing of every entry point: `make fuzz`; docs/fuzzing.md says how.

`targets` holds one function for each entry point, `oracle` what must be true of whatever it
does, `seeds` the inputs to begin with. None of these needs atheris; `under_atheris` does, and
`tests/test_fuzz.py` runs the others without it.
"""
