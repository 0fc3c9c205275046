"""Rows for the tests of batches: one of each carrier that verifies, and settings that trust it."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.batch import Row, Settings
from appleattest.testing import AttestationAuthority, Properties, carriers
from appleattest.wire import base64url

AUTHORITY: Final = AttestationAuthority("the tests of batches")
MAC: Final = Properties.mac()
SERIAL: Final = "TESTSERIAL01"
AT: Final = AUTHORITY.verified().verified_at
NONCE: Final = b"n" * 32
EARLIER: Final = b"e" * 32
TOKEN: Final = "2uO9Yz0bJkqQm1sVtXwA4g"
OF_TOKEN: Final = hashlib.sha256(TOKEN.encode()).digest()

SETTINGS: Final = Settings(trust=AUTHORITY.trust, at=AT)

CHAIN: Final = AUTHORITY.attest(properties=MAC, freshness_code=NONCE)
PEM: Final = b"".join(
    x509.load_der_x509_certificate(der).public_bytes(Encoding.PEM) for der in CHAIN
)
PLIST: Final = carriers.response_plist(CHAIN)
EVENT: Final = carriers.webhook_event(PLIST)
CBOR: Final = AUTHORITY.attestation_object(properties=MAC, freshness_code=OF_TOKEN)
BASE64URL: Final = base64url.encode(CBOR).encode()
CHALLENGE_RESPONSE: Final = carriers.challenge_response(CBOR)

MDM: Final = Row("of mdm", "mdm", PLIST, nonce=NONCE, serial_number=SERIAL)
ACME: Final = Row("of acme", "acme", CBOR, token=TOKEN, identifier=SERIAL)
OF_CHAIN: Final = Row("of a chain", "chain", PEM, freshness=NONCE)
GOOD: Final = (MDM, ACME, OF_CHAIN)


def as_dict(row: Row) -> dict[str, Any]:
    """The row as a mapping."""
    return row._asdict()


def event_without_response() -> bytes:
    """A webhook event of a device that has checked out."""
    document = json.loads(EVENT)
    payload = b"<plist><dict><key>MessageType</key><string>CheckOut</string></dict></plist>"
    from base64 import b64encode

    event = document.pop("acknowledge_event")
    document["checkin_event"] = {**event, "raw_payload": b64encode(payload).decode()}
    document["topic"] = "mdm.CheckOut"
    return json.dumps(document).encode()
