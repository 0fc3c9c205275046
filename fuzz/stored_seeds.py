"""What servers keep, as it is written, and with each part of it missing or made another."""

from __future__ import annotations

import json
from collections.abc import Iterable
from datetime import timedelta
from functools import cache
from typing import Any, Final

from appleattest import UNCHECKED, AttestationError, Reason
from appleattest.acme import Challenge, HardwareModuleName, Identifier, PermanentIdentifier
from appleattest.mdm import AttestationSchedule, DeviceState
from fuzz import seeds, world

_OTHERS: Final[tuple[Any, ...]] = (
    None,
    True,
    -1,
    1e400,
    "",
    "\ud800",
    [],
    {},
    [[]],
    {"a": {"b": None}},
)
_DEPTHS: Final = (1, 100, 900)
_MOST: Final = 20


@cache
def states() -> list[bytes]:
    """States of a device at every step of its life."""
    schedule = AttestationSchedule()
    asked = DeviceState().asked(command_uuid="A", nonce=world.NONCE, at=world.AT)
    cached = DeviceState().asked(command_uuid="A", nonce=UNCHECKED, at=world.AT)
    attested = schedule.attested(
        asked,
        world.AUTHORITY.verified(freshness_code=world.NONCE),
        command_uuid="A",
        at=world.AT,
        reported={"OSVersion": "15.5"},
        randomness=0.5,
    )
    error = AttestationError(Reason.UNTRUSTED)
    failed = schedule.failed(asked, error, command_uuid="A", at=world.AT)
    twice = attested.asked(command_uuid="B", nonce=b"b", at=world.AT + timedelta(days=8))
    return _spoilt([each.to_dict() for each in (twice, failed, attested, cached, DeviceState())])


@cache
def challenges() -> list[bytes]:
    """Challenges of every status."""
    offered = Challenge(url="https://acme.example/1", token=world.TOKEN)
    refused = offered.invalid(AttestationError(Reason.NO_ATTESTATION))
    known = (offered.valid(world.AT), refused, offered.processing(), offered)
    plain = json.dumps({**refused.to_dict(), "error": "@"})
    nested = (plain.replace('"@"', '{"a":' * depth + "1" + "}" * depth) for depth in _DEPTHS)
    return _spoilt([each.to_dict() for each in known], nested)


@cache
def identifiers() -> list[bytes]:
    """Identifiers of both types, and what the vectors have as one."""
    known: tuple[Identifier, ...] = (
        PermanentIdentifier("C02", "1.2.3"),
        HardwareModuleName("C02", "1.2.3"),
    )
    texts = [each.decode("utf-8", "replace") for each in seeds.messages().identifiers]
    others = [{"type": kind.type, "value": text} for text in texts[:_MOST] for kind in known]
    return _spoilt([each.to_dict() for each in known], map(json.dumps, others))


def _spoilt(documents: list[dict[str, Any]], others: Iterable[str] = ()) -> list[bytes]:
    """Each document; then the first with a member missing, of another type, or one too many."""
    first = documents[0]
    changed = [
        *({name: first[name] for name in first if name != left_out} for left_out in first),
        *({**first, name: other} for name in first for other in _OTHERS),
        {**first, "another": 1},
    ]
    written = map(json.dumps, [*documents, *changed, None])
    return [text.encode() for text in dict.fromkeys([*written, "[]", *others])]
