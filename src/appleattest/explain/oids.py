"""What each documented OID of a leaf means."""

from __future__ import annotations

from typing import Final, NamedTuple

from appleattest.explain.tables import plain, rows
from appleattest.oids import APPLE_ATTESTATION_ARC

SOURCE: Final = (
    "Apple, Validating a Managed Device Attestation; "
    "Apple, Device attestation certificate extensions"
)


class OidText(NamedTuple):
    """What there is to say of one OID, in plain text."""

    oid: str
    """All of it, in dotted decimal."""
    label: str
    """Its name in a few words."""
    says: str
    """What a value says, in one sentence."""
    meaning: str
    field: str
    """The field of `DeviceProperties`, or of `Attestation` for the freshness code."""
    encoding: str
    """What the extension's OCTET STRING holds."""
    blank: str
    """Which value means that Apple could not determine it."""
    since: str
    """The first versions of the operating systems that attest it."""
    source: str


def of_oid(dotted: str) -> OidText | None:
    """The text of an OID in dotted decimal, whole or its last two numbers (`13.2`).

    None for one that is not documented.
    """
    short = dotted.removeprefix(APPLE_ATTESTATION_ARC)
    row = rows("oids").get(short)
    if row is None:
        return None
    return OidText(
        APPLE_ATTESTATION_ARC + short,
        row["label"],
        row["says"],
        plain(row["meaning"]),
        row["field"],
        plain(row["encoding"]),
        row["blank"],
        row["since"],
        SOURCE,
    )


def every_oid() -> tuple[OidText, ...]:
    """The texts of all documented OIDs, in the order of the table."""
    return tuple(text for short in rows("oids") if (text := of_oid(short)) is not None)
