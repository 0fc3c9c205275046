"""Each property by its documented type; blank is absent; anything else is never guessed at."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from asn1crypto.core import Integer
from hypothesis import assume, example, given
from hypothesis import strategies as st
from pyasn1.codec.der.decoder import decode as pyasn1_decode

from appleattest import (
    UNCHECKED,
    MalformedInput,
    Reason,
    SecureBoot,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    Verifier,
    oids,
)
from appleattest.properties import PROPERTIES, decode_properties
from appleattest.testing import AttestationAuthority, Properties, der, deviations

WORDS = {
    "serial_number": "1.2.840.113635.100.8.9.1",
    "udid": "1.2.840.113635.100.8.9.2",
    "software_update_device_id": "1.2.840.113635.100.8.9.4",
}
VERSIONS = {
    "os_version": "1.2.840.113635.100.8.10.1",
    "sepos_version": "1.2.840.113635.100.8.10.2",
    "llb_version": "1.2.840.113635.100.8.10.3",
}
SIP = "1.2.840.113635.100.8.13.1"
SECURE_BOOT = "1.2.840.113635.100.8.13.2"
KEXTS = "1.2.840.113635.100.8.13.3"
INTEGERS = {"sip": SIP, "third_party_kexts": KEXTS}
TEXTS = {**WORDS, **VERSIONS, "secure_boot": SECURE_BOOT}
OIDS = {**WORDS, **VERSIONS, "sip": SIP, "secure_boot": SECURE_BOOT, "third_party_kexts": KEXTS}
ABSENT = dict.fromkeys(OIDS)

word_fields = pytest.mark.parametrize(("name", "oid"), WORDS.items())
text_fields = pytest.mark.parametrize(("name", "oid"), TEXTS.items())
version_fields = pytest.mark.parametrize(("name", "oid"), VERSIONS.items())
integer_fields = pytest.mark.parametrize(("name", "oid"), INTEGERS.items())
all_fields = pytest.mark.parametrize(("name", "oid"), OIDS.items())


def decoded(name: str, oid: str, value: bytes) -> Any:
    """The one property; every other one must be absent."""
    values, problems = decode_properties({oid: value})
    assert problems == {}
    found = values.pop(name)
    assert values == {other: None for other in OIDS if other != name}
    return found


def refused(oid: str, value: bytes) -> str:
    """The operator's detail of a value that is malformed, which reads as None."""
    values, problems = decode_properties({oid: value})
    assert values == ABSENT
    assert list(problems) == [oid]
    error = problems[oid]
    assert isinstance(error, MalformedInput)
    assert error.reason is Reason.MALFORMED_PROPERTY
    assert error.element == oid
    assert error.__context__ is None
    return error.detail


def is_text(text: str) -> bool:
    return text.isascii() and text.isprintable() and text == text.strip() and len(text) <= 256


texts = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=256)


def test_the_table_is_the_documented_one() -> None:
    assert {row.name: row.oid for row in PROPERTIES} == OIDS
    assert [row.name for row in PROPERTIES if row.identifies] == ["serial_number", "udid"]


def test_nothing_is_said_of_what_is_absent() -> None:
    assert decode_properties({}) == (ABSENT, {})


def test_oids_without_a_documented_meaning_are_left_alone() -> None:
    undocumented = {
        "1.2.840.113635.100.8.9.3": b"\xff\x00",
        "1.2.840.113635.100.8.13.4": b"\xff",
        oids.FRESHNESS_CODE: b"\xff",
    }

    assert decode_properties(undocumented) == (ABSENT, {})


# Text


@text_fields
@given(text=texts)
def test_bare_text_comes_back_as_it_was_written(name: str, oid: str, text: str) -> None:
    value = decoded(name, oid, text.encode())

    assert value == (SecureBoot.UNRECOGNIZED if oid == SECURE_BOOT else text)


@version_fields
@given(words=st.lists(texts, min_size=2, max_size=3))
def test_a_version_may_hold_spaces_inside(name: str, oid: str, words: list[str]) -> None:
    text = " ".join(words)
    assume(is_text(text))

    assert decoded(name, oid, text.encode()) == text


@word_fields
def test_an_identifier_holds_no_space(name: str, oid: str) -> None:
    assert refused(oid, b"AB CD").startswith(
        "printable ASCII of at most 256 bytes, no spaces was expected; 5 bytes came: "
    )
    assert decoded(name, oid, b"ABCD") == "ABCD"


@all_fields
@pytest.mark.parametrize("blank", [b"", b" ", b"   ", b" " * 300], ids=len)
def test_blank_is_absent(name: str, oid: str, blank: bytes) -> None:
    if oid in INTEGERS.values() and blank:
        assert refused(oid, blank)
    else:
        assert decoded(name, oid, blank) is None


@text_fields
@pytest.mark.parametrize(
    "text",
    [
        *(" A", "A ", "\tA", "A\n", "\n", "\t", "\x00", "A\x00", "\x7f", "A\x85B"),
        *("A\u200bB", "A\u202eB", "A\u2028B", "A\u2029B", "A\u00a0B", "A\u3000B", "A\ufeffB"),
        *("A\u00adB", "\ue000", "\U000e0001", "\u0378", "\u00a0", "A\u2066B", "é", "A\uff11"),
    ],
    ids=ascii,
)
def test_text_of_other_than_printable_ascii_is_malformed(name: str, oid: str, text: str) -> None:
    detail = refused(oid, text.encode())

    assert detail.startswith("printable ASCII of at most 256 bytes")
    assert decoded(name, oid, b"A") == (SecureBoot.UNRECOGNIZED if oid == SECURE_BOOT else "A")


@text_fields
@pytest.mark.parametrize(
    "value",
    [b"\xff", b"A\xc3", b"\xc0\x80", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"A\x80"],
    ids=bytes.hex,
)
def test_text_that_is_no_utf8_is_malformed(name: str, oid: str, value: bytes) -> None:
    assert refused(oid, value).endswith(f"was expected; {len(value)} bytes came: '{value.hex()}'")
    assert decoded(name, oid, b"A") is not None


@text_fields
def test_text_is_bounded_in_octets(name: str, oid: str) -> None:
    assert decoded(name, oid, b"A" * 256) is not None
    assert decoded(name, oid, b"A") is not None
    detail = refused(oid, b"A" * 257)
    assert "at most 256 bytes" in detail
    assert " was expected; 257 bytes" in detail


def test_the_detail_of_a_long_value_is_bounded() -> None:
    assert len(refused(oids.UDID, b"\xff" * 4000)) < 200


@given(value=st.binary(max_size=300))
@example(value="\u202e".encode())
def test_a_text_is_absent_printable_or_refused(value: bytes) -> None:
    values, problems = decode_properties({oids.OS_VERSION: value})
    text = values["os_version"]
    if problems:
        assert text is None
        assert value.strip(b" ")
        return
    assert text is None or (is_text(text) and text.encode() == value)
    assert (text is None) == (not value.strip(b" "))


@text_fields
def test_text_wrapped_in_asn1_is_malformed_and_never_unwrapped(name: str, oid: str) -> None:
    assert refused(oid, der.utf8_string("ABCD"))
    assert decoded(name, oid, b"ABCD") is not None


# Secure boot


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("Full Security", SecureBoot.FULL),
        ("Reduced Security", SecureBoot.REDUCED),
        ("Permissive Security", SecureBoot.PERMISSIVE),
        *((text, SecureBoot.UNRECOGNIZED) for text in ("full security", "Full  Security", "Full")),
        *((text, SecureBoot.UNRECOGNIZED) for text in ("FULL SECURITY", "Medium Security", "0")),
    ],
)
def test_only_the_three_documented_texts_are_levels(text: str, level: SecureBoot) -> None:
    assert decoded("secure_boot", SECURE_BOOT, text.encode()) is level


@given(texts)
def test_no_other_text_is_a_level(text: str) -> None:
    assert decoded("secure_boot", SECURE_BOOT, text.encode()) is SecureBoot.UNRECOGNIZED


# Integers

small = st.integers(-(2**111), 2**111 - 1)


@given(small)
@example(0)
@example(1)
@example(-1)
@example(256)
def test_sip_is_enabled_at_0_disabled_at_1_and_else_unrecognized(number: int) -> None:
    expected = {0: SystemIntegrityProtection.ENABLED, 1: SystemIntegrityProtection.DISABLED}

    assert decoded("sip", SIP, der.integer(number)) is expected.get(
        number, SystemIntegrityProtection.UNRECOGNIZED
    )


@given(small)
@example(0)
@example(1)
@example(-1)
@example(256)
def test_kexts_are_allowed_at_any_value_but_0(number: int) -> None:
    expected = ThirdPartyKexts.SOME_ALLOWED if number else ThirdPartyKexts.NONE_ALLOWED

    assert decoded("third_party_kexts", KEXTS, der.integer(number)) is expected


@integer_fields
def test_an_integer_is_bounded(name: str, oid: str) -> None:
    longest = der.integer(2**111 - 1)
    longer = der.integer(2**111)

    assert (len(longest), len(longer)) == (16, 17)
    assert decoded(name, oid, longest) is not None
    assert refused(oid, longer).startswith(
        "a DER INTEGER of at most 16 bytes was expected; 17 bytes came: '020f"
    )


@integer_fields
@pytest.mark.parametrize("value", [b"\x02\x00", b"\x02\x02\x00\x00", b"\x02\x81\x01\x00"], ids=repr)
def test_an_integer_has_one_encoding_though_decoders_read_more_as_the_good_value(
    name: str, oid: str, value: bytes
) -> None:
    # This is why: both decoders, asked for DER, call each of these 0, which is the good value.
    assert Integer.load(value, strict=True).native == 0
    assert pyasn1_decode(value)[0] == 0

    assert refused(oid, value) == (
        f"a DER INTEGER in its one encoding was expected; {len(value)} bytes came: '{value.hex()}'"
    )
    assert decoded(name, oid, b"\x02\x01\x00") in (
        SystemIntegrityProtection.ENABLED,
        ThirdPartyKexts.NONE_ALLOWED,
    )


@integer_fields
@given(number=st.integers(-(2**63), 2**63), octets=st.integers(1, 4))
def test_no_padded_integer_is_read(name: str, oid: str, number: int, octets: int) -> None:
    content = der.integer(number)[2:]
    padding = (b"\xff" if number < 0 else b"\x00") * octets

    refused(oid, der.tlv(der.INTEGER, padding + content))
    refused(oid, bytes([der.INTEGER]) + der.long_length(len(content), octets) + content)


@integer_fields
@pytest.mark.parametrize(
    "value",
    [
        der.boolean(False),
        der.boolean(True),
        b"\x0a\x01\x00",  # ENUMERATED
        b"\x22\x03\x02\x01\x00",  # constructed
        b"\x82\x01\x00",  # a context tag
        b"\x02\x01\x00\x00",
        b"\x02\x01",
        b"\x02\x02\x00",
        b"\x02",
        b"\x00",
        b"0",
        b"1",
        b"\x02\x80\x00\x00",
        b"\x04\x03\x02\x01\x00",
        b"\x1f",
        b"\x02\x84\x00\x00",
    ],
    ids=bytes.hex,
)
def test_what_is_no_integer_is_malformed(name: str, oid: str, value: bytes) -> None:
    # A BOOLEAN above all: verifiers have read it where Apple sends an INTEGER.
    detail = refused(oid, value)

    assert detail.startswith("a DER INTEGER")
    assert detail.endswith(f"was expected; {len(value)} bytes came: '{value.hex()}'")
    assert decoded(name, oid, b"\x02\x01\x01") is not None


@integer_fields
@given(value=st.binary(max_size=20))
def test_whatever_is_read_as_an_integer_is_what_der_writes(
    name: str, oid: str, value: bytes
) -> None:
    values, problems = decode_properties({oid: value})
    if problems:
        assert values == ABSENT
        return
    found = values[name]
    if found is None:
        assert value == b""
    else:
        assert value == der.integer(int.from_bytes(value[2:], "big", signed=True))


# What a status is


@pytest.mark.parametrize(
    "status", [*SystemIntegrityProtection, *SecureBoot, *ThirdPartyKexts], ids=str
)
def test_a_status_has_no_truth_value(status: object) -> None:
    expected = f"{type(status).__name__} is neither true nor false: compare it with a member"
    with pytest.raises(TypeError, match=expected):
        bool(status)


def test_the_statuses_are_the_published_ones() -> None:
    assert {each.name: each.value for each in SystemIntegrityProtection} == {
        "ENABLED": "enabled",
        "DISABLED": "disabled",
        "UNRECOGNIZED": "unrecognized",
    }
    assert {each.name: each.value for each in SecureBoot} == {
        "FULL": "full",
        "REDUCED": "reduced",
        "PERMISSIVE": "permissive",
        "UNRECOGNIZED": "unrecognized",
    }
    assert {each.name: each.value for each in ThirdPartyKexts} == {
        "NONE_ALLOWED": "none-allowed",
        "SOME_ALLOWED": "some-allowed",
    }


def test_a_status_equals_no_text_and_no_number() -> None:
    others: list[object] = ["enabled", 0, False]

    assert SystemIntegrityProtection.ENABLED not in others


# Several at once


def test_malformed_properties_are_named_in_the_order_of_the_table() -> None:
    raw = {KEXTS: b"\x01", SIP: b"\x02", oids.UDID: b"\xff", oids.SERIAL_NUMBER: b"A"}

    values, problems = decode_properties(raw)

    assert list(problems) == [oids.UDID, SIP, KEXTS]
    assert values == {**ABSENT, "serial_number": "A"}


MINTED: dict[str, Callable[[], Properties]] = {
    "mac": Properties.mac,
    "iphone": Properties.iphone,
    "iphone_16": Properties.iphone_16,
    "user-enrolled": lambda: Properties.mac().user_enrolled(),
    "none": Properties,
}


@pytest.mark.parametrize("make", MINTED.values(), ids=MINTED)
def test_what_is_minted_is_read_back_through_a_whole_verification(
    make: Callable[[], Properties], authority: AttestationAuthority
) -> None:
    properties = make()

    device = authority.verified(properties).device

    for name in TEXTS:
        if name != "secure_boot":
            assert getattr(device, name) == getattr(properties, name)
    assert device.secure_boot is (SecureBoot.FULL if properties.secure_boot else None)
    mac = properties.sip is not None
    assert device.sip is (SystemIntegrityProtection.ENABLED if mac else None)
    assert device.third_party_kexts is (ThirdPartyKexts.NONE_ALLOWED if mac else None)
    assert device.identifies_device is (properties.serial_number is not None)
    minted = {**properties.extension_values(), oids.FRESHNESS_CODE: authority.freshness_code}
    assert device.raw == minted


def test_a_verification_refuses_wrapped_text(
    authority: AttestationAuthority, verifier: Verifier
) -> None:
    wrapped = authority.attest(deviations=[deviations.Utf8StringText()])

    with pytest.raises(MalformedInput) as caught:
        verifier.verify_chain(wrapped, freshness=UNCHECKED, at=authority.issued_at)

    assert caught.value.reason is Reason.MALFORMED_PROPERTY
    assert caught.value.element == oids.SERIAL_NUMBER
    mended = verifier.verify_chain(authority.attest(), freshness=UNCHECKED, at=authority.issued_at)
    assert mended.device.serial_number == "TESTSERIAL01"
