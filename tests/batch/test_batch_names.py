"""The parts of the name of a source or a destination."""

from __future__ import annotations

from pathlib import Path

import pytest

from appleattest.batch.names import Name, name_of


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("rows.jsonl", Name("", "rows.jsonl", "")),
        ("a:b#c.parquet", Name("", "a:b#c.parquet", "")),
        ("sqlite", Name("", "sqlite", "")),
        ("SQLITE:fleet.db", Name("", "SQLITE:fleet.db", "")),
        ("sqlite:fleet.db", Name("sqlite", "fleet.db", "")),
        ("duckdb:fleet.db#rows", Name("duckdb", "fleet.db", "rows")),
        ("duckdb:#FROM 'a#b:c'", Name("duckdb", "", "FROM 'a#b:c'")),
    ],
)
def test_the_parts_of_a_name(name: str, parts: Name) -> None:
    assert name_of(name) == parts


def test_two_names_of_one_file_have_one_path(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to(tmp_path / "rows.db")
    assert name_of(f"sqlite:{tmp_path}/link").path == name_of(f"{tmp_path}/x/../rows.db").path
