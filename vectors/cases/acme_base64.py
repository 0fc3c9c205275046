"""`attObj` as text: base64url without padding (RFC 8555, 6.1), in its one canonical form."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Properties
from vectors.case import AcmeInput, acceptable, invalid, valid
from vectors.cases.acme_generations import CODE
from vectors.flags import Flag

FILE: Final = "acme_base64"

_ALPHABET: Final = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"


def _cbor(authority: AttestationAuthority, remainder: int) -> bytes:
    """An attestation object whose length leaves `remainder` when it is divided by 3."""
    objects = [
        authority.attestation_object(
            properties=Properties.iphone_16(),
            freshness_code=CODE,
            extra={"pad": b"\xfb\xff" + bytes(pad)},
        )
        for pad in range(3)
    ]
    return next(sent for sent in objects if len(sent) % 3 == remainder)


def _text(cbor: bytes) -> str:
    return urlsafe_b64encode(cbor).rstrip(b"=").decode("ascii")


@valid(FILE, Flag.CARRIER_FORM, each={"0": 0, "1": 1, "2": 2})
def octets_modulo_3(authority: AttestationAuthority, remainder: int) -> AcmeInput:
    """``attObj: base64url(CBOR)``: canonical, with no padding whatever the length is."""
    return AcmeInput(_text(_cbor(authority, remainder)))


@invalid(
    FILE,
    Reason.MALFORMED_BASE64,
    Flag.MALFORMED_BASE64,
    each={
        "one-due": (2, "="),
        "two-due": (1, "=="),
        "half-of-what-is-due": (1, "="),
        "one-too-many": (2, "=="),
        "not-due": (0, "="),
        "four": (0, "===="),
    },
)
def padding(authority: AttestationAuthority, given: tuple[int, str]) -> AcmeInput:
    """``attObj: base64url(CBOR) =``: RFC 8555, 6.1: values with padding MUST be refused."""
    remainder, signs = given
    return AcmeInput(_text(_cbor(authority, remainder)) + signs)


def _next_bit(text: str, bit: int) -> str:
    """The last character with a bit set that encodes nothing."""
    return text[:-1] + _ALPHABET[_ALPHABET.index(text[-1]) | bit]


@acceptable(
    FILE,
    Flag.STRICT_READING,
    reason=Reason.MALFORMED_BASE64,
    each={
        "last-of-2": (2, 1),
        "first-of-2": (2, 2),
        "last-of-4": (1, 1),
        "first-of-4": (1, 8),
        "all-of-4": (1, 15),
    },
)
def tail_bit(authority: AttestationAuthority, given: tuple[int, int]) -> AcmeInput:
    """``attObj: base64url(CBOR)``, a bit of the last character set that encodes nothing.

    RFC 4648, 3.5: encoders set such bits to zero, and decoders MAY refuse others. Whoever decodes
    it gets the same octets.
    """
    remainder, bit = given
    return AcmeInput(_next_bit(_text(_cbor(authority, remainder)), bit))


_DAMAGES: Final[dict[str, Callable[[str], str]]] = {
    "leading-space": lambda text: " " + text,
    "trailing-space": lambda text: text + " ",
    "inner-space": lambda text: f"{text[:40]} {text[40:]}",
    "trailing-line-feed": lambda text: text + "\n",
    "trailing-crlf": lambda text: text + "\r\n",
    "lines-of-64": lambda text: "\n".join(text[i : i + 64] for i in range(0, len(text), 64)),
    "tab": lambda text: f"{text[:40]}\t{text[40:]}",
    "dollar-sign": lambda text: f"{text[:40]}${text[40:]}",
    "four-foreign-characters": lambda text: f"{text[:40]}$$$${text[40:]}",
    "full-stop": lambda text: f"{text}.",
    "padding-in-the-middle": lambda text: f"{text[:40]}={text[40:]}",
    "padding-first": lambda text: f"={text}",
    "percent-encoded": lambda text: f"{text[:40]}%41{text[41:]}",
    "quoted": lambda text: f'"{text}"',
    "nul": lambda text: text + "\0",
    "byte-order-mark": lambda text: "\ufeff" + text,
    "zero-width-space": lambda text: text + "\u200b",
    "full-width-letter": lambda text: f"{text[:40]}\uff21{text[41:]}",
    "kelvin-sign": lambda text: f"{text[:40]}\u212a{text[41:]}",
    "one-character-more": lambda text: text + "A",
    "one-character-less": lambda text: text[:-3],
    "data-url": lambda text: "data:application/cbor;base64," + text,
}


@invalid(FILE, Reason.MALFORMED_BASE64, Flag.MALFORMED_BASE64, each=_DAMAGES)
def text_with(authority: AttestationAuthority, damaged: Callable[[str], str]) -> AcmeInput:
    """``attObj: base64url(CBOR)`` with a defect that lenient decoders skip, trim or ignore.

    RFC 4648, 3.3: characters outside of the alphabet MUST be refused.
    """
    return AcmeInput(damaged(_text(_cbor(authority, 0))))


@invalid(
    FILE,
    Reason.MALFORMED_BASE64,
    Flag.MALFORMED_BASE64,
    each={
        "plus": lambda text: text.replace("-", "+"),
        "slash": lambda text: text.replace("_", "/"),
        "both": lambda text: text.replace("-", "+").replace("_", "/"),
    },
)
def standard_alphabet(authority: AttestationAuthority, written: Callable[[str], str]) -> AcmeInput:
    """``attObj: base64(CBOR)``: the alphabet of RFC 4648, 4, where that of 5 is due."""
    return AcmeInput(written(_text(_cbor(authority, 0))))


@invalid(FILE, Reason.MALFORMED_BASE64, Flag.MALFORMED_BASE64)
def standard_base64_padded(authority: AttestationAuthority) -> AcmeInput:
    """``attObj: base64(CBOR)``, with the standard alphabet and its padding."""
    return AcmeInput(b64encode(_cbor(authority, 1)).decode("ascii"))


_OTHER_TEXTS: Final[dict[str, Callable[[bytes], str]]] = {
    "hex": lambda cbor: cbor.hex(),
    "base64url-twice": lambda cbor: _text(_text(cbor).encode()),
    "empty": lambda _: "",
    "pem": lambda cbor: _text(b"-----BEGIN CERTIFICATE-----\n" + b64encode(cbor[:60])),
}


@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=_OTHER_TEXTS)
def other_text(authority: AttestationAuthority, written: Callable[[bytes], str]) -> AcmeInput:
    """``attObj: canonical base64url of something that is no CBOR``

    It is decoded once. Nothing else is tried when the octets make no sense.
    """
    return AcmeInput(written(_cbor(authority, 0)))


_OTHER_OCTETS: Final[dict[str, Callable[[bytes], bytes]]] = {
    "base64url": lambda cbor: _text(cbor).encode(),
    "base64": b64encode,
    "hex": lambda cbor: cbor.hex().encode(),
    "json": lambda cbor: f'{{"attObj": "{_text(cbor)}"}}'.encode(),
}


@invalid(FILE, Reason.MALFORMED_CBOR, Flag.MALFORMED_CBOR, each=_OTHER_OCTETS)
def octets_of(authority: AttestationAuthority, written: Callable[[bytes], bytes]) -> AcmeInput:
    """``cbor: the octets of a text``

    Octets are CBOR and text is base64url; neither is ever tried as the other.
    """
    return AcmeInput(written(_cbor(authority, 0)))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE)
def text_above_32_kib(authority: AttestationAuthority) -> AcmeInput:
    """``attObj: canonical base64url of an object with 33,000 octets under an ignored key``

    Apple's have under 3,000. This library measures before it decodes.
    """
    sent = authority.attestation_object(freshness_code=CODE, extra={"more": bytes(33_000)})
    return AcmeInput(_text(sent))
