"""DuckDB gives the verdicts of plain Python, in SQL."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import pytest
from judged_backlog import assert_same, judged

from appleattest.batch import INPUT_COLUMNS
from appleattest.batch.duckdb import register

if TYPE_CHECKING:
    from pathlib import Path

duckdb = pytest.importorskip("duckdb", reason="install appleattest[duckdb]")

OPTIONAL: Final = ", ".join(f'"{each.name}" := "{each.name}"' for each in INPUT_COLUMNS[3:])


def test_duckdb_has_the_verdicts_of_plain_python(tmp_path: Path) -> None:
    with duckdb.connect(config={"threads": 2}) as connection:
        register(connection, judged().settings)
        rows = connection.read_parquet(judged().written_to(tmp_path))
        found = rows.project(f"unnest(verify_attestation(id, carrier, attestation, {OPTIONAL}))")
        assert_same(found.to_arrow_table(), judged().verdicts)
