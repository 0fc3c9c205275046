"""The plainest carrier: a sequence of DER certificates, leaf first."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice

from appleattest.chain.presented import element_at
from appleattest.errors import MalformedInput, NoAttestation, Reason
from appleattest.limits import Limits
from appleattest.text import type_name

Buffer = bytes | bytearray | memoryview


def read_chain(
    device: object, limits: Limits, malformed: Reason = Reason.MALFORMED_CERTIFICATE
) -> list[bytes]:
    """Copy the certificates out of a sequence of bytes-like objects.

    Raises `NoAttestation` (`no-attestation`) for an empty sequence and `MalformedInput`
    (`too-large`, or `malformed`, which is the carrier's own reason) for anything that is no
    such sequence.
    """
    if not isinstance(device, Sequence) or isinstance(device, str | Buffer):
        raise MalformedInput(
            malformed, f"a sequence of DER certificates was expected, {type_name(device)} came"
        )
    items = list(islice(device, limits.certificates + 1))
    if len(items) > limits.certificates:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"more than the {limits.certificates} certificates that are read were presented",
        )
    if not items:
        raise NoAttestation(Reason.NO_ATTESTATION, "the chain has no certificate")
    ders = [_copied(item, index, limits, malformed) for index, item in enumerate(items)]
    together = sum(map(len, ders))
    if together > limits.chain_bytes:
        raise MalformedInput(
            Reason.TOO_LARGE,
            f"{together} bytes of certificates; at most {limits.chain_bytes} are read",
        )
    return ders


def octets(device: object, limit: int) -> bytes | None:
    """Copy a bytes-like object of at most `limit` octets; None for anything else.

    Raises `MalformedInput` with `too-large`.
    """
    if not isinstance(device, Buffer):
        return None
    view = memoryview(device)
    if view.nbytes > limit:
        raise MalformedInput(
            Reason.TOO_LARGE, f"{view.nbytes} bytes were presented; at most {limit} are read"
        )
    return view.tobytes()  # not bytes(device), which asks a subclass what it would like to be


def _copied(item: object, index: int, limits: Limits, malformed: Reason) -> bytes:
    element = element_at(index)
    try:
        der = octets(item, limits.certificate_bytes)
    except MalformedInput as error:
        error.element = element
        raise
    if der is None:
        raise MalformedInput(
            malformed, f"DER bytes were expected, {type_name(item)} came", element=element
        )
    return der
