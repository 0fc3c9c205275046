"""What the cases about certificate requests share: requests of the attested key, and names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from appleattest.acme import CSRBinding, PermanentIdentifier
from appleattest.testing import csr
from vectors.case import SERIAL, CsrInput

if TYPE_CHECKING:
    from cryptography import x509

    from appleattest.testing import AttestationAuthority

SHOWN: Final = PermanentIdentifier(SERIAL).other_name()
"""The order's identifier as an alternative name."""
NAMED: Final = csr.subject_of(SERIAL)
"""The subject as Apple's client makes it: the order's identifier as common name."""
NOBODY: Final = csr.subject()
"""The empty subject."""


def request(
    authority: AttestationAuthority, *extensions: bytes, subject: bytes = NAMED, **changed: Any
) -> bytes:
    """A request for the attested key, and signed by it, unless `changed` says otherwise."""
    return csr.request(authority.attested_key, *extensions, subject=subject, **changed)


def asking(authority: AttestationAuthority, *extensions: bytes) -> CsrInput:
    """``CN=order's [extensions]``: a request as Apple's client makes it, with these extensions."""
    return CsrInput(csr=request(authority, *extensions))


def showing(
    authority: AttestationAuthority, subject: bytes, *names: x509.GeneralName, **asked: Any
) -> CsrInput:
    """``[subject] SAN=[names]``: a request of that subject and those names, no more."""
    extensions = [csr.alternatives(*names)] if names else []
    return CsrInput(csr=request(authority, *extensions, subject=subject), **asked)


def modes(*chosen: CSRBinding) -> dict[str, CSRBinding]:
    """These modes of binding, by name."""
    return {mode.value: mode for mode in chosen}


WITH_IDENTIFIER: Final = modes(CSRBinding.SAN_REQUIRED, CSRBinding.CN_OR_SAN, CSRBinding.OPTIONAL)
"""The modes that allow a request to show the order's identifier."""
EVERY_MODE: Final = modes(*CSRBinding)
