"""The columns of a batch, each described once: the Arrow schemas and the docstrings derive.

`Row` has the columns of the input as its fields, and `Verdict` those of the output.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from appleattest.properties import PROPERTIES

TEXT: Final = "string"
OCTETS: Final = "binary"
TIME: Final = "timestamp"
TRUTH: Final = "bool"
TEXTS: Final = "list of string"
NONCES: Final = "list of nonces"
DISCREPANCIES: Final = "list of discrepancies"
FINDINGS: Final = "list of findings"

STRUCTS: Final = {
    NONCES: (("nonce", OCTETS), ("sent_at", TIME)),
    DISCREPANCIES: (
        ("kind", TEXT),
        ("said", TEXT),
        ("attested", TEXT),
        ("explained_by_age", TRUTH),
    ),
    FINDINGS: (
        ("rule", TEXT),
        ("verdict", TEXT),
        ("expected", TEXT),
        ("found", TEXT),
        ("element", TEXT),
    ),
}
"""The fields of what stands in a list, by the name of the list's type."""


class Column(NamedTuple):
    """One column: its name, its type, whether it may be null, and what it means."""

    name: str
    type: str
    nullable: bool
    meaning: str


def describe_fields(cls: type[tuple[Any, ...]], columns: Iterable[Column]) -> None:
    """Give each field of a named tuple the meaning of its column as its docstring."""
    for column in columns:
        getattr(cls, column.name).__doc__ = f"{column.meaning[0].upper()}{column.meaning[1:]}."


INPUT_COLUMNS: Final = (
    Column("id", TEXT, True, "the caller's own; comes back unchanged"),
    Column("carrier", TEXT, False, '`"mdm"`, `"acme"` or `"chain"`'),
    Column(
        "attestation",
        OCTETS,
        False,
        "what came: the response property list or a webhook event; the attestation object, in CBOR "
        "or base64url, or the challenge response; the certificates in PEM, or in DER one after the "
        "other, leaf first",
    ),
    Column("nonce", OCTETS, True, "`mdm`: the `DeviceAttestationNonce` of this command"),
    Column("previous_nonces", NONCES, True, "`mdm`: those of earlier commands to this device"),
    Column("token", TEXT, True, "`acme`: the token of the challenge"),
    Column("freshness", OCTETS, True, "`chain`: the freshness code that the leaf must carry"),
    Column("identifier", TEXT, True, "`acme`: the `permanent-identifier` of the order"),
    Column("serial_number", TEXT, True, "`mdm`: the serial number that is known of this device"),
    Column("provisioning_udid", TEXT, True, "`mdm`: the ProvisioningUDID that is known of a Mac"),
    Column("udid", TEXT, True, "`mdm`: the UDID that is known of a device that is no Mac"),
    Column("spki", OCTETS, True, "`mdm`: the key that this enrolment attested before, in DER"),
    Column("at", TIME, True, "as of when to judge; null: as the settings say, else the present"),
)

_PROPERTIES: Final = tuple(
    Column(row.name, TEXT, True, f"as Apple attests it, under {row.oid}") for row in PROPERTIES
)

OUTPUT_COLUMNS: Final = (
    Column("id", TEXT, True, "the caller's own, as it came"),
    Column("verdict", TEXT, False, '`"verified"`, `"refused"` or `"invalid"`'),
    Column("reason", TEXT, True, "why it was refused: a value of `Reason`"),
    Column("element", TEXT, True, "which part of the attestation is at fault"),
    Column("check", TEXT, True, "the check that failed for this reason"),
    Column(
        "message",
        TEXT,
        True,
        "the public sentence of a refusal, which names no device; of an invalid row, which column "
        "is wrong",
    ),
    Column(
        "detail",
        TEXT,
        True,
        "what the operator should know; may name the device, and show the nonce that was expected",
    ),
    Column("carrier", TEXT, True, "as in the row, where it is one of the three"),
    Column(
        "freshness",
        TEXT,
        True,
        '`"current"`, `"earlier"` or `"unchecked"`; of a refused row `"unmatched"`: genuine, and '
        "made for another request",
    ),
    Column("requested_at", TIME, True, "when the earlier nonce that it answers was sent"),
    Column(
        "device_check",
        TEXT,
        True,
        '`"passed"`, `"failed"`, or `"not-requested"`: the row named no device',
    ),
    *_PROPERTIES,
    Column("malformed", TEXTS, True, "OIDs of the properties that were not in their encoding"),
    Column("freshness_code", OCTETS, True, "the octets in the leaf"),
    Column("spki_sha256", OCTETS, True, "SHA-256 of the attested key: index it for reuse"),
    Column("not_before", TIME, True, "the leaf's: the attestation was made no earlier"),
    Column("not_after", TIME, True, "the leaf's"),
    Column("verified_at", TIME, True, "as of when everything was judged"),
    Column("anchored_at_apple", TRUTH, True, "whether the anchor is the pinned Apple root"),
    Column(
        "discrepancies",
        DISCREPANCIES,
        True,
        "`mdm`: where the device says other things than Apple",
    ),
    Column("compared", TEXTS, True, "`mdm`: what both the device and Apple tell"),
    Column("policy", TEXT, True, '`"passed"` or `"violated"`; null without a policy'),
    Column("policy_findings", FINDINGS, True, "what every rule of the policy found"),
)
