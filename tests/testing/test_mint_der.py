from __future__ import annotations

from datetime import UTC, datetime

import pytest
from asn1crypto import core
from asn1crypto import x509 as asn1_x509
from hypothesis import given
from hypothesis import strategies as st

from appleattest.testing import der


@given(st.integers(min_value=-(1 << 200), max_value=1 << 200))
def test_an_integer_is_what_asn1crypto_writes(number: int) -> None:
    assert der.integer(number) == core.Integer(number).dump()


@given(st.binary(max_size=300), st.binary(max_size=3))
def test_an_element_is_read_back(content: bytes, rest: bytes) -> None:
    element = der.octet_string(content)

    assert element == core.OctetString(content).dump()
    assert der.read(element + rest) == (der.OCTET_STRING, content, rest)


@pytest.mark.parametrize("size", [0x7F, 0x80, 0xFF, 0x100, 0xFFFF, 0x10000])
def test_the_length_takes_the_fewest_octets(size: int) -> None:
    assert der.octet_string(bytes(size)) == core.OctetString(bytes(size)).dump()


@given(
    st.integers(0, 2),
    st.integers(0, 39),
    st.lists(st.integers(min_value=0, max_value=1 << 70), max_size=5),
)
def test_an_oid_is_what_asn1crypto_writes(first: int, second: int, rest: list[int]) -> None:
    dotted = ".".join(map(str, (first, second, *rest)))

    assert der.oid(dotted) == core.ObjectIdentifier(dotted).dump()


@pytest.mark.parametrize(
    ("bits", "encoded"),
    [
        (0, "030100"),
        (1, "03020780"),
        (0b1111, "030204f0"),
        (0b1100000, "03020106"),
        (1 << 8, "0303070080"),
    ],
)
def test_named_bits_leave_trailing_zeros_out(bits: int, encoded: str) -> None:
    assert der.named_bits(bits).hex() == encoded


@pytest.mark.parametrize(
    ("moment", "kind"),
    [
        (datetime(1949, 12, 31, 23, 59, 59, tzinfo=UTC), "general_time"),
        (datetime(1950, 1, 1, tzinfo=UTC), "utc_time"),
        (datetime(2049, 12, 31, 23, 59, 59, tzinfo=UTC), "utc_time"),
        (datetime(2050, 1, 1, tzinfo=UTC), "general_time"),
    ],
)
def test_a_time_changes_its_type_in_2050(moment: datetime, kind: str) -> None:
    assert der.time(moment) == asn1_x509.Time(name=kind, value=moment).dump()


def test_a_year_has_four_digits() -> None:
    assert der.time(datetime(9, 1, 1, tzinfo=UTC)) == b"\x18\x0f00090101000000Z"


def test_the_small_types() -> None:
    assert der.boolean(True) == core.Boolean(True).dump()
    assert der.boolean(False) == core.Boolean(False).dump()
    assert der.null() == core.Null().dump()
    assert der.utf8_string("é") == core.UTF8String("é").dump()
    assert der.printable_string("US") == core.PrintableString("US").dump()
    assert der.long_length(5, 2) == b"\x82\x00\x05"
