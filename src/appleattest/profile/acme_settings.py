"""What `ACMEPayload` (of a profile) and `ACMECredential` (of a declaration) have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from appleattest.profile.acme_rules import ACMEKeyType, acme_issues, refuse
from appleattest.profile.keys import CREDENTIAL, Form
from appleattest.profile.target import Target


@dataclass(frozen=True, slots=True, kw_only=True)
class SubjectAltName:
    """The alternative names that a device asks for, at most one of each kind."""

    rfc822_name: str | None = None
    dns_name: str | None = None
    uri: str | None = None
    nt_principal_name: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """The names by Apple's keys."""
        return given(
            {
                "rfc822Name": self.rfc822_name,
                "dNSName": self.dns_name,
                "uniformResourceIdentifier": self.uri,
                "ntPrincipalName": self.nt_principal_name,
            }
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ACMESettings:
    """How a device asks an ACME server for a certificate.

    By default the key is on P-384, bound to the hardware and attested, and the subject is the
    client identifier as common name. By that a server can bind the request at finalize.
    """

    _form: ClassVar[Form] = CREDENTIAL

    directory_url: str
    """The URL of the ACME server's directory; https."""
    client_identifier: str
    """What the device orders as `permanent-identifier`: its serial number, its UDID, or a code for
    one use that the MDM can resolve."""
    subject: Sequence[Sequence[Sequence[str]]] | None = None
    """The subject to ask for: a sequence of relative names, each a sequence of pairs. A pair is an
    OID or short name, and a value: `((("CN", "C02…"),), (("O", "Example"),))`."""
    key_type: ACMEKeyType = ACMEKeyType.EC
    key_size: int = 384
    """In bits."""
    hardware_bound: bool = True
    attest: bool = True
    subject_alt_name: SubjectAltName | None = None
    usage_flags: int | None = None
    """1 for digital signature, 4 for encryption, 5 for both."""
    extended_key_usage: Sequence[str] = ()
    """Dotted OIDs."""
    target: Target | None = None
    """The device that it is for: what it would refuse or ignore is refused here. Not written."""

    def __post_init__(self) -> None:
        if self.target is not None and not isinstance(self.target, Target):
            raise TypeError(f"target is a Target or None, not {type(self.target).__name__}")
        if not isinstance(self.subject_alt_name, SubjectAltName | None):
            raise TypeError("subject_alt_name (SubjectAltName) is a SubjectAltName or None")
        if self.subject is None:
            object.__setattr__(self, "subject", ((("CN", self.client_identifier),),))
        for name in ("subject", "extended_key_usage"):
            object.__setattr__(self, name, _tuples(getattr(self, name)))
        refuse(acme_issues(self.to_dict(), self._form, self.target))

    def to_dict(self) -> dict[str, Any]:
        """The settings by Apple's keys, as types of a property list or of JSON."""
        names, usages = self.subject_alt_name, self.extended_key_usage
        settings = {
            "DirectoryURL": self.directory_url,
            "ClientIdentifier": self.client_identifier,
            "KeyType": self.key_type,
            "KeySize": self.key_size,
            "HardwareBound": self.hardware_bound,
            "Attest": self.attest,
            "Subject": _lists(self.subject),
            "SubjectAltName": None if names is None else names.to_dict(),
            "UsageFlags": self.usage_flags,
            "ExtendedKeyUsage": None if usages == () else _lists(usages),
        }
        return given(settings)


def given(values: dict[str, Any]) -> dict[str, Any]:
    """The values without those that are None; members of a `StrEnum` become `str`."""
    return {
        key: str(value) if isinstance(value, str) else value
        for key, value in values.items()
        if value is not None
    }


def _tuples(value: object) -> object:
    """Lists and tuples, also inside one another, as tuples; anything else as it is."""
    return tuple(map(_tuples, value)) if isinstance(value, list | tuple) else value


def _lists(value: object) -> object:
    return list(map(_lists, value)) if isinstance(value, tuple) else value
