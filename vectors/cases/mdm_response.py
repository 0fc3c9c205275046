"""The response property list: what is accepted, and where the attestation must stand."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from appleattest import Reason
from appleattest.testing import AttestationAuthority, Properties, carriers, chains
from vectors import handmade
from vectors.case import MdmInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag
from vectors.handmade import KEY, plist

FILE: Final = "mdm_response"
FORMS: Final = {"xml": False, "binary": True}


def chain_of(authority: AttestationAuthority) -> list[bytes]:
    """A genuine chain for the nonce of every case."""
    return authority.attest(properties=Properties.iphone_16())


@valid(FILE, Flag.GENUINE, Flag.CARRIER_FORM, each=FORMS)
def genuine(authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``{CommandUUID, Status, UDID, QueryResponses {DevicePropertiesAttestation [leaf, int.]}}``

    What a device answers when it was asked for its attestation alone, in either form.
    """
    return MdmInput(authority.response_plist(binary=binary))


_QUERIES: Final[dict[str, Any]] = {
    "SerialNumber": "TESTSERIAL01",
    "UDID": carriers.DEVICE_UDID,
    "OSVersion": "14.2",
    "IsSupervised": True,
    "BatteryLevel": 0.5,
    "DeviceCapacity": 512,
    "LastCloudBackupDate": datetime(2025, 7, 1),  # noqa: DTZ001 - naive, as plistlib has it
    "ServiceSubscriptions": [{"Slot": "CTSubscriptionSlotOne"}],
}


@valid(FILE, Flag.IGNORED_MEMBER, each=FORMS)
def other_answers(authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``QueryResponses {DevicePropertiesAttestation, SerialNumber, OSVersion, …}``

    The command asked for more than the attestation. Each type of a property list occurs.
    """
    return MdmInput(authority.response_plist(query_responses=_QUERIES, binary=binary))


@valid(FILE, Flag.IGNORED_MEMBER, each=FORMS)
def unknown_keys(authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``{…, UserID, ErrorChain [], Later {…}}``: keys that this command does not document."""
    extra = {"UserID": "test", "ErrorChain": [], "Later": {"": [b"", "", False]}}
    return MdmInput(authority.response_plist(extra=extra, binary=binary))


@valid(FILE, Flag.USER_ENROLMENT, each=FORMS)
def user_enrolment(authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``{EnrollmentID instead of UDID, …}``: the response of user enrolment."""
    response = authority.response_plist(
        properties=Properties.iphone().user_enrolled(),
        enrollment_id="TEST-ENROLLMENT-ID",
        binary=binary,
    )
    return MdmInput(response)


@valid(FILE, Flag.IGNORED_MEMBER)
def attestation_and_status_alone(authority: AttestationAuthority) -> MdmInput:
    """``{Status, QueryResponses {DevicePropertiesAttestation}}``

    Without CommandUUID and UDID, which no step of the verification needs.
    """
    response = {"Status": "Acknowledged", "QueryResponses": {KEY: chain_of(authority)}}
    return MdmInput(plist(response))


def _spaced(text: str) -> str:
    return text.replace("<data>", "<data>\n\t\t").replace("</data>", " \r\n\t</data>")


_STYLES: Final[dict[str, Callable[[str], str]]] = {
    "white-space-in-data": lambda body: handmade.xml(_spaced(body)),
    "no-doctype": lambda body: handmade.xml(body, doctype=""),
    "no-declaration": lambda body: f"<plist version='1.0'>{body}</plist>",
    "no-version": lambda body: handmade.xml(body).replace(' version="1.0">\n<dict', ">\n<dict"),
    "comment": lambda body: handmade.xml(f"<!-- sent by a test -->{body}"),
    "lower-case-encoding": lambda body: handmade.xml(body, declared="utf-8"),
    "predefined-entity": lambda body: handmade.xml(body.replace("UDID", "A&amp;B&#67;")),
}


@valid(FILE, Flag.CARRIER_FORM, each=_STYLES)
def xml_written_with(authority: AttestationAuthority, write: Callable[[str], str]) -> MdmInput:
    """``<plist><dict>…</dict></plist>``: another way of writing the same values in XML."""
    body = handmade.response(handmade.answer(chain_of(authority)))
    return MdmInput(write(body).encode())


_STATUSES: Final = {
    "error": "Error",
    "not-now": "NotNow",
    "command-format-error": "CommandFormatError",
    "idle": "Idle",
    "unknown": "Later",
    "empty": "",
    "lower-case": "acknowledged",
    "trailing-space": "Acknowledged ",
    "trailing-line-feed": "Acknowledged\n",
    "prefix": "Ack",
    "integer": 0,
    "true": True,
    "data": b"Acknowledged",
    "array": ["Acknowledged"],
}


@invalid(FILE, Reason.NOT_ACKNOWLEDGED, Flag.NO_ATTESTATION, each=_STATUSES)
def status(authority: AttestationAuthority, value: Any) -> MdmInput:
    """``{Status: anything but Acknowledged, QueryResponses {a genuine attestation}}``

    Only Acknowledged acknowledges; what else stands in such a response answers nothing.
    """
    return MdmInput(carriers.response_plist(chain_of(authority), extra={"Status": value}))


@invalid(FILE, Reason.NOT_ACKNOWLEDGED, Flag.NO_ATTESTATION)
def status_absent(authority: AttestationAuthority) -> MdmInput:
    """``{QueryResponses {a genuine attestation}}``: absent is not Acknowledged."""
    return MdmInput(plist({"QueryResponses": {KEY: chain_of(authority)}}))


@invalid(
    FILE,
    Reason.NOT_ACKNOWLEDGED,
    Flag.NO_ATTESTATION,
    each={"error": "Error", "command-format-error": "CommandFormatError", "not-now": "NotNow"},
)
def status_and_nothing_else(_authority: AttestationAuthority, value: str) -> MdmInput:
    """``{CommandUUID, Status, UDID}``: how a device answers a command that it has not run."""
    response = {"CommandUUID": carriers.COMMAND_UUID, "Status": value, "UDID": "0"}
    return MdmInput(plist(response))


_Chain = list[bytes]
_SILENT: Final[dict[str, Callable[[_Chain], dict[str, Any]]]] = {
    "key-absent": lambda _: {"QueryResponses": {"SerialNumber": "TESTSERIAL01"}},
    "udid-alone": lambda _: {"QueryResponses": {"UDID": carriers.DEVICE_UDID}},
    "no-answer": lambda _: {"QueryResponses": {}},
    "no-query-responses": lambda _: {},
    "empty-array": lambda _: {"QueryResponses": {KEY: []}},
    "at-the-top": lambda chain: {KEY: chain},
    "other-case": lambda chain: {"QueryResponses": {KEY.lower(): chain}},
    "trailing-space": lambda chain: {"QueryResponses": {f"{KEY} ": chain}},
    "one-level-deeper": lambda chain: {"QueryResponses": {"QueryResponses": {KEY: chain}}},
}


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION, each=_SILENT)
def silent(authority: AttestationAuthority, answer: Callable[[_Chain], dict[str, Any]]) -> MdmInput:
    """``{Status: Acknowledged, …}`` without an attestation in its place.

    A device that cannot attest, or that failed to, acknowledges and leaves the key out. That
    is no success, and no attack either.
    """
    return MdmInput(plist({"Status": "Acknowledged", **answer(chain_of(authority))}))


@invalid(FILE, Reason.NO_ATTESTATION, Flag.NO_ATTESTATION, each=FORMS)
def silent_without_a_nonce(_authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``no nonce sent -> {Status: Acknowledged, QueryResponses {}}``

    That no freshness is checked does not make up for an attestation.
    """
    response = {"Status": "Acknowledged", "QueryResponses": {}}
    return MdmInput(plist(response, binary=binary), nonce=None)


_ANSWERS: Final = {"array": [], "text": "x", "data": b"x", "integer": 1, "false": False}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_ANSWERS)
def query_responses_is(_authority: AttestationAuthority, value: Any) -> MdmInput:
    """``{Status, QueryResponses: no dictionary}``

    Present, and not what is documented: it is not taken for absent.
    """
    return MdmInput(plist({"Status": "Acknowledged", "QueryResponses": value}))


_NO_ARRAYS: Final[dict[str, Callable[[_Chain], Any]]] = {
    "leaf-alone": lambda chain: chain[0],
    "joined": b"".join,
    "dictionary": lambda chain: {"0": chain[0], "1": chain[1]},
    "base64-text": lambda chain: handmade.data(chain[0])[6:-7],
    "text": lambda _: "x",
    "empty-text": lambda _: "",
    "empty-data": lambda _: b"",
    "empty-dictionary": lambda _: {},
    "integer": lambda _: 0,
    "false": lambda _: False,
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_NO_ARRAYS)
def attestation_is(authority: AttestationAuthority, value: Callable[[_Chain], Any]) -> MdmInput:
    """``QueryResponses {DevicePropertiesAttestation: no array}``

    Present, and not an array of data: neither absent nor to be interpreted.
    """
    answers = {KEY: value(chain_of(authority))}
    return MdmInput(plist({"Status": "Acknowledged", "QueryResponses": answers}))


_NO_DATA: Final[dict[str, Callable[[_Chain], list[Any]]]] = {
    "leaf-in-base64-text": lambda chain: [handmade.data(chain[0])[6:-7], chain[1]],
    "intermediate-in-base64-text": lambda chain: [chain[0], handmade.data(chain[1])[6:-7]],
    "nested-arrays": lambda chain: [[each] for each in chain],
    "array-in-an-array": lambda chain: [chain],
    "dictionary": lambda chain: [{"data": chain[0]}, chain[1]],
    "integer-after": lambda chain: [*chain, 0],
    "false-after": lambda chain: [*chain, False],
    "text-before": lambda chain: ["", *chain],
    "date-after": lambda chain: [*chain, datetime(2025, 7, 1)],  # noqa: DTZ001 - as plistlib has it
}


@invalid(FILE, Reason.MALFORMED_PLIST, Flag.MALFORMED_PLIST, each=_NO_DATA)
def attestation_holds(
    authority: AttestationAuthority, items: Callable[[_Chain], list[Any]]
) -> MdmInput:
    """``DevicePropertiesAttestation [something that is no data]``

    Every entry is data; one that is not is not passed over.
    """
    answers = {KEY: items(chain_of(authority))}
    return MdmInput(plist({"Status": "Acknowledged", "QueryResponses": answers}))


_NO_CERTIFICATES: Final[dict[str, Callable[[_Chain], _Chain]]] = {
    "empty-leaf": lambda chain: [b"", chain[1]],
    "empty-intermediate": lambda chain: [chain[0], b""],
    "empty-after": lambda chain: [*chain, b""],
    "noise-after": lambda chain: [*chain, b"noise"],
    "hex-leaf": lambda chain: [chain[0].hex().encode(), chain[1]],
    "one-data-for-both": lambda chain: [chain[0] + chain[1]],
}


@acceptable(
    FILE,
    Flag.DEFECTIVE_EXTRA,
    reason=Reason.MALFORMED_CERTIFICATE,
    each=only(_NO_CERTIFICATES, "empty-after", "noise-after"),
)
@invalid(
    FILE,
    Reason.MALFORMED_CERTIFICATE,
    Flag.MALFORMED_CERTIFICATE,
    each=but(_NO_CERTIFICATES, "empty-after", "noise-after"),
)
def certificates_are(
    authority: AttestationAuthority, items: Callable[[_Chain], _Chain]
) -> MdmInput:
    """``DevicePropertiesAttestation [data that is no certificate]``

    What does not decode is refused by this library wherever it stands. After the certificates of
    the path others may ignore it.
    """
    return MdmInput(carriers.response_plist(items(chain_of(authority))))


@invalid(FILE, Reason.UNKNOWN_ISSUER, Flag.UNTRUSTED_ISSUER, each={"alone": 1, "twice": 2})
def leaf(authority: AttestationAuthority, count: int) -> MdmInput:
    """``DevicePropertiesAttestation [leaf] or [leaf, leaf]``

    Its issuer is not there, and nothing is remembered or fetched in its place.
    """
    return MdmInput(carriers.response_plist([chain_of(authority)[0]] * count))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE, each=FORMS)
def six_certificates(authority: AttestationAuthority, binary: bool) -> MdmInput:
    """``[leaf, intermediate, four of another root]``: Apple sends two; five are read."""
    chain = [*chain_of(authority), *chains.unrelated(authority, 4)]
    return MdmInput(carriers.response_plist(chain, binary=binary))


@acceptable(FILE, Flag.TOO_LARGE, reason=Reason.TOO_LARGE, each={"third": 2})
@invalid(FILE, Reason.TOO_LARGE, Flag.MALFORMED_CERTIFICATE, each={"leaf": 0})
def certificate_of_8_kib(authority: AttestationAuthority, place: int) -> MdmInput:
    """``[…, 8,192 octets, …]``: Apple's certificates have under 900, and 4,096 are read.

    They are no certificate, which matters where the leaf is due.
    """
    chain = chain_of(authority)
    chain[place : place + 1] = [bytes(8192)]
    return MdmInput(carriers.response_plist(chain))
