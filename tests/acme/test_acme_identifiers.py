"""The grammar of identifiers, and their otherNames, both ways."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from acme_tools import assert_refused
from cryptography import x509
from hypothesis import given
from hypothesis import strategies as st

from appleattest import Reason
from appleattest.acme import HardwareModuleName, PermanentIdentifier
from appleattest.acme.identifiers import identifier_of
from appleattest.acme.othernames import LONGEST_NAME
from appleattest.testing import der

KINDS = (PermanentIdentifier, HardwareModuleName)

arcs = st.integers(min_value=0, max_value=2**64)
oids = st.one_of(
    st.tuples(st.integers(0, 1), st.integers(0, 39)), st.tuples(st.just(2), arcs)
).flatmap(
    lambda start: st.lists(arcs, max_size=4).map(lambda more: ".".join(map(str, (*start, *more))))
)
values = st.text(
    st.characters(exclude_characters="/", exclude_categories=["Cs"]), min_size=1, max_size=256
)
identifiers = st.one_of(
    st.builds(PermanentIdentifier, values, st.none() | oids),
    st.builds(HardwareModuleName, values, oids),
)


def refused(call: Any, says: str = "") -> None:
    assert_refused(call, Reason.MALFORMED_IDENTIFIER, context=None, problem="malformed", says=says)


# --- text ---------------------------------------------------------------------------------------


@given(identifiers)
def test_text_and_other_name_give_the_identifier_back(
    identifier: PermanentIdentifier | HardwareModuleName,
) -> None:
    assert type(identifier).parse(str(identifier)) == identifier
    assert type(identifier).from_other_name(identifier.other_name()) == identifier
    assert identifier_of(identifier.other_name()) == identifier
    assert identifier.to_dict() == {"type": identifier.type, "value": str(identifier)}


@given(st.text() | st.binary() | st.none() | st.integers())
def test_whatever_is_parsed_is_an_identifier_or_refused(text: Any) -> None:
    for kind in KINDS:
        try:
            assert str(kind.parse(text)) == text
        except Exception as error:  # noqa: BLE001 - the type is what is tested
            assert getattr(error, "reason", None) is Reason.MALFORMED_IDENTIFIER  # noqa: PT017


def test_the_parts_of_an_identifier() -> None:
    plain, assigned = (PermanentIdentifier.parse(text) for text in ("C02", "C02/1.2.3"))
    module = HardwareModuleName.parse("C02/1.2.3")

    assert (plain.value, plain.assigner, plain.type) == ("C02", None, "permanent-identifier")
    assert (assigned.value, assigned.assigner) == ("C02", "1.2.3")
    assert (module.value, module.hw_type, module.type) == ("C02", "1.2.3", "hardware-module")


@pytest.mark.parametrize(
    ("broken", "mended"),
    [
        ("", "a"),
        ("/1.2.3", "a/1.2.3"),
        ("a/", "a/1.2"),
        ("a/1", "a/1.2"),
        ("a/1.2/3.4", "a/1.2"),
        ("a/3.1", "a/2.1"),
        ("a/0.40", "a/0.39"),
        ("a/1.40", "a/1.39"),
        ("a/1.039", "a/1.39"),
        ("a/01.2", "a/1.2"),
        ("a/2.01", "a/2.1"),
        ("a/1.2.00", "a/1.2.0"),
        ("a/1.2.", "a/1.2"),
        ("a/1..2", "a/1.2"),
        ("a/.1.2", "a/1.2"),
        ("a/1.2\n", "a/1.2"),
        ("a/ 1.2", "a/1.2"),
        ("a/1.+2", "a/1.2"),
        ("a/1.-2", "a/1.2"),
        ("a/1.1_0", "a/1.10"),
        ("a/\u0661.\u0662.\u0663", "a/1.2.3"),
        ("a/1.2.³", "a/1.2.3"),
        ("\ud800/1.2", "\ud7ff/1.2"),
        ("a\udfff/1.2", "a\ue000/1.2"),
        # 1024 octets of UTF-8, however many characters, and one more
        ("x" * 1025, "x" * 1024),
        ("x" * 1025 + "/1.2", "x" * 1024 + "/1.2"),
        ("\u00e9" * 512 + "x/1.2", "\u00e9" * 512 + "/1.2"),
        # 63 octets after the first, and 64
        ("a/1.2" + ".1" * 64, "a/1.2" + ".1" * 63),
        (f"a/2.{2 ** (64 * 7) - 80}", f"a/2.{2 ** (64 * 7) - 81}"),
        ("a/1.2" + ".128" * 32, "a/1.2" + ".128" * 31),
        ("a/1.2." + "9" * 300, "a/1.2." + "9" * 30),
        # as many characters as 64 octets can have, and one more
        ("a/2.47" + ".127" * 62 + ".0127", "a/2.47" + ".127" * 63),
    ],
)
def test_the_grammar_of_both_types(broken: str, mended: str) -> None:
    refused(lambda: PermanentIdentifier.parse(broken))
    refused(lambda: HardwareModuleName.parse(broken))
    assert str(PermanentIdentifier.parse(mended)) == mended
    if "/" in mended:
        assert str(HardwareModuleName.parse(mended)) == mended


def test_a_hardware_module_has_a_type() -> None:
    refused(lambda: HardwareModuleName.parse("C02"))
    assert PermanentIdentifier.parse("C02").assigner is None


@pytest.mark.parametrize("first", ["C02 ", "c02", "\uff2302", "C02\u200b", "C02\x00", "C02/1.2"])
def test_equality_is_octet_for_octet(first: str) -> None:
    assert PermanentIdentifier.parse(first) != PermanentIdentifier.parse("C02")
    assert PermanentIdentifier("é") != PermanentIdentifier("e\u0301")


def test_the_two_types_are_never_equal() -> None:
    permanent, module = PermanentIdentifier("C02", "1.2.3"), HardwareModuleName("C02", "1.2.3")
    different: list[object] = [permanent, module]

    assert str(permanent) == str(module)
    assert len(set(different)) == 2
    assert permanent.other_name() != module.other_name()


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        (("",), ValueError),
        (("a/b",), ValueError),
        (("\ud800",), ValueError),
        (("x" * 1025,), ValueError),
        ((None,), TypeError),
        ((b"a",), TypeError),
        (("a", ""), ValueError),
        (("a", "1"), ValueError),
        (("a", 1.2), TypeError),
    ],
)
@pytest.mark.parametrize("kind", KINDS)
def test_the_constructors_are_the_callers(
    kind: Any, arguments: tuple[Any, ...], error: type[Exception]
) -> None:
    if len(arguments) == 1 and kind is HardwareModuleName:
        arguments = (*arguments, "1.2.3")
    with pytest.raises(error):
        kind(*arguments)
    assert kind("a", "1.2")


def test_the_caller_is_told_which_argument_is_wrong() -> None:
    with pytest.raises(ValueError, match="assigner"):
        PermanentIdentifier("a", "1")
    with pytest.raises(ValueError, match="hardware type"):
        HardwareModuleName("a", "1")


def test_the_operator_is_told_what_is_wrong() -> None:
    refused(lambda: PermanentIdentifier.parse(7), "'int' came")  # type: ignore[arg-type]
    refused(lambda: PermanentIdentifier.parse("a/1"), "an assigner is a dotted OID")
    refused(lambda: HardwareModuleName.parse("a/1"), "a hardware type is a dotted OID")
    for kind in KINDS:
        refused(lambda k=kind: k.from_other_name(7), "'int' came")
        refused(lambda k=kind: k.from_other_name(other_name(k, b"")), "ValueError")


def test_a_hardware_type_is_never_left_out() -> None:
    nothing: Any = None
    with pytest.raises(TypeError):
        HardwareModuleName("a", nothing)


def test_identifiers_do_not_change() -> None:
    identifier: Any = PermanentIdentifier("a")
    with pytest.raises(AttributeError):
        identifier.value = "b"
    assert len({identifier, PermanentIdentifier("a")}) == 1


# --- otherNames ---------------------------------------------------------------------------------


def other_name(kind: Any, value: bytes) -> x509.OtherName:
    return x509.OtherName(kind.oid, value)


def test_the_encodings_are_those_of_the_rfcs() -> None:
    value, oid = der.utf8_string("C02"), der.oid("1.2.3")

    assert PermanentIdentifier("C02").other_name().value == der.sequence(value)
    assert PermanentIdentifier("C02", "1.2.3").other_name().value == der.sequence(value, oid)
    assert HardwareModuleName("C02", "1.2.3").other_name().value == der.sequence(
        oid, der.octet_string(b"C02")
    )
    assert PermanentIdentifier.oid.dotted_string == "1.3.6.1.5.5.7.8.3"
    assert HardwareModuleName.oid.dotted_string == "1.3.6.1.5.5.7.8.4"


GOOD_VALUE, GOOD_OID = der.utf8_string("C02"), der.oid("1.2.3")
GOOD_SERIAL = der.octet_string(b"C02")
SIXTY_FOUR = der.tlv(0x06, b"\x2a" + b"\x01" * 63)
SIXTY_FIVE = der.tlv(0x06, b"\x2a" + b"\x01" * 64)
BAD_OIDS = {
    "non-minimal": der.tlv(0x06, b"\x2a\x80\x03"),
    "truncated": der.tlv(0x06, b"\x2a\x83"),
    "empty": der.tlv(0x06, b""),
    "too-long": SIXTY_FIVE,
    "one-arc-of-64-octets": der.tlv(0x06, b"\x2a" + b"\xff" * 63 + b"\x7f"),
    "relative": der.tlv(0x0D, b"\x2a\x03"),
}


@pytest.mark.parametrize("oid", BAD_OIDS.values(), ids=BAD_OIDS)
def test_an_odd_oid_is_refused(oid: bytes) -> None:
    permanent, module = der.sequence(GOOD_VALUE, oid), der.sequence(oid, GOOD_SERIAL)

    refused(lambda: PermanentIdentifier.from_other_name(other_name(PermanentIdentifier, permanent)))
    refused(lambda: HardwareModuleName.from_other_name(other_name(HardwareModuleName, module)))


def test_an_oid_of_64_octets_is_read() -> None:
    permanent = other_name(PermanentIdentifier, der.sequence(GOOD_VALUE, SIXTY_FOUR))
    module = other_name(HardwareModuleName, der.sequence(SIXTY_FOUR, GOOD_SERIAL))

    assert PermanentIdentifier.from_other_name(permanent).other_name() == permanent
    assert HardwareModuleName.from_other_name(module).other_name() == module


BAD_PERMANENT = {
    "nothing": b"",
    "empty": der.sequence(),
    "no-value": der.sequence(GOOD_OID),
    "empty-value": der.sequence(der.utf8_string("")),
    "slash": der.sequence(der.utf8_string("C02/1.2.3")),
    "slash-and-assigner": der.sequence(der.utf8_string("a/b"), GOOD_OID),
    "printable": der.sequence(der.printable_string("C02")),
    "printable-and-assigner": der.sequence(der.printable_string("C02"), GOOD_OID),
    "not-utf-8": der.sequence(der.tlv(0x0C, b"\xff")),
    "surrogate": der.sequence(der.tlv(0x0C, b"\xed\xa0\x80")),
    "overlong": der.sequence(der.tlv(0x0C, b"\xc1\x81")),
    "third-field": der.sequence(GOOD_VALUE, GOOD_OID, GOOD_VALUE),
    "value-twice": der.sequence(GOOD_VALUE, GOOD_VALUE),
    "order": der.sequence(GOOD_OID, GOOD_VALUE),
    "trailing": der.sequence(GOOD_VALUE) + b"\x05\x00",
    "long-length": b"\x30\x81\x05" + GOOD_VALUE,
    "inner-long-length": der.sequence(b"\x0c\x81\x03C02"),
    "indefinite": b"\x30\x80" + GOOD_VALUE + b"\x00\x00",
    "constructed-string": der.sequence(der.tlv(0x2C, GOOD_VALUE)),
    "a-set": der.tlv(0x31, GOOD_VALUE),
    "too-large": der.sequence(der.utf8_string("x" * 4096)),
}


@pytest.mark.parametrize("value", BAD_PERMANENT.values(), ids=BAD_PERMANENT)
def test_a_permanent_identifier_is_exact(value: bytes) -> None:
    refused(lambda: PermanentIdentifier.from_other_name(other_name(PermanentIdentifier, value)))
    mended = other_name(PermanentIdentifier, der.sequence(GOOD_VALUE, GOOD_OID))
    assert str(PermanentIdentifier.from_other_name(mended)) == "C02/1.2.3"


@pytest.mark.parametrize("kind", KINDS)
def test_the_longest_identifier_is_read_from_its_name(kind: Any) -> None:
    longest = kind("x" * 1024, "1.2" + ".1" * 63)
    name = longest.other_name()

    assert len(name.value) == LONGEST_NAME
    assert kind.from_other_name(name) == kind.parse(str(longest)) == longest
    longer = other_name(kind, name.value + b"\x00")
    refused(lambda: kind.from_other_name(longer), f"{LONGEST_NAME + 1} octets")


@pytest.mark.parametrize(
    ("kind", "encoded"),
    [
        (PermanentIdentifier, lambda value: der.sequence(der.utf8_string(value))),
        (
            HardwareModuleName,
            lambda value: der.sequence(GOOD_OID, der.octet_string(value.encode())),
        ),
    ],
)
def test_a_value_in_a_name_is_bounded(kind: Any, encoded: Callable[[str], bytes]) -> None:
    refused(lambda: kind.from_other_name(other_name(kind, encoded("x" * 1025))), "1024 octets")
    assert kind.from_other_name(other_name(kind, encoded("x" * 1024))).value == "x" * 1024


BAD_MODULES = {
    "empty": der.sequence(),
    "no-serial": der.sequence(GOOD_OID),
    "no-type": der.sequence(GOOD_SERIAL),
    "empty-serial": der.sequence(GOOD_OID, der.octet_string(b"")),
    "slash": der.sequence(GOOD_OID, der.octet_string(b"C02/1.2.3")),
    "not-utf-8": der.sequence(GOOD_OID, der.octet_string(b"\xff")),
    "surrogate": der.sequence(GOOD_OID, der.octet_string(b"\xed\xa0\x80")),
    "text": der.sequence(GOOD_OID, GOOD_VALUE),
    "third-field": der.sequence(GOOD_OID, GOOD_SERIAL, GOOD_SERIAL),
    "indefinite": b"\x30\x80" + GOOD_OID + GOOD_SERIAL + b"\x00\x00",
    "constructed": der.sequence(GOOD_OID, der.tlv(0x24, GOOD_SERIAL)),
}


@pytest.mark.parametrize("value", BAD_MODULES.values(), ids=BAD_MODULES)
def test_a_hardware_module_name_is_exact(value: bytes) -> None:
    refused(lambda: HardwareModuleName.from_other_name(other_name(HardwareModuleName, value)))
    mended = other_name(HardwareModuleName, der.sequence(GOOD_OID, GOOD_SERIAL))
    assert str(HardwareModuleName.from_other_name(mended)) == "C02/1.2.3"


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("name", [None, b"", x509.DNSName("a.example"), x509.OtherName])
def test_what_is_no_such_name_is_refused(kind: Any, name: Any) -> None:
    refused(lambda: kind.from_other_name(name))
    other = KINDS[1 - KINDS.index(kind)]
    refused(lambda: kind.from_other_name(other("a", "1.2").other_name()))


def test_other_names_that_are_no_identifiers() -> None:
    principal = x509.OtherName(x509.ObjectIdentifier("1.3.6.1.4.1.311.20.2.3"), b"\x0c\x01a")

    assert identifier_of(principal) is None
    assert identifier_of(x509.DNSName("a.example")) is None


@given(st.binary(max_size=40))
def test_whatever_octets_are_read_have_one_meaning(value: bytes) -> None:
    for kind in KINDS:
        try:
            identifier = kind.from_other_name(other_name(kind, value))
        except Exception as error:  # noqa: BLE001 - the type is what is tested
            assert getattr(error, "reason", None) is Reason.MALFORMED_IDENTIFIER  # noqa: PT017
        else:
            assert identifier.other_name().value == value


def test_the_builders_of_cryptography_take_them() -> None:
    names = [PermanentIdentifier("C02").other_name(), HardwareModuleName("a", "1.2").other_name()]
    extension = x509.SubjectAlternativeName(names)

    assert [identifier_of(name) for name in extension] == [
        PermanentIdentifier("C02"),
        HardwareModuleName("a", "1.2"),
    ]


class Changing(x509.OtherName):
    """A name that is another one whenever it is looked at."""

    @property
    def type_id(self) -> x509.ObjectIdentifier:
        raise RuntimeError


def test_a_name_of_the_clients_own_type_is_no_other_name() -> None:
    value = PermanentIdentifier("C02").other_name().value
    name = Changing(PermanentIdentifier.oid, value)
    refused(lambda: PermanentIdentifier.from_other_name(name))
    honest = other_name(PermanentIdentifier, value)
    assert PermanentIdentifier.from_other_name(honest) == PermanentIdentifier("C02")
