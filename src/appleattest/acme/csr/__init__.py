"""The certificate request of `finalize`: read, judged, and given back as what may be issued."""
