"""A backlog of attestations, as a server keeps it in a table: five in a hundred are refused.

A few attestations stand for all of them. Each row is verified in full, whatever came before it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from itertools import islice
from typing import TYPE_CHECKING, Final

import pyarrow as pa

from appleattest import Freshness
from appleattest.batch import INPUT_SCHEMA, Row, Settings
from appleattest.policy import FreshnessIs, Policy, SIPEnabled
from appleattest.testing import AttestationAuthority, Properties, carriers

if TYPE_CHECKING:
    from collections.abc import Iterator

ONE_REFUSED_IN: Final = 20
SERIAL_NUMBER: Final = "EXAMPLE001"
NONCE: Final = b"a nonce of some thirty octets..."
EARLIER_NONCE: Final = b"and the one of the week before.."
TOKEN: Final = "a-token-of-at-least-128-bits-it-is"  # noqa: S105 - published here

_DEVICE: Final = replace(Properties.mac(), serial_number=SERIAL_NUMBER)
_AUTHORITY: Final = "a backlog"


def settings() -> Settings:
    """By which every row is judged: as of when it was made, with rules that some of them break."""
    authority = AttestationAuthority(_AUTHORITY)
    rules = Policy(SIPEnabled(), FreshnessIs(Freshness.CURRENT))
    return Settings(trust=authority.trust, policy=rules, at=authority.issued_at)


def backlog(count: int) -> pa.Table:
    """A table of `INPUT_SCHEMA`: every twentieth row is refused or invalid, for reasons in turn.

    The ids are the numbers of the rows, from 0, in eight digits.
    """
    rows = [each._asdict() for each in islice(_rows(), count)]
    return pa.Table.from_pylist(rows, INPUT_SCHEMA)


def _rows() -> Iterator[Row]:
    authority = AttestationAuthority(_AUTHORITY)
    verified, others = _verified(authority), _others(authority)
    number = 0
    while True:
        turn, place = divmod(number, ONE_REFUSED_IN)
        last = place == ONE_REFUSED_IN - 1
        kinds = others if last else verified
        yield kinds[(turn if last else number) % len(kinds)]._replace(id=f"{number:08}")
        number += 1


def _verified(authority: AttestationAuthority) -> Sequence[Row]:
    """One row of each kind that is verified."""
    response = _response(authority, NONCE)
    cached = _response(authority, EARLIER_NONCE)
    sent = {"nonce": EARLIER_NONCE, "sent_at": authority.issued_at - timedelta(days=7)}
    challenge = carriers.challenge_response(
        authority.attestation_object(
            properties=_DEVICE, freshness_code=sha256(TOKEN.encode()).digest()
        )
    )
    chain = b"".join(authority.attest(properties=_DEVICE, freshness_code=NONCE))
    return (
        Row("", "mdm", response, nonce=NONCE, serial_number=SERIAL_NUMBER),
        Row("", "acme", challenge, token=TOKEN, identifier=SERIAL_NUMBER),
        Row("", "mdm", cached, NONCE, [sent], serial_number=SERIAL_NUMBER),
        Row("", "chain", chain, freshness=NONCE, at=authority.issued_at),
    )


def _others(authority: AttestationAuthority) -> Sequence[Row]:
    """One row of each kind that is not: five are refused, and two are wrong themselves."""
    mdm, acme, _, chain = _verified(authority)
    foreign = _response(AttestationAuthority("of somebody else"), NONCE)
    return (
        mdm._replace(nonce=EARLIER_NONCE),
        mdm._replace(attestation=foreign),
        acme._replace(identifier="EXAMPLE002"),
        acme._replace(attestation=acme.attestation[:-9]),
        chain._replace(at=authority.issued_at + timedelta(days=3000)),
        chain._replace(freshness=None),
        mdm._replace(carrier="letter"),
    )


def _response(authority: AttestationAuthority, nonce: bytes) -> bytes:
    """What a device answers, which claims another version than Apple attests."""
    said = {"SerialNumber": SERIAL_NUMBER, "OSVersion": "14.4"}
    return authority.response_plist(properties=_DEVICE, freshness_code=nonce, query_responses=said)
