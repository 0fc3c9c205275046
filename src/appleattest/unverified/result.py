"""What was found, decoded and not verified: which certificates, what they claim, what is wrong."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from cryptography import x509

from appleattest.boundary import contained
from appleattest.certificates import (
    by_oid,
    decode_certificate,
    der_of,
    outermost_fields,
    raw_properties,
    read_usual,
)
from appleattest.chain.presented import element_at
from appleattest.errors import AttestationError, MalformedInput, Reason, UntrustedChain
from appleattest.properties import ClaimedProperties, decode_properties, sealed_properties
from appleattest.sealed import Sealed, seal
from appleattest.unverified.found import Found
from appleattest.wire import base64


class UnverifiedAttestation(Sealed):
    """What somebody was handed, decoded and not verified. No `Attestation`, and never one.

    `carrier` says in what form it came; `chain` holds the certificates that could be read,
    leaf first; `claims` what the leaf says.
    """

    __slots__ = ("_found", "carrier", "chain", "claims")

    carrier: str
    chain: tuple[x509.Certificate, ...]
    claims: ClaimedProperties
    _found: Found

    @property
    def problems(self) -> tuple[AttestationError, ...]:
        """What no verifier would accept in it, looked for when it is asked for.

        The elements count the certificates as they came, from `"x5c[0]"`.
        """
        readable = _readable(self._found)
        return (
            *self._found.problems,
            *([_reversed(len(readable))] if _is_reversed(readable) else []),
            *_problems_of_certificates(self._found),
            *decode_properties(self.claims.raw).problems.values(),
        )

    def to_dict(self) -> dict[str, Any]:
        """All of it as JSON types, with the certificates as base64 DER; it names the device.

        It is no record: `Verifier.reverify` refuses it.
        """
        return {
            "verified": False,
            "carrier": self.carrier,
            "chain": [base64.encode(der_of(each)) for each in self.chain],
            "claims": self.claims.to_dict(),
            "problems": [
                {"reason": each.reason.value, "element": each.element, "detail": each.detail}
                for each in self.problems
            ],
        }

    def __repr__(self) -> str:
        return (
            f"<UnverifiedAttestation {self.carrier}, {self.claims!r}, chain of {len(self.chain)}>"
        )

    def __reduce__(self) -> tuple[Callable[[Found], UnverifiedAttestation], tuple[Found]]:
        return result_of, (self._found,)


class _Readable(NamedTuple):
    issuer: bytes
    subject: bytes
    x509: x509.Certificate
    properties: Callable[[], dict[str, bytes]]


def result_of(found: Found) -> UnverifiedAttestation:
    """Decode what was found. Raises `AttestationError` where none of it is a certificate."""
    readable = _readable(found)
    if _is_reversed(readable):
        readable.reverse()
    chain = tuple(each.x509 for each in readable if each is not None)
    if not chain:
        raise _problems_of_certificates(found)[-1]
    raw = _raw(readable[0])
    return seal(
        UnverifiedAttestation,
        _found=found,
        carrier=found.form.value,
        chain=chain,
        claims=sealed_properties(ClaimedProperties, raw),
    )


def _readable(found: Found) -> list[_Readable | None]:
    """Each certificate in its place; None for what does not load."""
    return [_certificate(item) if isinstance(item, bytes) else None for item in found.items]


def _certificate(encoded: bytes) -> _Readable | None:
    usual = read_usual(encoded)
    if usual is not None:
        return _Readable(usual.issuer, usual.subject, usual.x509, usual.properties)
    try:
        fields, loaded = outermost_fields(encoded), x509.load_der_x509_certificate(encoded)
    except ValueError:
        return None
    return _Readable(fields.issuer, fields.subject, loaded, lambda: raw_properties(by_oid(loaded)))


def _is_reversed(readable: Sequence[_Readable | None]) -> bool:
    """Whether each certificate but the first was issued by the one before it, and not after it.

    Names do not suffice: a leaf can bear its issuer's name. A leaf issues nothing.
    """
    whole = [each for each in readable if each is not None]
    if len(whole) < max(2, len(readable)):
        return False
    pairs = list(pairwise(whole))
    is_upward = all(first.issuer == second.subject for first, second in pairs)
    is_downward = all(first.subject == second.issuer for first, second in pairs)
    return is_downward and not is_upward and _says_it_is_ca(whole[0].x509)


def _says_it_is_ca(certificate: x509.Certificate) -> bool:
    try:
        return certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except Exception:  # noqa: BLE001 - one of the problems will say what is wrong with them
        return False


def _reversed(count: int) -> AttestationError:
    return UntrustedChain(
        Reason.LEAF_PROFILE,
        f"the chain is reversed: the leaf is the last of {count} certificates. Give them leaf "
        "first to Verifier.verify_mdm or Verifier.verify_chain",
        element=element_at(0),
    )


def _problems_of_certificates(found: Found) -> list[AttestationError]:
    """What decoding every field says of each certificate."""
    problems: list[AttestationError] = []
    for index, item in enumerate(found.items):
        if isinstance(item, AttestationError):
            problems.append(item)
            continue
        try:
            contained(partial(decode_certificate, item), _malformed)
        except AttestationError as problem:
            problem.element = element_at(index)
            problems.append(problem)
    return problems


def _malformed(detail: str) -> AttestationError:
    return MalformedInput(Reason.MALFORMED_CERTIFICATE, detail)


def _raw(leaf: _Readable | None) -> dict[str, bytes]:
    try:
        return leaf.properties() if leaf else {}
    except Exception:  # noqa: BLE001 - one of the problems will say which extension
        return {}
