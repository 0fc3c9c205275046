"""pyhanko-certvalidator as a judge of paths, and every difference from it that is meant.

It implements RFC 5280 in Python on asn1crypto, and shares no code with the engine that decides
here. docs/judges.md has the same table.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import timedelta
from itertools import pairwise
from typing import NamedTuple

from asn1crypto import x509 as asn1_x509
from cryptography import x509
from pyhanko_certvalidator import CertificateValidator, ValidationContext
from vector_cases import Presented

from appleattest import AttestationError, Limits, Reason
from appleattest.carriers.certificate_sequence import read_chain
from appleattest.chain.path import PathBuilder
from appleattest.chain.presented import decode_presented
from appleattest.signatures import Engine

_LOOP = asyncio.Runner()


def their_path(presented: Presented) -> list[bytes] | None:
    """The path, leaf first, that pyhanko-certvalidator finds; None when it finds none."""
    try:
        path = _LOOP.run(_validator(presented).async_validate_path())
        return [certificate.dump() for certificate in path][::-1]
    except Exception:  # noqa: BLE001 - it has no list of what a damaged certificate raises
        return None


def _validator(presented: Presented) -> CertificateValidator:
    context = ValidationContext(
        trust_roots=[asn1_x509.Certificate.load(der) for der in presented.anchors],
        moment=presented.at,
        allow_fetching=False,
        time_tolerance=timedelta(0),
    )
    leaf, *others = (asn1_x509.Certificate.load(der) for der in presented.chain)
    return CertificateValidator(leaf, intermediate_certs=others, validation_context=context)


class Opinions(NamedTuple):
    """Two answers to one question, paths as DER: which leads from the leaf to an anchor?

    `error` says why we find none; what a leaf may be and what it says is no question of paths.
    """

    presented: Presented
    ours: list[bytes] | None
    error: AttestationError | None
    theirs: list[bytes] | None

    @property
    def agree(self) -> bool:
        return self.ours == self.theirs


def opinions(presented: Presented) -> Opinions:
    """Ask both."""
    theirs = their_path(presented)
    try:
        return Opinions(presented, _our_path(presented), None, theirs)
    except AttestationError as error:
        return Opinions(presented, None, error, theirs)


def _our_path(presented: Presented) -> list[bytes]:
    limits = Limits()
    read_chain(presented.chain, limits)
    chain = decode_presented(presented.chain, lambda _: None)
    path = PathBuilder(presented.trust, limits, Engine()).build(chain, presented.at)
    return [certificate.der for certificate in path]


class Difference(NamedTuple):
    """A way in which the two are meant to differ, and how it is recognised."""

    what: str
    why: str
    holds: Callable[[Opinions], bool]


def _refused_for(*reasons: Reason) -> Callable[[Opinions], bool]:
    return lambda o: o.error is not None and o.error.reason in reasons and o.theirs is not None


def _at_the_anchor(*reasons: Reason) -> Callable[[Opinions], bool]:
    refused = _refused_for(*reasons)
    return lambda o: refused(o) and o.error is not None and o.error.element == "anchor"


def _too_deep(o: Opinions) -> bool:
    refused = _refused_for(Reason.PATH_LENGTH)(o)
    return refused and len(_loaded(o.theirs)) > Limits().intermediates + 2


def _names_differ(o: Opinions) -> bool:
    return _refused_for(Reason.UNKNOWN_ISSUER)(o) and any(
        child.issuer.public_bytes() != issuer.subject.public_bytes()
        for child, issuer in pairwise(_loaded(o.theirs))
    )


def _a_name_is_empty(o: Opinions) -> bool:
    return _refused_for(Reason.UNTRUSTED)(o) and any(
        len(name) == 0 for each in _loaded(o.theirs) for name in (each.subject, each.issuer)
    )


def _key_identifiers_differ(o: Opinions) -> bool:
    links = pairwise(_loaded(o.ours))
    return o.theirs is None and any(
        None not in (named := _named_key(child), own := _own_key(issuer)) and named != own
        for child, issuer in links
    )


def _one_candidate_fails(o: Opinions) -> bool:
    if o.ours is None or o.theirs is not None:
        return False
    names = [each.subject for each in _loaded(o.presented.chain)]
    return len(set(names)) < len(names)


def _more_than_one_path(o: Opinions) -> bool:
    return o.ours is not None and o.theirs is not None and len(o.ours) <= len(o.theirs)


def _loaded(ders: Sequence[bytes] | None) -> list[x509.Certificate]:
    return [x509.load_der_x509_certificate(der) for der in ders or ()]


def _named_key(child: x509.Certificate) -> bytes | None:
    try:
        found = child.extensions.get_extension_for_class(x509.AuthorityKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return found.value.key_identifier


def _own_key(issuer: x509.Certificate) -> bytes | None:
    try:
        found = issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
    except x509.ExtensionNotFound:
        return None
    return found.value.digest


DIFFERENCES = (
    Difference(
        "a certificate is not strict DER, or a field breaks RFC 5280",
        "only some parsers read it, so two servers could read different things",
        _refused_for(Reason.MALFORMED_CERTIFICATE),
    ),
    Difference(
        "an extension occurs twice",
        "one reader takes the first, another the last",
        _refused_for(Reason.DUPLICATE_EXTENSION),
    ),
    Difference(
        "a key or a hash is not on our list",
        "the weakest accepted algorithm decides what a forgery costs",
        _refused_for(Reason.WEAK_ALGORITHM),
    ),
    Difference(
        "a critical extension other than basicConstraints and keyUsage",
        "no document says what it would mean for an attestation",
        _refused_for(Reason.CRITICAL_EXTENSION),
    ),
    Difference(
        "name constraints",
        "validators differ about what they mean, and no chain of Apple's has any",
        _refused_for(Reason.NAME_CONSTRAINTS),
    ),
    Difference(
        "a certificate, or all together, is larger than `Limits`",
        "a client must not decide how much work a server does",
        _refused_for(Reason.TOO_LARGE),
    ),
    Difference(
        "more intermediates than `Limits.intermediates`",
        "the same",
        _too_deep,
    ),
    Difference(
        "the anchor's own path length is exceeded",
        "RFC 5280 leaves an anchor's constraints to the validator; we apply them",
        _at_the_anchor(Reason.PATH_LENGTH),
    ),
    Difference(
        "the anchor is outside its validity",
        "RFC 5280 leaves this to the validator too; we do not trust an expired root",
        _at_the_anchor(Reason.EXPIRED, Reason.NOT_YET_VALID),
    ),
    Difference(
        "the first certificate is an anchor, or has the name and key of one",
        "certvalidator finds a path of the anchor alone, which attests no device",
        lambda o: o.theirs is not None and len(o.theirs) == 1,
    ),
    Difference(
        "issuer and subject are one name in different octets",
        "we compare octets; implementations differ in the comparison of RFC 5280, 7.1",
        _names_differ,
    ),
    Difference(
        "a certificate has an empty name",
        "the engine cannot represent it, and nobody could tell the issuer",
        _a_name_is_empty,
    ),
    Difference(
        "a key identifier names another key, and we accept",
        "key identifiers help to find a path, and prove nothing",
        _key_identifiers_differ,
    ),
    Difference(
        "several certificates have one name, and we accept",
        "we try each whose signature verifies; certvalidator stops after one that fails",
        _one_candidate_fails,
    ),
    Difference(
        "both find a path, and ours is not longer",
        "we drop self-issued certificates, and stop at the first anchor",
        _more_than_one_path,
    ),
)


def explanations(o: Opinions) -> list[Difference]:
    """Every difference that this one may be; none where they agree, or differ unintended."""
    return [] if o.agree else [each for each in DIFFERENCES if each.holds(o)]
