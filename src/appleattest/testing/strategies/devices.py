"""What a leaf may say of a device, and malformed values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from hypothesis import strategies as st

from appleattest import oids
from appleattest.testing.properties import NUMBER_PROPERTIES, TEXT_PROPERTIES, Properties

_WITHOUT_SPACES: Final = ("serial_number", "udid", "software_update_device_id")
_GENERATIONS: Final = (Properties.iphone_16(), Properties.iphone(), Properties.mac())

_TEXT_OIDS: Final = tuple(TEXT_PROPERTIES.values())
_INTEGER_OIDS: Final = tuple(NUMBER_PROPERTIES.values())

_UNDOCUMENTED: Final = tuple(
    f"{oids.APPLE_ATTESTATION_ARC}{end}" for end in ("9.3", "13.4", "10.9", "99.1")
)

# Printable ASCII, without the space.
_VISIBLE: Final = st.characters(min_codepoint=0x21, max_codepoint=0x7E)
_ORDINARY: Final = st.text("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ-.", min_size=1, max_size=26)
_WORDS: Final = st.one_of(_ORDINARY, st.text(_VISIBLE, min_size=1, max_size=24))
_TEXTS: Final = st.one_of(_WORDS, st.lists(_WORDS, min_size=2, max_size=2).map(" ".join))
_VERSION_TEXTS: Final = st.one_of(
    st.lists(st.integers(0, 99), min_size=2, max_size=4).map(lambda n: ".".join(map(str, n))),
    _TEXTS,
)
_NUMBERS: Final = st.one_of(st.integers(0, 1), st.integers(-(2**103), 2**103 - 1))
_SECURE_BOOT: Final = st.one_of(
    st.sampled_from(["Full Security", "Reduced Security", "Permissive Security"]), _TEXTS
)
_VALUES: Final[Mapping[str, st.SearchStrategy[str] | st.SearchStrategy[int]]] = {
    **dict.fromkeys(TEXT_PROPERTIES, _VERSION_TEXTS),
    **dict.fromkeys(NUMBER_PROPERTIES, _NUMBERS),
    **dict.fromkeys(_WITHOUT_SPACES, _WORDS),
    "secure_boot": _SECURE_BOOT,
}
_BLANKS: Final[Mapping[str, st.SearchStrategy[bytes]]] = {
    **dict.fromkeys(_TEXT_OIDS, st.integers(0, 3).map(lambda count: b" " * count)),
    **dict.fromkeys(_INTEGER_OIDS, st.just(b"")),
}


@st.composite
def devices(draw: st.DrawFn) -> Properties:
    """Any device that Apple could attest, as `Properties`.

    An iPhone with iOS 16 or 17.2, or a Mac with macOS 14.2, some under user enrolment, with any
    identifiers, versions and statuses. Some properties are absent, some blank, some not documented.
    Every value is well formed.
    """
    properties = draw(st.sampled_from(_GENERATIONS))
    fields = [name for name in _VALUES if getattr(properties, name) is not None]
    values: dict[str, Any] = {name: draw(_VALUES[name]) for name in fields}
    omitted = draw(st.lists(st.sampled_from(fields), max_size=2))
    blank = draw(st.lists(st.sampled_from(list(_BLANKS)), unique=True, max_size=2))
    unknown = st.dictionaries(st.sampled_from(_UNDOCUMENTED), st.binary(max_size=16), max_size=2)
    raw = {oid: draw(_BLANKS[oid]) for oid in blank} | draw(unknown)
    properties = replace(properties, **values | dict.fromkeys(omitted), raw=raw)
    return draw(st.sampled_from([properties, properties.user_enrolled()]))


_CONTROL: Final = st.sampled_from(["\0", "\n", "\r", "\t", "\x7f", "\x85", "\u200b", "\u2028"])
_BAD_TEXTS: Final = st.one_of(
    st.tuples(_TEXTS, _CONTROL, _TEXTS).map(lambda parts: "".join(parts).encode()),
    _TEXTS.map(lambda text: b" " + text.encode()),
    _TEXTS.map(lambda text: text.encode() + b" "),
    # UTF8String and OCTET STRING: other projects' test certificates wrap text so, Apple does not.
    _ORDINARY.map(lambda text: bytes([0x0C, len(text)]) + text.encode()),
    _ORDINARY.map(lambda text: bytes([0x04, len(text)]) + text.encode()),
    st.tuples(_TEXTS, st.sampled_from([b"\xff", b"\xc0\x80", b"\xed\xa0\x80"])).map(
        lambda parts: parts[0].encode() + parts[1]
    ),
    st.integers(257, 300).map(lambda count: b"x" * count),
)
_BAD_WORDS: Final = st.one_of(
    _BAD_TEXTS, st.tuples(_WORDS, _WORDS).map(lambda parts: " ".join(parts).encode())
)
_NOT_NUMBERS: Final = (
    "02 0200 02020000 02020001 0202ffff 02810100 02010000 0280000000 0a0100 010100 "
    "0403020100 00 30 20"
)
_BAD_NUMBERS: Final = st.one_of(
    st.sampled_from([*map(bytes.fromhex, _NOT_NUMBERS.split())]),
    st.integers(14, 40).map(lambda count: bytes([0x02, count + 1, 1]) + bytes(count)),
)
_BAD_VALUES: Final[Mapping[str, st.SearchStrategy[bytes]]] = {
    **dict.fromkeys(_TEXT_OIDS, _BAD_TEXTS),
    **{TEXT_PROPERTIES[name]: _BAD_WORDS for name in _WITHOUT_SPACES},
    **dict.fromkeys(_INTEGER_OIDS, _BAD_NUMBERS),
}


IDENTIFIERS: Final = (oids.SERIAL_NUMBER, oids.UDID)
PROPERTIES: Final = (*_TEXT_OIDS, *_INTEGER_OIDS)


@st.composite
def malformed_devices(draw: st.DrawFn, oids: Sequence[str] = IDENTIFIERS) -> Properties:
    """A device of which one property is neither blank nor in its documented encoding.

    It is one of ``oids``, by default the serial number or the UDID. Text is wrapped, padded, too
    long, no UTF-8, or has control characters; an identifier has two words; an INTEGER is no DER.
    """
    properties = draw(devices())
    oid = draw(st.sampled_from(oids))
    return replace(properties, raw={**properties.raw, oid: draw(_BAD_VALUES[oid])})


def freshness_codes() -> st.SearchStrategy[bytes]:
    """Any nonce that MDM may send, 1 to 32 octets, and so any freshness code of a leaf."""
    return st.one_of(
        st.binary(min_size=32, max_size=32),
        st.binary(min_size=1, max_size=32),
        st.integers(1, 32).map(bytes),
    )


ANY_DEVICE: Final = devices()
ANY_CODE: Final = freshness_codes()
