"""One run: chunks of a source go to workers, each verdict into a part, and all parts to the end."""
