"""A property that Apple adds is added in four files; all else derives from the table."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path
from typing import Final

import pytest

from appleattest import ClaimedProperties, DeviceProperties, decode_unverified, oids
from appleattest.properties import PROPERTIES, LeafProperties
from appleattest.testing import AttestationAuthority, Properties

PACKAGE: Final = Path(__file__).resolve().parents[1] / "src" / "appleattest"
PLACES: Final = {"oids.py", "properties.py", "testing/properties.py", "batch/verdict.py"}
"""Its OID, its row in the table, its fields in the mint and in the verdicts of batches:
CONTRIBUTING.md, "Add a property"."""
OPTIONAL: Final = ("policy/", "testing/device/", "batch/counts.py", "batch/groups.py")
"""Rules about a property, what a simulated device has, and what a summary counts: each may follow,
and none must."""


def places(name: str) -> set[str]:
    """The files that know the property by its name or by the constant of its OID."""
    constants = {key for key, value in vars(oids).items() if value == oid_of(name)}
    words = re.compile(rf"\b({'|'.join([name, *constants])})\b")
    found = (path.relative_to(PACKAGE).as_posix() for path in PACKAGE.rglob("*.py"))
    return {each for each in found if words.search((PACKAGE / each).read_text("utf-8"))}


def oid_of(name: str) -> str:
    (row,) = (row for row in PROPERTIES if row.name == name)
    return row.oid


@pytest.mark.parametrize("name", ["sepos_version", "llb_version", "third_party_kexts"])
def test_four_files_know_a_property(name: str) -> None:
    assert {each for each in places(name) if not each.startswith(OPTIONAL)} == PLACES


def test_everything_derives_from_the_table() -> None:
    names = [row.name for row in PROPERTIES]
    authority = AttestationAuthority("one table")
    device = authority.verified(Properties.mac()).device
    claims = decode_unverified(authority.attest()).claims

    assert [*device.to_dict()] == [*names, "malformed", "raw"]
    assert [*claims.to_dict()] == [*names, "malformed", "raw"]
    for result in (device, claims):
        assert [*result.values] == names
        assert {name: getattr(result, name) for name in names} == result.values
        assert None not in result.values.values()
    minted = {field.name for field in fields(Properties)}
    assert set(names) <= minted


@pytest.mark.parametrize("kind", [DeviceProperties, ClaimedProperties])
def test_on_the_class_a_property_is_its_row(kind: type[LeafProperties]) -> None:
    assert kind.sepos_version.oid == oids.SEPOS_VERSION
    assert kind.serial_number.identifies
    assert not kind.sepos_version.identifies
