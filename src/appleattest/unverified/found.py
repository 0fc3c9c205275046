"""Where certificates were found, and which: at most as many as a verifier reads."""

from __future__ import annotations

from binascii import a2b_base64
from collections.abc import Iterable
from itertools import islice
from typing import Final, NamedTuple

from appleattest.carriers.certificate_sequence import read_item, too_many
from appleattest.chain.presented import element_at
from appleattest.errors import AttestationError, MalformedInput, NoAttestation, Reason
from appleattest.forms import WHITE_SPACE, Form, of_pem
from appleattest.limits import Limits
from appleattest.text import plain

LIMITS: Final = Limits()

_BASE64: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
_FROM_URL: Final = bytes.maketrans(b"-_", b"+/")
_LONGEST_ITEM: Final = 2 * LIMITS.certificate_bytes
"""Characters of base64 that one certificate has at most, line breaks included."""


class Found(NamedTuple):
    """Certificates as they came, not decoded yet."""

    form: Form
    """What they came in."""
    items: tuple[bytes | AttestationError, ...]
    """The octets of each, or why it has none."""
    problems: tuple[AttestationError, ...]
    """What was wrong on the way to them."""


def collected(
    form: Form, items: Iterable[object], problems: Iterable[AttestationError] = ()
) -> Found:
    """The first of the items, of which no more are asked for than are read.

    An item is DER, an `x509.Certificate`, text in base64, or the error that stands for one. Raises
    `NoAttestation` where there is none.
    """
    taken = list(islice(items, LIMITS.certificates + 1))
    if not taken:
        raise NoAttestation(Reason.NO_ATTESTATION, "there is no certificate in it")
    found = list(problems)
    if len(taken) > LIMITS.certificates:
        taken.pop()
        found.append(too_many(LIMITS))
    read = tuple(_read(item, index) for index, item in enumerate(taken))
    return Found(form, read, tuple(found))


def from_base64(text: bytes) -> bytes | None:
    """What base64 of either alphabet encodes, padded or not; None where it is not base64."""
    compact = text.translate(_FROM_URL, WHITE_SPACE).rstrip(b"=")
    if len(compact) % 4 == 1 or compact.translate(None, _BASE64):
        return None
    return a2b_base64(compact + b"=" * (-len(compact) % 4))


def _read(item: object, index: int) -> bytes | AttestationError:
    if isinstance(item, AttestationError):
        item.element = element_at(index)
        return item
    if isinstance(item, str) and len(plain(item)) <= _LONGEST_ITEM:
        text = plain(item).encode("utf-8", "replace")
        octets = None if of_pem(text) else from_base64(text)
        item = item if octets is None else octets
    try:
        return read_item(item, index, LIMITS)
    except MalformedInput as problem:
        return problem
