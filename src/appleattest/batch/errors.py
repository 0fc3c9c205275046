"""What stops a run as a whole; a row never does."""

from __future__ import annotations


class RunError(ValueError):
    """A run that cannot begin, go on or end; the text is a sentence that says what to do."""
