"""Batches under Ray Data: a function for `Dataset.map_batches`.

    from appleattest.batch.ray import verifying

    verdicts = rows.map_batches(verifying(settings), batch_format="pyarrow")

Install `appleattest[batch]` beside `ray[data]`, on every node. Nothing here imports ray: Ray
pickles the function, with the settings in it, for its workers.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING

from appleattest.batch import verify_table
from appleattest.batch.settings import Settings, checked_settings

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["verifying"]


def verifying(settings: Settings | None = None) -> Callable[[pa.Table], pa.Table]:
    """A function for `map_batches` with `batch_format="pyarrow"`: verdicts for the rows, in order.

    The columns are those of `verify_batch`; others are dropped. Without settings, those of
    `Settings()`. A worker that runs several tasks with equal settings keeps one verifier.
    Raises `TypeError` where `settings` is no `Settings`.
    """
    return partial(verify_table, settings=checked_settings(settings))
