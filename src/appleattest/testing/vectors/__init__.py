"""The reference vectors of this field, as code: `python -m appleattest.testing.vectors`.

`cases` holds one small function per case, `document` generates the JSON from them, `runner`
asks any implementation. Each case's docstring draws its chain and says why it must pass or
fail.
"""
