"""Is the attestation made for this challenge? The code is SHA-256 of the token's ASCII."""

from __future__ import annotations

from base64 import b64encode, urlsafe_b64decode, urlsafe_b64encode
from hashlib import sha1, sha256, sha384, sha512
from typing import Final

from appleattest import Reason, oids
from appleattest.testing import AttestationAuthority, Properties, deviations
from vectors.case import TOKEN, AcmeInput, invalid, valid
from vectors.cases.acme_generations import CODE
from vectors.flags import Flag

FILE: Final = "acme_freshness"

_OTHER_TOKEN: Final = "DGyRejmCefe7v4NfDGDKfAqYyiFoK5bnUvmOlUmSxpw"  # noqa: S105 - no secret
_THUMBPRINT: Final = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"


def _sent(authority: AttestationAuthority, code: bytes | None, token: str = TOKEN) -> AcmeInput:
    sent = authority.attestation_object(properties=Properties.iphone_16(), freshness_code=code)
    return AcmeInput(sent, token)


_TOKENS: Final = {
    "rfc-8555": TOKEN,
    "other": _OTHER_TOKEN,
    "22-characters": "AAECAwQFBgcICQoLDA0ODw",
    "22-times-one-character": "A" * 22,
    "128-characters": TOKEN[:32] * 4,
    "hyphens-and-underscores": "-_" * 20,
    "digits": "0123456789" * 3,
    "looks-like-hex": "00ff" * 10,
    "length-of-1-modulo-4": "A" * 25,
}


@valid(FILE, Flag.GENUINE, each=_TOKENS)
def token(authority: AttestationAuthority, text: str) -> AcmeInput:
    """``token -> leaf (11.1: SHA-256 of the token's ASCII)``

    The token is hashed as text, whatever it would decode to.
    """
    return _sent(authority, sha256(text.encode("ascii")).digest(), text)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT, each={"absent": None, "blank": b""})
def code_missing(authority: AttestationAuthority, code: bytes | None) -> AcmeInput:
    """``token -> leaf (no 11.1, or one of no octets)``

    An attestation that was made for no challenge. Blank is absent before any comparison.
    """
    return _sent(authority, code)


@invalid(FILE, Reason.FRESHNESS_MISSING, Flag.FRESHNESS_ABSENT)
def mdm_attestation_without_a_nonce(authority: AttestationAuthority) -> AcmeInput:
    """``token -> leaf (as of MDM without a nonce: no 11.1)``

    A device holds such an attestation without any challenge.
    """
    sent = authority.attestation_object(properties=Properties.iphone(), freshness_code=None)
    return AcmeInput(sent)


_DECODED: Final = urlsafe_b64decode(TOKEN + "=")
_RULES: Final = {
    "token-itself": TOKEN.encode(),
    "token-decoded": _DECODED,
    "key-authorization": sha256(f"{TOKEN}.{_THUMBPRINT}".encode()).digest(),
    "key-authorization-itself": f"{TOKEN}.{_THUMBPRINT}".encode(),
    "thumbprint": sha256(_THUMBPRINT.encode()).digest(),
    "decoded-token-hashed": sha256(_DECODED).digest(),
    "hashed-twice": sha256(CODE).digest(),
    "digest-in-hex-hashed": sha256(CODE.hex().encode()).digest(),
    "digest-in-base64url-hashed": sha256(urlsafe_b64encode(CODE).rstrip(b"=")).digest(),
    "json-string-hashed": sha256(f'"{TOKEN}"'.encode()).digest(),
    "utf-16-hashed": sha256(TOKEN.encode("utf-16-be")).digest(),
    "sha-1": sha1(TOKEN.encode()).digest(),  # noqa: S324 - made so that a verifier can refuse it
    "sha-384": sha384(TOKEN.encode()).digest(),
    "sha-512": sha512(TOKEN.encode()).digest(),
    "sha-512-cut-to-32": sha512(TOKEN.encode()).digest()[:32],
    "nothing-hashed": sha256(b"").digest(),
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_RULE, each=_RULES)
def rule(authority: AttestationAuthority, code: bytes) -> AcmeInput:
    """``token -> leaf (11.1: the token or the key authorization under another rule)``

    Apple hashes the token alone, as ASCII and once: not the key authorization of RFC 8555, 8.1.
    MDM's rule, where the code is what was sent, is not ACME's.
    """
    return _sent(authority, code)


_ENCODINGS: Final = {
    "base64url": urlsafe_b64encode(CODE).rstrip(b"="),
    "base64url-padded": urlsafe_b64encode(CODE),
    "base64": b64encode(CODE),
    "hex": CODE.hex().encode(),
    "hex-upper-case": CODE.hex().upper().encode(),
    "first-31": CODE[:31],
    "first-16": CODE[:16],
    "first-octet": CODE[:1],
    "last-31": CODE[1:],
    "nul-appended": CODE + b"\0",
    "nul-prepended": b"\0" + CODE,
    "twice": CODE * 2,
    "reversed": CODE[::-1],
    "first-bit-flipped": bytes([CODE[0] ^ 0x80]) + CODE[1:],
    "last-bit-flipped": CODE[:-1] + bytes([CODE[-1] ^ 1]),
    "nuls": bytes(32),
    "digest-info": bytes.fromhex("3031300d060960864801650304020105000420") + CODE,
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING, each=_ENCODINGS)
def digest(authority: AttestationAuthority, code: bytes) -> AcmeInput:
    """``token -> leaf (11.1: something made of the digest)``

    The code is the 32 octets of the digest, all of them and no others, in no encoding.
    """
    return _sent(authority, code)


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_ENCODING)
def nested_octet_string(authority: AttestationAuthority) -> AcmeInput:
    """``token -> leaf (11.1: 04 20 digest)``

    A second OCTET STRING within the extension value, as the test chains of other verifiers
    have it. It is 34 octets and equals no 32.
    """
    deviation = deviations.NestedFreshnessCode()
    sent = authority.attestation_object(freshness_code=CODE, deviations=[deviation])
    return AcmeInput(sent)


_OTHERS: Final = {
    "other-challenge": _OTHER_TOKEN,
    "lower-case": TOKEN.lower(),
    "upper-case": TOKEN.upper(),
    "one-letter-in-another-case": TOKEN.swapcase()[:1] + TOKEN[1:],
    "standard-alphabet": TOKEN.replace("-", "+").replace("_", "/"),
    "padded": TOKEN + "=",
    "first-character-missing": TOKEN[1:],
    "last-character-missing": TOKEN[:-1],
    "character-appended": TOKEN + "A",
    "trailing-line-feed": TOKEN + "\n",
    "trailing-nul": TOKEN + "\0",
    "leading-space": " " + TOKEN,
    "same-octets-when-decoded": TOKEN[:-1] + "B",
}


@invalid(FILE, Reason.FRESHNESS_MISMATCH, Flag.FRESHNESS_MISMATCH, each=_OTHERS)
def made_for(authority: AttestationAuthority, text: str) -> AcmeInput:
    """``token -> leaf (11.1: SHA-256 of another text)``

    An attestation of some other challenge, or of a token that is almost this one: tokens are
    compared character by character, without folding, trimming or decoding.
    """
    return _sent(authority, sha256(text.encode()).digest())


@invalid(
    FILE,
    Reason.FRESHNESS_MISMATCH,
    Flag.FRESHNESS_MISMATCH,
    each={"lower-case": TOKEN.lower(), "upper-case": TOKEN.upper(), "first-22": TOKEN[:22]},
)
def token_is(authority: AttestationAuthority, text: str) -> AcmeInput:
    """``a token like TOKEN -> leaf (11.1: SHA-256 of TOKEN)``: the same, from the other side."""
    return _sent(authority, CODE, text)


_TWICE: Final = {"same": None, "right-and-wrong": bytes(32), "right-and-blank": b""}


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION, each=_TWICE)
def code_twice(authority: AttestationAuthority, second: bytes | None) -> AcmeInput:
    """``token -> leaf (11.1: digest; 11.1 again)``: an extension stands at most once."""
    deviation = deviations.DoubledExtension(oids.FRESHNESS_CODE, second)
    return AcmeInput(authority.attestation_object(freshness_code=CODE, deviations=[deviation]))


@invalid(FILE, Reason.DUPLICATE_EXTENSION, Flag.DUPLICATE_EXTENSION)
def wrong_code_and_right_code(authority: AttestationAuthority) -> AcmeInput:
    """``token -> leaf (11.1: of another token; 11.1: digest)``: the second would pass, alone."""
    other = sha256(_OTHER_TOKEN.encode()).digest()
    deviation = deviations.DoubledExtension(oids.FRESHNESS_CODE, CODE)
    return AcmeInput(authority.attestation_object(freshness_code=other, deviations=[deviation]))
