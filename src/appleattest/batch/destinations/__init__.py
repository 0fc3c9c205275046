"""Where the verdicts of a run go. `open_destination` tells the kinds apart by their names."""

from appleattest.batch.destinations.destination import Destination
from appleattest.batch.destinations.opening import TABLE, open_destination

__all__ = ["TABLE", "Destination", "open_destination"]
