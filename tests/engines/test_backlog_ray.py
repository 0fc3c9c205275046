"""Ray Data gives the verdicts of plain Python, on a real cluster of this machine."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest
from judged_backlog import assert_same, judged

from appleattest.batch.ray import verifying

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ray = pytest.importorskip("ray", reason="make engines installs Ray, and runs this")

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module", autouse=True)
def cluster() -> Iterator[None]:
    """Two workers."""
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    ray.init(num_cpus=2, include_dashboard=False, logging_level="error", log_to_driver=False)
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.execution_options.preserve_order = True
    yield
    ray.shutdown()


def verdicts(rows: Any) -> pa.Table:
    found = rows.map_batches(verifying(judged().settings), batch_format="pyarrow", batch_size=300)
    return pa.concat_tables(ray.get(found.to_arrow_refs()))


def test_ray_has_the_verdicts_of_plain_python(tmp_path: Path) -> None:
    rows = ray.data.read_parquet(judged().written_to(tmp_path)).repartition(8)
    assert_same(verdicts(rows), judged().verdicts)


def test_other_columns_are_dropped_and_missing_ones_are_null() -> None:
    one = judged().rows.slice(3, 1).select(["attestation", "freshness", "carrier", "id", "at"])
    rows = ray.data.from_arrow(one.append_column("team", pa.array(["sales"])))
    assert_same(verdicts(rows), judged().verdicts.slice(3, 1))


def test_blocks_without_rows_have_no_verdicts() -> None:
    rows = ray.data.from_arrow(judged().rows.slice(0, 2)).repartition(4)
    assert_same(verdicts(rows), judged().verdicts.slice(0, 2))
