"""Apple's MDM client, as a simulated device plays it: check-in, poll, answer.

    client = MDMClient(url, device, identities)
    client.authenticate()
    client.token_update()
    client.poll()

Property lists by HTTP PUT, each signed with the enrolment's identity: a detached CMS signature in
`Mdm-Signature`, as a profile with `SignMessage` asks for. Source: Apple, "Check-in", "Sending MDM
commands to a device" and "Managing certificates for MDM servers and devices".
"""

from __future__ import annotations

import base64
import plistlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, Final
from urllib.request import Request, urlopen

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, pkcs7
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from appleattest.testing import SimulatedDevice

CHECK_IN: Final = "application/x-apple-aspen-mdm-checkin"
COMMAND: Final = "application/x-apple-aspen-mdm"
SECONDS: Final = 20
"""How long a server may take for one answer."""
TOPIC: Final = "com.apple.mgmt.External.example"


class Identities:
    """An authority for the identity certificates of enrolments; its keys are new in each run."""

    def __init__(self) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.root = self._issue("Identities", self.key.public_key(), is_ca=True)

    def pem(self) -> bytes:
        return self.root.public_bytes(Encoding.PEM)

    def issue(self, name: str, key: ec.EllipticCurvePublicKey) -> x509.Certificate:
        """A certificate of an enrolment."""
        return self._issue(name, key, is_ca=False)

    def _issue(self, name: str, key: ec.EllipticCurvePublicKey, *, is_ca: bool) -> x509.Certificate:
        now = datetime.now(UTC)
        constraints = x509.BasicConstraints(ca=is_ca, path_length=None)
        usage = x509.ExtendedKeyUsage([ExtendedKeyUsageOID.CLIENT_AUTH])
        return (
            x509.CertificateBuilder()
            .subject_name(_common_name(name))
            .issuer_name(_common_name("Identities"))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - timedelta(hours=1))
            .not_valid_after(now + timedelta(hours=1))
            .add_extension(constraints, critical=True)
            .add_extension(usage, critical=False)
            .sign(self.key, hashes.SHA256())
        )


def _common_name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


class MDMClient:
    """One device at an MDM server: `url` is the ServerURL of its enrolment profile."""

    def __init__(self, url: str, device: SimulatedDevice, identities: Identities) -> None:
        self.url = url
        self.device = device
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._identity = identities.issue(device.model.serial_number, self._key.public_key())

    def authenticate(self) -> None:
        """Begin to enrol."""
        model = self.device.model
        self._check_in("Authenticate", SerialNumber=model.serial_number, OSVersion=model.os_version)

    def token_update(self) -> None:
        """Say how it can be woken; it is enrolled."""
        self._check_in("TokenUpdate", Token=b"token", PushMagic="magic")

    def check_out(self, **said: str) -> None:
        """Say that the enrolment profile is being removed; with a `UserID`, that a user leaves."""
        self._check_in("CheckOut", **said)

    def poll(self) -> int:
        """Ask for commands until there are none; how many there were."""
        idle = plistlib.dumps({"Status": "Idle", "UDID": self.device.model.udid})
        answered, command = 0, self._put(idle, COMMAND)
        while command:
            response = self.device.answer(command)
            answered, command = answered + 1, self._put(response, COMMAND)
            if plistlib.loads(response)["Status"] == "NotNow":
                break
        return answered

    def _check_in(self, message_type: str, **said: Any) -> None:
        message = {"MessageType": message_type, "Topic": TOPIC, "UDID": self.device.model.udid}
        self._put(plistlib.dumps({**message, **said}), CHECK_IN)

    def _put(self, body: bytes, content_type: str) -> bytes:
        signature = (
            pkcs7.PKCS7SignatureBuilder()
            .set_data(body)
            .add_signer(self._identity, self._key, hashes.SHA256())
            .sign(
                Encoding.DER,
                [pkcs7.PKCS7Options.DetachedSignature, pkcs7.PKCS7Options.Binary],
            )
        )
        header = base64.b64encode(signature).decode()
        headers = {"Content-Type": content_type, "Mdm-Signature": header}
        request = Request(self.url, body, headers, method="PUT")  # noqa: S310 - loopback
        with urlopen(request, timeout=SECONDS) as response:  # noqa: S310 - loopback
            answer: bytes = response.read()
        return answer
