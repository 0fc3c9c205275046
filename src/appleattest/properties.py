"""What the leaf says of the device: one table of properties, and the results that derive from it.

To add a property, add its OID to `oids`, a row to `LeafProperties`, and a field to the mint
(`testing.properties`): CONTRIBUTING.md, "Add a property".

Three kinds of value are told apart (docs/properties.md):

- *blank*, like an absent one, is None: Apple could not determine the property. Never good.
- *well formed*: decoded. A status outside its documented values is `UNRECOGNIZED`.
- *malformed*: of a property that identifies the device it refuses the attestation. Of any other
  it is None and is listed in `malformed`: only Apple writes values, None satisfies no rule, and
  one odd encoding must not stop a fleet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final, Generic, NamedTuple, Self, TypeVar, overload

from appleattest import oids
from appleattest.errors import MalformedInput, Reason
from appleattest.property_values import (
    MalformedValue,
    SecureBoot,
    SystemIntegrityProtection,
    ThirdPartyKexts,
    read_kexts,
    read_secure_boot,
    read_sip,
    read_text,
    read_word,
)
from appleattest.sealed import FrozenMapping, Sealed, seal
from appleattest.wire import base64

_T = TypeVar("_T")


class Property(Generic[_T]):
    """A row of the table: the OID, the reader of its value, and whether it identifies the device.

    As an attribute of a result it is the decoded value, or None.
    """

    __slots__ = ("identifies", "name", "oid", "read")

    def __init__(
        self, oid: str, read: Callable[[bytes], _T | None], *, identifies: bool = False
    ) -> None:
        self.oid = oid
        self.read = read
        self.identifies = identifies
        self.name = ""

    def __set_name__(self, _owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...

    @overload
    def __get__(self, instance: LeafProperties, owner: type) -> _T | None: ...

    def __get__(self, instance: LeafProperties | None, owner: type) -> Self | _T | None:
        if instance is None:
            return self
        try:
            return self.decoded(instance.raw)
        except MalformedInput:
            return None

    def decoded(self, raw: Mapping[str, bytes]) -> _T | None:
        """The value among `raw`, by dotted OID; None for an absent or a blank one.

        Raises `MalformedInput` (`malformed-property`).
        """
        value = raw.get(self.oid)
        try:
            return None if value is None else self.read(value)
        except MalformedValue as error:
            detail = str(error)
        # Out here, so that the error has no context.
        raise MalformedInput(Reason.MALFORMED_PROPERTY, detail, element=self.oid)


class LeafProperties(Sealed):
    """The table of properties. The order is the order of judgement."""

    __slots__ = ("raw",)

    raw: Mapping[str, bytes]
    """Every extension under 1.2.840.113635.100.8, by dotted OID, as it stands in the leaf."""

    serial_number = Property[str](oids.SERIAL_NUMBER, read_word, identifies=True)
    udid = Property[str](oids.UDID, read_word, identifies=True)
    """The UDID; on a Mac the ProvisioningUDID."""
    software_update_device_id = Property[str](oids.SOFTWARE_UPDATE_DEVICE_ID, read_word)
    os_version = Property[str](oids.OS_VERSION, read_text)
    sepos_version = Property[str](oids.SEPOS_VERSION, read_text)
    llb_version = Property[str](oids.LLB_VERSION, read_text)
    sip = Property[SystemIntegrityProtection](oids.SYSTEM_INTEGRITY_PROTECTION, read_sip)
    secure_boot = Property[SecureBoot](oids.SECURE_BOOT, read_secure_boot)
    third_party_kexts = Property[ThirdPartyKexts](oids.THIRD_PARTY_KEXTS, read_kexts)

    @property
    def values(self) -> Mapping[str, Any]:
        """The decoded properties by name, decoded when they are asked for."""
        return FrozenMapping(decode_properties(self.raw).values)

    @property
    def malformed(self) -> frozenset[str]:
        """The OIDs of the properties whose value is not in its documented encoding."""
        return frozenset(decode_properties(self.raw).problems)

    def to_dict(self) -> dict[str, Any]:
        """The values as JSON types; `malformed` as a sorted list, `raw` as base64."""
        return {
            **{name: _plain(value) for name, value in self.values.items()},
            "malformed": sorted(self.malformed),
            "raw": {oid: base64.encode(value) for oid, value in self.raw.items()},
        }

    def __eq__(self, other: object) -> bool:
        return self.raw == other.raw if type(other) is type(self) else NotImplemented

    def __hash__(self) -> int:
        return hash(frozenset(self.raw.items()))

    def __repr__(self) -> str:
        shown = [(name, _plain(value)) for name, value in self.values.items() if value is not None]
        return f"{type(self).__name__}({', '.join(f'{name}={text!r}' for name, text in shown)})"


class DeviceProperties(LeafProperties):
    """What Apple attests of the device. None: Apple did not say, which is never good."""

    __slots__ = ()

    @property
    def identifies_device(self) -> bool:
        """Whether a serial number or a UDID is attested: under user enrolment, neither is."""
        return any(row.decoded(self.raw) is not None for row in _IDENTIFYING)


class ClaimedProperties(LeafProperties):
    """What a certificate says of a device when nobody has verified the certificate."""

    __slots__ = ()


PROPERTIES: tuple[Property[Any], ...] = tuple(
    each for each in vars(LeafProperties).values() if isinstance(each, Property)
)
"""The rows of the table."""


_IDENTIFYING: Final = tuple(row for row in PROPERTIES if row.identifies)


class DecodedValues(NamedTuple):
    """Every property by its name, and the errors of the malformed ones by their OID."""

    values: dict[str, Any]
    problems: dict[str, MalformedInput]


def decode_properties(raw: Mapping[str, bytes]) -> DecodedValues:
    """Decode the extensions under Apple's arc, given by dotted OID.

    An absent, blank or malformed property is None. OIDs without a documented meaning are left
    alone. The problems are `malformed-property`.
    """
    values: dict[str, Any] = {}
    problems: dict[str, MalformedInput] = {}
    for row in PROPERTIES:
        try:
            values[row.name] = row.decoded(raw)
        except MalformedInput as problem:
            values[row.name] = None
            problems[row.oid] = problem
    return DecodedValues(values, problems)


_L = TypeVar("_L", bound=LeafProperties)


def sealed_properties(cls: type[_L], raw: Mapping[str, bytes]) -> _L:
    """The result of one of the two classes."""
    return seal(cls, raw=FrozenMapping(raw))


def refuse_malformed_identity(raw: Mapping[str, bytes]) -> None:
    """Raise the problem of the first property that identifies the device, if one has a problem.

    None of it could be told from a device that Apple cannot name.
    """
    for row in _IDENTIFYING:
        row.decoded(raw)


def _plain(value: Any) -> Any:
    return value if value is None or isinstance(value, str) else value.value
