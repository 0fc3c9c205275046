"""What the server remembers, in SQLite: nonces, accounts, clients, orders, certificates."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from weakref import finalize

from appleattest import acme

_SCHEMA: Final = """
CREATE TABLE IF NOT EXISTS nonce (value TEXT PRIMARY KEY, expires TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS nonce_by_expiry ON nonce (expires);
CREATE TABLE IF NOT EXISTS account (thumbprint TEXT PRIMARY KEY, jwk TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS client (
    type TEXT, value TEXT, devices TEXT NOT NULL, used_by TEXT, PRIMARY KEY (type, value));
CREATE TABLE IF NOT EXISTS client_order (
    id TEXT PRIMARY KEY, account TEXT NOT NULL, identifier TEXT NOT NULL,
    challenge TEXT NOT NULL, expires TEXT NOT NULL, device TEXT, spki BLOB, chain TEXT);
CREATE TABLE IF NOT EXISTS certificate (serial BLOB PRIMARY KEY, spki_sha256 BLOB NOT NULL);
CREATE UNIQUE INDEX IF NOT EXISTS one_certificate_per_key ON certificate (spki_sha256);
"""


@dataclass(frozen=True, slots=True)
class Order:
    """An order with its one authorization and the one challenge of that, all of one id.

    The states (RFC 8555, section 7.1.6) are not kept but follow from what has happened, so no
    two of them can disagree.
    """

    id: str
    account: str
    identifier: acme.Identifier
    challenge: acme.Challenge = field(repr=False)
    expires: datetime
    device: str | None = None
    """The serial number or UDID that is attested, once the challenge is valid; else the id."""
    spki: bytes | None = None
    """The attested key, from then on."""
    chain: str | None = None
    """The certificate and its issuer in PEM, once it is issued."""

    def status(self, now: datetime) -> str:
        """The status of the order."""
        if self.chain is not None:
            return "valid"
        if now >= self.expires or self.challenge.status is acme.ChallengeStatus.INVALID:
            return "invalid"
        return "ready" if self.challenge.status is acme.ChallengeStatus.VALID else "pending"

    def authorization_status(self, now: datetime) -> str:
        """The status of its authorization."""
        if now < self.expires or self.challenge.status is acme.ChallengeStatus.INVALID:
            return self.challenge.status.value
        return "expired" if self.challenge.status is acme.ChallengeStatus.VALID else "invalid"


class Store:
    """One connection, for one caller at a time; `path` is a file, by default in memory."""

    def __init__(self, path: Path | str = ":memory:") -> None:
        self._database = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._database.executescript(_SCHEMA)
        self.close = finalize(self, self._database.close)  # by the caller; or with the store

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Until its end, no other process writes; an exception takes everything back."""
        self._database.execute("BEGIN IMMEDIATE")
        with self._database:
            yield

    def add_nonce(self, expires: datetime, now: datetime) -> str:
        """A new nonce; those that nobody has used in time are forgotten."""
        nonce = secrets.token_urlsafe(16)
        self._database.execute("DELETE FROM nonce WHERE expires <= ?", [_text(now)])
        self._database.execute("INSERT INTO nonce VALUES (?, ?)", [nonce, _text(expires)])
        return nonce

    def redeem_nonce(self, nonce: str, now: datetime) -> bool:
        """Whether the nonce is one of ours, in time and unused; from now on it is used."""
        used = "DELETE FROM nonce WHERE value = ? AND expires > ?"
        return self._database.execute(used, [nonce, _text(now)]).rowcount == 1

    def add_account(self, thumbprint: str, jwk: dict[str, Any]) -> None:
        """Keep a key by its thumbprint, which is the name of its account."""
        account = [thumbprint, json.dumps(jwk)]
        self._database.execute("INSERT INTO account VALUES (?, ?)", account)

    def account(self, thumbprint: str) -> dict[str, Any] | None:
        """The key of an account."""
        row = self._one("SELECT jwk FROM account WHERE thumbprint = ?", thumbprint)
        return None if row is None else json.loads(row[0])

    def admit(self, identifier: acme.Identifier, devices: Iterable[str] | acme.Answering) -> None:
        """Let one device enrol with this identifier; `devices` are those that may answer for it."""
        answering = devices.value if isinstance(devices, acme.Answering) else list(devices)
        self._database.execute(
            "INSERT INTO client VALUES (?, ?, ?, NULL)"
            " ON CONFLICT DO UPDATE SET devices = excluded.devices",
            [*identifier.to_dict().values(), json.dumps(answering)],
        )

    def devices(self, identifier: acme.Identifier) -> list[str] | acme.Answering:
        """Who may answer for a client; for one that is not admitted, the device that it names."""
        chosen = "SELECT devices FROM client WHERE type = ? AND value = ?"
        row = self._one(chosen, *identifier.to_dict().values())
        answering = acme.Answering.ORDERED.value if row is None else json.loads(row[0])
        return answering if isinstance(answering, list) else acme.Answering(answering)

    def use_client(self, identifier: acme.Identifier, device: str) -> bool:
        """Whether the identifier is admitted and no other device's; it is this device's then."""
        used = "UPDATE client SET used_by = :device WHERE type = :type AND value = :value"
        only_once = " AND ifnull(used_by, :device) = :device"
        values = {**identifier.to_dict(), "device": device}
        return self._database.execute(used + only_once, values).rowcount == 1

    def save(self, order: Order) -> None:
        """Keep the order as it is now."""
        parts = json.dumps(order.identifier.to_dict()), json.dumps(order.challenge.to_dict())
        attested = order.device, order.spki, order.chain
        row = [order.id, order.account, *parts, _text(order.expires), *attested]
        self._database.execute("REPLACE INTO client_order VALUES (?, ?, ?, ?, ?, ?, ?, ?)", row)

    def order(self, name: str) -> Order | None:
        """The order with this id."""
        row = self._one("SELECT * FROM client_order WHERE id = ?", name)
        if row is None:
            return None
        _, account, identifier, challenge, expires, *attested = row
        return Order(
            name,
            account,
            acme.identifier_from_dict(json.loads(identifier)),
            acme.Challenge.from_dict(json.loads(challenge)),
            datetime.fromisoformat(expires),
            *attested,
        )

    def add_certificate(self, serial: int, spki_sha256: bytes) -> bool:
        """Record a certificate before it is handed out; whether it is the first of its key.

        The index decides and not a look-up before it: of two requests at once, one fails.
        """
        row = [serial.to_bytes(20, "big"), spki_sha256]
        added = "INSERT OR IGNORE INTO certificate VALUES (?, ?)"
        return self._database.execute(added, row).rowcount == 1

    def _one(self, query: str, *values: str) -> Any:
        return self._database.execute(query, values).fetchone()


def _text(moment: datetime) -> str:
    """UTC and whole seconds, so that the order of texts is the order of times."""
    return moment.astimezone(UTC).isoformat(timespec="seconds")
