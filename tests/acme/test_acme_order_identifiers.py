"""The identifiers of an order, from the client and from the caller."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import repeat
from typing import Any

import pytest
from acme_tools import assert_refused

from appleattest import IdentifierMismatch, MalformedInput, Reason
from appleattest.acme import (
    HardwareModuleName,
    PermanentIdentifier,
    ProblemContext,
    identifier_from_dict,
    parse_identifier,
    parse_identifiers,
    rejected_identifiers,
)
from appleattest.acme.order_identifiers import ordered_identifier
from hostile_input import LyingText

GOOD: dict[str, Any] = {"type": "permanent-identifier", "value": "C02"}
NEW_ORDER = ProblemContext.NEW_ORDER
ACME = "urn:ietf:params:acme:error:"


class Raising(dict[str, str]):
    def get(self, key: str, default: Any = None) -> Any:
        raise ZeroDivisionError


def test_an_identifier_of_an_order_is_read() -> None:
    assert parse_identifier(GOOD) == PermanentIdentifier("C02")
    assert parse_identifier({**GOOD, "more": 1}) == PermanentIdentifier("C02")
    assert parse_identifier({"type": "hardware-module", "value": "C02/1.2"}) == HardwareModuleName(
        "C02", "1.2"
    )


@pytest.mark.parametrize(
    "identifier",
    [
        None,
        "C02",
        [],
        {},
        {"type": "permanent-identifier"},
        {"value": "C02"},
        {**GOOD, "value": None},
        {**GOOD, "value": 1},
        {**GOOD, "value": ""},
        {**GOOD, "value": "a/b"},
        {**GOOD, "value": "\ud800"},
        {**GOOD, "type": "hardware-module"},
        {**GOOD, "type": []},
        Raising(GOOD),
    ],
)
def test_anything_else_is_malformed(identifier: Any) -> None:
    error = assert_refused(
        lambda: parse_identifier(identifier),
        Reason.MALFORMED_IDENTIFIER,
        context=NEW_ORDER,
        problem="malformed",
    )
    assert "subproblems" not in error.problem()
    refusal = assert_refused(
        lambda: parse_identifiers([GOOD, identifier]),
        Reason.MALFORMED_IDENTIFIER,
        "identifiers[1]",
        context=NEW_ORDER,
        problem="malformed",
    )
    assert [each["type"] for each in refusal.problem()["subproblems"]] == [f"{ACME}malformed"]
    assert parse_identifiers([GOOD, GOOD]) == (PermanentIdentifier("C02"),) * 2


@pytest.mark.parametrize(
    ("identifier", "says"),
    [
        ("C02", "'str' came"),
        ({**GOOD, "value": 1}, "text"),
        ({**GOOD, "type": "dns"}, "'dns'"),
        (Raising(GOOD), "ZeroDivisionError"),
    ],
)
def test_the_operator_is_told_what_came(identifier: Any, says: str) -> None:
    unsupported = "dns" in says
    assert_refused(
        lambda: parse_identifier(identifier),
        Reason.UNSUPPORTED_IDENTIFIER if unsupported else Reason.MALFORMED_IDENTIFIER,
        context=NEW_ORDER,
        problem="unsupportedIdentifier" if unsupported else "malformed",
        says=says,
    )


@pytest.mark.parametrize("kind", ["dns", "Permanent-Identifier", "permanent-identifier ", ""])
def test_another_type_is_not_supported(kind: str) -> None:
    error = assert_refused(
        lambda: parse_identifier({**GOOD, "type": kind}),
        Reason.UNSUPPORTED_IDENTIFIER,
        context=NEW_ORDER,
        problem="unsupportedIdentifier",
        says=f"type {kind!r} is not supported; supported: permanent-identifier and hardware-mod",
    )
    assert "malformed" not in error.detail


def test_each_identifier_at_fault_has_a_subproblem() -> None:
    bad = {**GOOD, "value": "SECRET/x"}
    unsupported = {"type": "dns", "value": "secret.example"}
    error = assert_refused(
        lambda: parse_identifiers([GOOD, bad, unsupported]),
        Reason.MALFORMED_IDENTIFIER,
        "identifiers[1]",
        context=NEW_ORDER,
        problem="malformed",
    )

    told = error.problem()
    assert [each["type"] for each in told["subproblems"]] == [
        f"{ACME}malformed",
        f"{ACME}unsupportedIdentifier",
    ]
    assert told["subproblems"][1]["detail"].endswith("(unsupported-identifier, identifiers[2])")
    assert "secret" not in json.dumps(told).lower()
    assert [each["identifier"] for each in error.problem(disclose=True)["subproblems"]] == [
        bad,
        unsupported,
    ]


def test_the_subproblems_are_of_the_same_request() -> None:
    bad = {**GOOD, "value": "x/y/z"}
    error = assert_refused(
        lambda: parse_identifiers([bad, bad]),
        Reason.MALFORMED_IDENTIFIER,
        "identifiers[0]",
        context=NEW_ORDER,
        problem="malformed",
    )
    assert isinstance(error, IdentifierMismatch)
    assert [each.context for each in (error, *error.others)] == [NEW_ORDER] * 2
    types = [each["type"] for each in error.problem()["subproblems"]]
    assert types == [f"{ACME}malformed"] * 2


@pytest.mark.parametrize(
    ("identifiers", "reason", "element", "says"),
    [
        (None, Reason.MALFORMED_JSON, None, "'NoneType' came"),
        ("C02", Reason.MALFORMED_JSON, None, "'str' came"),
        (GOOD, Reason.MALFORMED_JSON, None, "'dict' came"),
        ([], Reason.IDENTIFIER_MISSING, "identifiers", "without identifiers"),
        ([GOOD] * 17, Reason.TOO_LARGE, None, "more than the 16"),
    ],
)
def test_the_array_of_identifiers(
    identifiers: Any, reason: Reason, element: str | None, says: str
) -> None:
    assert_refused(
        lambda: parse_identifiers(identifiers),
        reason,
        element,
        context=NEW_ORDER,
        problem="malformed",
        says=says,
    )
    assert len(parse_identifiers([GOOD] * 16)) == 16


def test_the_caller_gives_the_ordered_identifier_in_three_forms() -> None:
    module = HardwareModuleName("C02", "1.2")

    assert ordered_identifier("C02/1.2") == PermanentIdentifier("C02", "1.2")
    assert ordered_identifier(GOOD) == PermanentIdentifier("C02")
    assert ordered_identifier(module) is module
    assert ordered_identifier(module.to_dict()) == module


@pytest.mark.parametrize(
    ("identifier", "error"),
    [
        (None, TypeError),
        (b"C02", TypeError),
        (["C02"], TypeError),
        ("", ValueError),
        ("a/b", ValueError),
        ({}, ValueError),
        ({**GOOD, "value": None}, ValueError),
        ({**GOOD, "type": "dns"}, ValueError),
    ],
)
def test_an_ordered_identifier_that_is_none_is_the_callers_mistake(
    identifier: Any, error: type[Exception]
) -> None:
    with pytest.raises(error, match=r"^identifier is "):
        ordered_identifier(identifier)


@pytest.mark.parametrize(
    "identifier",
    [
        PermanentIdentifier("C02"),
        PermanentIdentifier("C02", "1.2"),
        HardwareModuleName("C02", "1.2"),
    ],
)
def test_a_stored_identifier_is_read_back(
    identifier: PermanentIdentifier | HardwareModuleName,
) -> None:
    stored = json.loads(json.dumps(identifier.to_dict()))
    assert identifier_from_dict(stored) == identifier


@pytest.mark.parametrize(
    ("stored", "error", "says"),
    [
        (None, TypeError, "not NoneType"),
        ("C02", TypeError, "not str"),
        (PermanentIdentifier("C02"), TypeError, "not PermanentIdentifier"),
        ({}, ValueError, "a type and a value"),
        ({"type": "permanent-identifier"}, ValueError, "a type and a value"),
        ({**GOOD, "more": "1"}, ValueError, "and nothing else"),
        ({**GOOD, "type": "dns"}, ValueError, "'dns'"),
        ({**GOOD, "value": 1}, ValueError, "text"),
        ({**GOOD, "value": "a/b"}, ValueError, "dotted OID"),
    ],
)
def test_what_is_stored_is_the_servers_own(stored: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        identifier_from_dict(stored)
    assert identifier_from_dict(GOOD) == PermanentIdentifier("C02")


def test_identifiers_that_the_server_rejects() -> None:
    told = rejected_identifiers(GOOD, "SECRET", detail="not in the inventory")

    assert told == {
        "type": f"{ACME}rejectedIdentifier",
        "status": 400,
        "detail": "not in the inventory",
        "subproblems": [{"type": f"{ACME}rejectedIdentifier", "detail": "not in the inventory"}]
        * 2,
    }
    disclosed = rejected_identifiers(GOOD, "SECRET", detail="not here", disclose=True)
    assert [each["identifier"]["value"] for each in disclosed["subproblems"]] == ["C02", "SECRET"]


@pytest.mark.parametrize(
    ("identifiers", "detail", "error"),
    [
        ((), "why", ValueError),
        ((GOOD,), "", ValueError),
        ((GOOD,), None, TypeError),
        ((None,), "why", TypeError),
        (("",), "why", ValueError),
    ],
)
def test_a_rejection_says_what_and_why(
    identifiers: tuple[Any, ...], detail: Any, error: type[Exception]
) -> None:
    with pytest.raises(error):
        rejected_identifiers(*identifiers, detail=detail)


def test_of_a_subclass_of_text_only_the_characters_count() -> None:
    identifier = parse_identifier({**GOOD, "value": LyingText("C03")})
    assert identifier == PermanentIdentifier("C03") == PermanentIdentifier.parse(LyingText("C03"))
    assert identifier != PermanentIdentifier("C02")
    assert type(identifier.value) is str


class Failing(list[object]):
    """An array that cannot be read."""

    def __iter__(self) -> Iterator[object]:
        raise RuntimeError("disk full")


class Longer(list[object]):
    """An array that says it is short."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[object]:
        return repeat(GOOD, 17)


@pytest.mark.parametrize(
    ("array", "reason", "says"),
    [
        (Failing([GOOD]), Reason.MALFORMED_JSON, "RuntimeError: 'disk full'"),
        (Longer([GOOD]), Reason.TOO_LARGE, "more than the 16"),
    ],
    ids=["failing", "longer"],
)
def test_an_array_of_the_clients_own(array: list[Any], reason: Reason, says: str) -> None:
    assert_refused(
        lambda: parse_identifiers(array), reason, context=NEW_ORDER, problem="malformed", says=says
    )
    assert parse_identifiers([GOOD]) == (PermanentIdentifier("C02"),)


def test_what_raises_when_it_is_asked_what_it_is() -> None:
    class Unasked:
        @property  # type: ignore[misc]
        def __class__(self) -> Any:
            raise RuntimeError("disk full")

    assert_refused(
        lambda: parse_identifiers(Unasked()),  # type: ignore[arg-type]
        Reason.MALFORMED_JSON,
        context=NEW_ORDER,
        problem="malformed",
        says="RuntimeError: 'disk full'",
    )


def test_of_a_longer_array_no_more_is_asked_for_than_tells_it() -> None:
    identifiers = iter([GOOD] * 100)

    class Array(list[Any]):
        def __iter__(self) -> Iterator[object]:
            return identifiers

    with pytest.raises(MalformedInput, match="too-large"):
        parse_identifiers(Array())
    assert len(list(identifiers)) == 100 - 17
