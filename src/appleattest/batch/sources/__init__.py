"""Where the rows of a run come from. `open_source` tells the kinds apart by their names."""

from appleattest.batch.sources.opening import open_source
from appleattest.batch.sources.source import MOST_OCTETS, MOST_ROWS, PROBLEM, ROWS, Source

__all__ = ["MOST_OCTETS", "MOST_ROWS", "PROBLEM", "ROWS", "Source", "open_source"]
