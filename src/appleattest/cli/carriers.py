"""How `verify` reads a file: the right call for each form in which an attestation travels."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from cryptography import x509

from appleattest import mdm
from appleattest.attestation import Attestation
from appleattest.errors import AttestationError, MalformedInput, Reason
from appleattest.forms import Form, recognise
from appleattest.freshness import UNCHECKED
from appleattest.limits import Limits
from appleattest.mdm.received import response_in
from appleattest.report import Report
from appleattest.summary import certificate_rows
from appleattest.unverified import UnverifiedAttestation, decode_unverified
from appleattest.verifier import Verifier
from appleattest.wire import strict_json

_CHAINS: Final = (Form.PEM, Form.DER, Form.PKCS7, Form.X5C, Form.PLIST_ARRAY)


class MDMInput(NamedTuple):
    """A response that says which device sent it, or a chain alone."""

    response: bytes | mdm.DeviceInformationResponse | None
    chain: tuple[x509.Certificate, ...]


def mdm_input(content: bytes) -> MDMInput:
    """What an MDM server received. Raises `AttestationError` for a webhook event without it."""
    if recognise(content) in _CHAINS:
        return MDMInput(None, chain(content))
    return MDMInput(response_in(content, Limits()), ())


def discrepancies(content: bytes, attestation: Attestation | None) -> mdm.Discrepancies | None:
    """What the response of a device says of itself beside what is attested.

    None where nothing is attested, or the file is no response of a device.
    """
    if attestation is None:
        return None
    try:
        response = mdm_input(content).response
        if isinstance(response, bytes):
            response = mdm.DeviceInformationResponse.parse(response)
    except AttestationError:
        return None
    return None if response is None else mdm.find_discrepancies(response, attestation)


def chain(content: bytes) -> tuple[x509.Certificate, ...]:
    """The certificates of a file in any form, as they came.

    Raises `AttestationError` where one does not decode, or the leaf is not the first: nothing is
    left out or put in order in silence.
    """
    found = decode_unverified(content)
    for problem in found.problems:
        if _is_mended(problem):
            raise problem
    return found.chain


def _is_mended(problem: AttestationError) -> bool:
    """Whether `decode_unverified` leaves out or puts in order what has this problem.

    All else is for the verifier, which sets aside an extra certificate of a foreign algorithm.
    """
    of_a_certificate = problem.element is not None and problem.element.startswith("x5c[")
    return of_a_certificate and (
        isinstance(problem, MalformedInput) or problem.reason is Reason.LEAF_PROFILE
    )


def as_of_not_before(
    found: UnverifiedAttestation, verifier: Verifier
) -> tuple[datetime | None, Report | None]:
    """The leaf's notBefore, and whether the chain verifies as of then.

    Neither where the date cannot be read: there is no time to judge by.
    """
    as_of = certificate_rows(found.chain[:1])[0].not_before
    if as_of is None:
        return None, None
    return as_of, verifier.examine_chain(found.chain, freshness=UNCHECKED, at=as_of)


def request(content: bytes) -> Any:
    """A certificate request: DER, base64url, PEM, or the `csr` of a finalize."""
    form = recognise(content)
    if form is Form.PEM_REQUEST:
        try:
            return x509.load_pem_x509_csr(content)
        except ValueError:
            return b""
    if form is Form.FINALIZE:
        return _member(strict_json.decode(content, Limits()), "csr")
    return content if content[:1] == b"0" else content.decode("ascii", "replace").strip()


def _member(document: Any, name: str) -> str:
    value = document.get(name) if isinstance(document, dict) else None
    if not isinstance(value, str):
        raise _malformed(f"the member {name} is no text")
    return value


def _malformed(detail: str) -> AttestationError:
    return MalformedInput(Reason.MALFORMED_JSON, detail)
