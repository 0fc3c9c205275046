"""The plainest carrier: a sequence of certificates, leaf first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from cryptography import x509

from appleattest.certificates import der_of
from appleattest.chain.presented import element_at
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.forms import Buffer, Form, with_hint
from appleattest.limits import Limits
from appleattest.text import type_name


def read_chain(
    device: object, limits: Limits, malformed: Reason = Reason.MALFORMED_CERTIFICATE
) -> list[bytes]:
    """Copy the certificates out of a sequence of DER, or of `x509.Certificate`.

    Raises `NoAttestation` (`no-attestation`) for an empty sequence and `MalformedInput`
    (`too-large`, or `malformed`, which is the carrier's own reason) for anything that is no
    such sequence.
    """
    if not isinstance(device, Sequence) or isinstance(device, str | Buffer):
        refusal = MalformedInput(
            malformed, f"a sequence of DER certificates was expected, {type_name(device)} came"
        )
        raise with_hint(refusal, device, Form.CHAIN)
    items = list(islice(device, limits.certificates + 1))
    if len(items) > limits.certificates:
        raise too_many(limits)
    if not items:
        raise NoAttestation(Reason.NO_ATTESTATION, "the chain has no certificate")
    ders = [read_item(item, index, limits, malformed) for index, item in enumerate(items)]
    together = sum(map(len, ders))
    if together > limits.chain_bytes:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"{together} bytes of certificates; at most {limits.chain_bytes} are read",
        )
    return ders


def read_item(
    item: object, index: int, limits: Limits, malformed: Reason = Reason.MALFORMED_CERTIFICATE
) -> bytes:
    """The DER of one item of a sequence, bytes-like or an `x509.Certificate`.

    Raises `MalformedInput` (`too-large`, `malformed`) whose element is its place.
    """
    if type(item) is bytes and len(item) <= limits.certificate_bytes:
        return item  # it cannot change, so it need not be copied
    element = element_at(index)
    if type(item) is x509.Certificate:  # not isinstance, which asks an object what it is
        item = der_of(item)
    try:
        der = octets(item, limits.certificate_bytes)
    except MalformedInput as error:
        error.element = element
        raise
    if der is None:
        refusal = MalformedInput(
            malformed, f"DER bytes were expected, {type_name(item)} came", element=element
        )
        raise with_hint(refusal, item)
    return der


def too_many(limits: Limits) -> MalformedInput:
    """The refusal of more certificates than are read."""
    return MalformedInput(
        Reason.TOO_LARGE,
        f"more than the {limits.certificates} certificates that are read were presented",
    )


def octets(device: object, limit: int) -> bytes | None:
    """Copy a bytes-like object of at most `limit` octets; None for anything else.

    Raises `MalformedInput` with `too-large`.
    """
    return bounded(device, limit) if isinstance(device, Buffer) else None


def bounded(device: Buffer, limit: int) -> bytes:
    """Copy a bytes-like object of at most `limit` octets.

    Raises `MalformedInput` with `too-large`.
    """
    view = memoryview(device)
    if view.nbytes > limit:
        raise MalformedInput(
            Reason.TOO_LARGE, f"{view.nbytes} bytes were presented; at most {limit} are read"
        )
    return view.tobytes()  # not bytes(device), which asks a subclass what it would like to be
