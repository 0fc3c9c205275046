"""The section `[DeviceAttest]` of acme_srv.cfg: whose attestations count, and who may enrol."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from configparser import ConfigParser
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from appleattest import TrustStore, Verifier, acme

SECTION = "DeviceAttest"


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the administrator has decided; read once, when the server starts.

    `clients` has the devices that may answer for each identifier that may enrol. None of them:
    the device that the identifier names.
    """

    verifier: Verifier
    clients: Mapping[acme.Identifier, tuple[str, ...]]

    @classmethod
    def load(cls, config: ConfigParser) -> Settings:
        """The settings of a configuration file.

        `clients` names a TOML file; without it nobody could enrol, so `KeyError` says that it is
        missing. `also_trust`, for tests alone, names a PEM file of a root beside Apple's.
        """
        section = config[SECTION]
        trust = TrustStore.apple()
        if "also_trust" in section:
            trust = trust.adding(Path(section["also_trust"]).read_bytes())
        tables = tomllib.loads(Path(section["clients"]).read_text(encoding="utf-8"))
        return cls(verifier=Verifier(trust=trust), clients=MappingProxyType(_clients(tables)))

    def devices(self, identifier: acme.Identifier) -> acme.Devices:
        """Who may answer; for an identifier that is not admitted, the device that it names."""
        return self.clients.get(identifier) or acme.Answering.ORDERED

    def admits(self, identifier: acme.Identifier) -> bool:
        """Whether a certificate is issued for it."""
        return identifier in self.clients


def _clients(
    tables: Mapping[str, Mapping[str, list[str]]],
) -> dict[acme.Identifier, tuple[str, ...]]:
    """One table for each type of identifier; its keys are values, and theirs are devices."""
    return {
        acme.identifier_from_dict({"type": kind, "value": value}): tuple(devices)
        for kind, clients in tables.items()
        for value, devices in clients.items()
    }
