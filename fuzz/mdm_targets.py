"""What an MDM server is sent, taken apart; and an operator's policy document."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache, partial
from typing import Any, Final

from appleattest import UNCHECKED, Attestation
from appleattest.mdm import (
    DeviceInformationResponse,
    KnownDevice,
    WebhookEvent,
    examine_response,
    validate_response,
)
from appleattest.policy import Platform, Policy
from appleattest.testing import Properties
from fuzz import world
from fuzz.oracle import ended, require, returned, same_verdict, without_warning
from vectors.case import SERIAL

_SCALARS: Final = (str, bytes, bool, int, float, datetime)


def parse_response(data: bytes) -> None:
    """A response property list: frozen, and its chain is the one that `verify_mdm` judges."""
    found = returned(lambda: DeviceInformationResponse.parse(data))
    if found is None:
        return
    require(found.document == data, "another document")
    require(repr(found).isprintable(), "cannot be shown")
    _check_frozen(found.query_responses)
    _validate(data)
    chain = found.attestation
    if chain is None or not found.acknowledged:
        return
    verifier = world.warm()
    whole = ended(lambda: verifier.verify_mdm(data, nonce=world.NONCE, at=world.AT)).value
    apart = ended(lambda: verifier.verify_mdm(chain, nonce=world.NONCE, at=world.AT)).value
    require(whole == apart, "another verdict on the chain alone")
    require(not isinstance(whole, Attestation) or whole.chain, "an attestation of nothing")


def _validate(data: bytes) -> None:
    """Whoever sent it, and the ordered device alone; what is returned is what was read."""
    asked: dict[str, Any] = {"nonce": world.NONCE, "verifier": world.warm(), "at": world.AT}
    for device in (UNCHECKED, KnownDevice(serial_number=SERIAL)):
        kept = same_verdict(
            lambda known=device: validate_response(data, device=known, **asked).attestation,  # type: ignore[misc]
            lambda known=device: examine_response(data, device=known, **asked),  # type: ignore[misc]
        )
        if kept is not None and device is not UNCHECKED:
            require(kept.device.serial_number == SERIAL, "another device may answer")


def _check_frozen(value: object) -> None:
    if isinstance(value, Mapping):
        require(not isinstance(value, dict), "a dictionary that can be changed")
        require(all(type(key) is str for key in value), "a key that is not text")
        value = tuple(value.values())
    if isinstance(value, tuple):
        for each in value:
            _check_frozen(each)
    else:
        require(type(value) in _SCALARS, f"a value of type {type(value).__name__}")


def parse_event(data: bytes) -> None:
    """A webhook event, as octets and as text: its response is the payload's, and times are UTC."""
    found = returned(lambda: WebhookEvent.parse(data))
    if found is None:
        return
    text = data.decode("utf-8")
    again = returned(lambda: WebhookEvent.parse(text))
    require(again is not None and again.payload == found.payload, "text reads differently")
    require(repr(found).isprintable(), "cannot be shown")
    read = [each for each in (found.response, found.check_in, found.refusal) if each is not None]
    require(len(read) <= 1, "read in two ways")
    require(found.response is None or found.topic == "mdm.Connect", "another topic")
    require(found.topic != "mdm.Connect" or read, "a response that was lost")
    require(found.check_in is None or found.topic != "mdm.Connect", "another topic")
    if found.check_in is not None:
        require(all(type(each) is str for each in found.check_in.values()), "no text")
    if found.response is not None:
        document = found.response.document
        require(document == found.payload, "another payload")
        require(DeviceInformationResponse.parse(document) == found.response, "another response")
    if found.created_at is not None:
        require(found.created_at.tzinfo is UTC, "a time that is not UTC")
        require(found.created_at.microsecond == 0, "a fraction of a second")
    require(all(type(value) is str for value in found.url_params.values()), "no text")


def load_policy(data: bytes) -> None:
    """A policy document: `ValueError` or rules, which judge without raising."""
    try:
        found = without_warning(lambda: Policy.from_toml(data, inventory=frozenset({"A"})))
    except ValueError as error:
        require(len(str(error)) < 10_000, "an error that nobody reads")
        return
    require(found.rules, "a policy without a rule")
    again = Policy.from_toml(data.decode("utf-8"), inventory=frozenset({"A"}))
    require(again.rules == found.rules, "text reads differently")
    for attestation in _attestations():
        judged = partial(found.evaluate, attestation, platform=Platform.MACOS, at=world.AT)
        result = without_warning(judged)
        require(len(result.findings) == len(found.rules), "a rule without a finding")
        json.dumps(result.to_dict())


@cache
def _attestations() -> tuple[Attestation, ...]:
    models = (Properties.mac(), Properties.iphone(), Properties())
    return tuple(world.AUTHORITY.verified(properties) for properties in models)
