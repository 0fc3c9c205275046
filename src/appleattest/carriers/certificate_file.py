"""Certificates as files hold them: in PEM, or in DER one after the other."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import islice
from typing import Final

from cryptography import x509

from appleattest.carriers.certificate_sequence import bounded
from appleattest.errors import MalformedInput, Reason
from appleattest.forms import Form, read_as
from appleattest.limits import Limits
from appleattest.wire import der

_PEM_FACTOR: Final = 4
"""How much longer than its certificates a PEM file may be: base64, and text around it."""


def certificates_in(content: bytes, limits: Limits) -> Sequence[bytes | x509.Certificate]:
    """The certificates of a file, in their order, for `Verifier.verify_chain`.

    They may be more than `limits` allow, which the verifier refuses. Raises `MalformedInput`:
    `malformed-certificate` where there is none, `too-large`.
    """
    if content[:1] == b"\x30":
        return list(islice(der.row(content), limits.certificates + 1))
    bounded(content, _PEM_FACTOR * limits.chain_bytes)
    return read_as(Form.PEM, content, lambda: x509.load_pem_x509_certificates(content), _malformed)


def _malformed(detail: str) -> MalformedInput:
    return MalformedInput(
        Reason.MALFORMED_CERTIFICATE, f"certificates in PEM or DER were expected: {detail}"
    )
