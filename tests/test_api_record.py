"""The public interface is the recorded one, so that a change of it shows in review."""

from __future__ import annotations

import pytest

from test_repository import PUBLIC

api = pytest.importorskip("release.api", reason="needs griffe: make .venv/.installed")


def test_the_public_interface_is_the_recorded_one() -> None:
    recorded = api.RECORD.read_text("utf-8")
    assert api.record().splitlines() == recorded.splitlines(), "renew the record: make api"


def test_every_public_package_is_recorded() -> None:
    sections = [
        line[3:] for line in api.RECORD.read_text("utf-8").splitlines() if line.startswith("## ")
    ]
    assert sections == ["appleattest" + each for each in PUBLIC]


def test_a_source_without_the_table_is_refused() -> None:
    assert api.packages('PUBLIC: Final = ("", ".a")') == ("appleattest", "appleattest.a")
    with pytest.raises(ValueError, match="no table PUBLIC"):
        api.packages("OTHER = ()")
