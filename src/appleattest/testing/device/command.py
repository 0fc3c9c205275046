"""The `DeviceInformation` command as a device reads it."""

from __future__ import annotations

import plistlib
from dataclasses import dataclass
from typing import Final

ATTESTATION: Final = "DevicePropertiesAttestation"
LONGEST_NONCE: Final = 32


@dataclass(frozen=True, slots=True)
class DeviceInformationCommand:
    """A command: its ``CommandUUID``, its ``Queries`` and its nonce, as sent."""

    uuid: str
    queries: object
    sent_nonce: object

    @classmethod
    def parse(cls, command: bytes) -> DeviceInformationCommand:
        """Read a property list, XML or binary.

        Raises ``ValueError`` for anything but a ``DeviceInformation`` command: the server's fault.
        """
        try:
            document = plistlib.loads(command)
        except Exception as error:
            raise ValueError(f"the command is not a property list: {error}") from error
        match document:
            case {
                "CommandUUID": str(uuid),
                "Command": {"RequestType": "DeviceInformation"} as body,
            }:
                return cls(uuid, body.get("Queries"), body.get("DeviceAttestationNonce"))
        raise ValueError("not a command of RequestType DeviceInformation with a CommandUUID")

    @property
    def well_formed(self) -> bool:
        """Whether ``Queries`` is an array of at least one string."""
        queries = self.queries
        return isinstance(queries, list) and {str} == {type(query) for query in queries}

    @property
    def nonce_acceptable(self) -> bool:
        """Whether the nonce is absent, or data of 1 to 32 bytes."""
        return self.sent_nonce is None or self.nonce is not None

    @property
    def nonce(self) -> bytes | None:
        """The nonce; ``None`` when it is absent or not acceptable."""
        sent = self.sent_nonce
        return sent if isinstance(sent, bytes) and 0 < len(sent) <= LONGEST_NONCE else None

    def asks_for(self, query: str) -> bool:
        """Whether the query is among ``Queries``."""
        return isinstance(self.queries, list) and query in self.queries
