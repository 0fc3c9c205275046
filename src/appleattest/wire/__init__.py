"""Strict, bounded readers for the encodings in which a chain travels.

Each takes untrusted input, measures it first, and raises nothing but `MalformedInput`.
None knows what a chain is.
"""
