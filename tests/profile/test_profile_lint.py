"""The linter: what it says of a profile as a whole, of its envelope, and of anything else."""

from __future__ import annotations

import copy
import json
import pickle
import plistlib
import shutil
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from asn1crypto import cms
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.hazmat.primitives.serialization.pkcs7 import (
    PKCS7EnvelopeBuilder,
    PKCS7Options,
    PKCS7SignatureBuilder,
)
from hypothesis import given, settings
from hypothesis import strategies as st
from profile_tools import acme_payload, codes, document, lint, places, profile, wifi

from appleattest import Limits, Reason
from appleattest.policy import Platform
from appleattest.profile import (
    PROFILE_LIMITS,
    LintCode,
    LintIssue,
    LintResult,
    LintSeverity,
    Target,
    ber,
    lint_profile,
)
from appleattest.testing import der
from hostile_input import accepted_or_refused, assert_refused, peak_memory

HERE = "PayloadContent[0]"
PLIST = profile().to_plist()


# --- advice --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "code", "key"),
    [
        ({"Attest": False}, LintCode.ATTEST_OFF, ".Attest"),
        ({"Attest": ...}, LintCode.ATTEST_OFF, ".Attest"),
        ({"KeySize": 256}, LintCode.KEY_SIZE_256, ".KeySize"),
        ({"AllowAllAppsAccess": True}, LintCode.ALL_APPS_ACCESS, ".AllowAllAppsAccess"),
        ({"Attested": True}, LintCode.UNKNOWN_KEY, ""),
        ({"Hardwarebound": True}, LintCode.UNKNOWN_KEY, ""),
        ({"Subject": [[["CN", "another"]]]}, LintCode.COMMON_NAME, ".Subject"),
        ({"Subject": []}, LintCode.COMMON_NAME, ".Subject"),
        ({"Subject": [[["CN", "TESTSERIAL01"], ["O", "a"]]]}, LintCode.COMMON_NAME, ".Subject"),
        ({"Subject": [[["CN", "TESTSERIAL01"]]] * 2}, LintCode.COMMON_NAME, ".Subject"),
        (
            {"ClientIdentifier": "L" * 65, "Subject": [[["CN", "L" * 65]]]},
            LintCode.COMMON_NAME,
            ".Subject",
        ),
    ],
)
def test_advice(changes: dict[str, Any], code: LintCode, key: str) -> None:
    assert codes(document(**changes)) == [(code, f"{HERE}{key}")]


@pytest.mark.parametrize(
    "changes",
    [
        {"AllowAllAppsAccess": False},
        {"KeyIsExtractable": True},
        {"PayloadEnabled": True},
        {"Subject": [[["O", "a"]], [["2.5.4.3", "TESTSERIAL01"]]]},
        {"ClientIdentifier": "L" * 64, "Subject": [[["CN", "L" * 64]]]},
    ],
)
def test_nothing_to_advise(changes: dict[str, Any]) -> None:
    assert codes(document(**changes)) == []


@pytest.mark.parametrize("extractable", [True, False, ...])
def test_a_key_that_can_be_exported(extractable: Any) -> None:
    changes = {"HardwareBound": False, "Attest": False, "KeyIsExtractable": extractable}
    changes = {key: value for key, value in changes.items() if value is not ...}
    exportable = [(LintCode.KEY_EXTRACTABLE, f"{HERE}.KeyIsExtractable")]
    assert codes(document(**changes)) == [
        (LintCode.ATTEST_OFF, f"{HERE}.Attest"),
        *([] if extractable is False else exportable),
    ]


def test_a_misspelt_key_is_explained() -> None:
    (issue,) = lint(document(Hardwarebound=True))
    assert "did you mean HardwareBound?" in issue.explanation
    (issue,) = lint(document(**{"Attested\n": True}))
    assert "'Attested\\n'" in issue.explanation
    assert "did you mean" not in issue.explanation


@pytest.mark.parametrize(
    "identifier", ["$SERIALNUMBER", "${serial}", "{{SerialNumber}}", "%SerialNumber%", "a-$x"]
)
def test_a_variable_that_nobody_replaced(identifier: str) -> None:
    made = document(ClientIdentifier=identifier, Subject=[[["CN", identifier]]])
    assert codes(made) == [(LintCode.PLACEHOLDER, f"{HERE}.ClientIdentifier")]


@pytest.mark.parametrize("identifier", ["$5", "100%", "a%b", "{a}"])
def test_a_sign_alone_is_no_variable(identifier: str) -> None:
    assert codes(document(ClientIdentifier=identifier, Subject=[[["CN", identifier]]])) == []


def test_no_payload_refers_to_the_identity() -> None:
    made = profile(acme_payload()).to_dict()
    assert codes(made) == [(LintCode.UNREFERENCED, f"{HERE}.PayloadUUID")]
    assert codes(document(PayloadUUID=...)) == [(LintCode.MISSING_KEY, f"{HERE}.PayloadUUID")]


def test_an_identity_does_not_refer_to_itself() -> None:
    uuid = acme_payload().payload_uuid
    alone = profile(acme_payload(description=uuid)).to_dict()
    assert codes(alone) == [(LintCode.UNREFERENCED, f"{HERE}.PayloadUUID")]
    assert codes(profile(acme_payload(description=uuid), wifi()).to_dict()) == []


def test_a_profile_without_an_identity_attests_nothing() -> None:
    made = profile(wifi()).to_dict()
    assert codes(made) == [(LintCode.NO_ACME_PAYLOAD, "PayloadContent")]


# --- the profile itself --------------------------------------------------------------------------


UUID_OF_PROFILE = profile().payload_uuid.lower()


def changed(**changes: Any) -> dict[str, Any]:
    made = {**document(), **changes}
    return {key: value for key, value in made.items() if value is not ...}


@pytest.mark.parametrize(
    ("made", "expected"),
    [
        (changed(PayloadType="com.apple.security.acme"), [(LintCode.PAYLOAD_TYPE, "PayloadType")]),
        (changed(PayloadType=...), [(LintCode.MISSING_KEY, "PayloadType")]),
        (changed(PayloadVersion=2), [(LintCode.PAYLOAD_VERSION, "PayloadVersion")]),
        (changed(PayloadIdentifier="x"), [(LintCode.PAYLOAD_IDENTIFIER, "PayloadIdentifier")]),
        (changed(PayloadUUID="x"), [(LintCode.PAYLOAD_UUID, "PayloadUUID")]),
        (changed(PayloadDisplayName=1), [(LintCode.WRONG_TYPE, "PayloadDisplayName")]),
        (changed(PayloadScope="user"), [(LintCode.PAYLOAD_SCOPE, "PayloadScope")]),
        (
            changed(PayloadContent=...),
            [
                (LintCode.MISSING_KEY, "PayloadContent"),
                (LintCode.NO_ACME_PAYLOAD, "PayloadContent"),
            ],
        ),
        (
            changed(PayloadContent=[*document()["PayloadContent"], "x"]),
            [(LintCode.WRONG_TYPE, "PayloadContent[2]")],
        ),
        (
            changed(PayloadContent=[document()["PayloadContent"][0]] * 2),
            [
                (LintCode.UUID_REPEATED, "PayloadContent[1].PayloadUUID"),
                (LintCode.IDENTIFIER_REPEATED, "PayloadContent[1].PayloadIdentifier"),
                (LintCode.UNREFERENCED, "PayloadContent[0].PayloadUUID"),
                (LintCode.UNREFERENCED, "PayloadContent[1].PayloadUUID"),
            ],
        ),
        (
            changed(PayloadContent=[wifi(0), wifi(1, str(UUID(int=1))), wifi(0, UUID_OF_PROFILE)]),
            [
                (LintCode.UUID_REPEATED, "PayloadContent[2].PayloadUUID"),
                (LintCode.IDENTIFIER_REPEATED, "PayloadContent[2].PayloadIdentifier"),
                (LintCode.NO_ACME_PAYLOAD, "PayloadContent"),
            ],
        ),
        (
            changed(PayloadContent=..., EncryptedPayloadContent=b"x"),
            [(LintCode.ENCRYPTED, "EncryptedPayloadContent")],
        ),
        (
            changed(PayloadContent=..., IsEncrypted=True),
            [(LintCode.ENCRYPTED, "EncryptedPayloadContent")],
        ),
        (changed(IsEncrypted=False), []),
        (changed(PayloadExpirationDate=datetime(2025, 1, 1, tzinfo=UTC).replace(tzinfo=None)), []),
    ],
)
def test_the_profile_itself(made: dict[str, Any], expected: list[tuple[LintCode, str]]) -> None:
    assert codes(made) == expected


def test_a_payload_without_identifier_and_uuid() -> None:
    made = profile().to_dict()
    made["PayloadContent"][1] = {"PayloadType": "com.apple.wifi.managed", "PayloadVersion": 1}
    assert codes(made) == [
        (LintCode.MISSING_KEY, "PayloadContent[1].PayloadIdentifier"),
        (LintCode.MISSING_KEY, "PayloadContent[1].PayloadUUID"),
        (LintCode.UNREFERENCED, f"{HERE}.PayloadUUID"),
    ]


# --- the result ----------------------------------------------------------------------------------


@pytest.mark.parametrize("code", list(LintCode))
def test_a_severity_decides_whether_it_would_attest(code: LintCode) -> None:
    issue = LintIssue(code, "", "because")
    harmless = (LintSeverity.ADVICE, LintSeverity.INFORMATION)
    assert LintResult((issue,), signed=False).would_attest is (issue.severity in harmless)
    assert LintResult((), signed=False).would_attest


def test_neither_a_result_nor_an_issue_is_true_or_false() -> None:
    """`if lint_profile(…)` would be true of every profile."""
    issue = LintIssue(LintCode.ENCRYPTED, "", "because")
    with pytest.raises(TypeError, match=r"^LintResult is neither .* would_attest$"):
        bool(LintResult((), signed=False))
    with pytest.raises(TypeError, match=r"^LintIssue is neither .* severity$"):
        bool(issue)


@dataclass(frozen=True)
class Holder:
    held: object


def test_a_result_is_its_own_copy_and_survives_a_process_pool() -> None:
    result = lint_profile(signed(plistlib.dumps(document(KeySize=521))))
    for each in (result, *result.issues):
        assert copy.copy(each) is each
        assert copy.deepcopy([each])[0] is each
        assert pickle.loads(pickle.dumps(each)) == each
        assert asdict(Holder(each))["held"]
    assert json.loads(json.dumps(result.to_dict())) == {
        "would_attest": False,
        "signed": True,
        "issues": [issue.to_dict() for issue in result.issues],
    }


def test_a_finding_says_where_and_what() -> None:
    (issue,) = lint(document(KeySize=521))
    assert str(issue) == (
        "forbidden: PayloadContent[0].KeySize: with HardwareBound the key size is 256 or 384 "
        "(recommended) [hardware-bound-key-size]"
    )
    assert issue.to_dict() == {
        "code": "hardware-bound-key-size",
        "severity": "forbidden",
        "place": "PayloadContent[0].KeySize",
        "explanation": "with HardwareBound the key size is 256 or 384 (recommended)",
    }
    assert str(LintIssue(LintCode.ENCRYPTED, "", "why")) == "unjudged: profile: why [encrypted]"


def test_the_target_and_the_limits_are_the_callers() -> None:
    with pytest.raises(TypeError, match="target"):
        lint_profile(PLIST, target="macos")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="limits"):
        lint_profile(PLIST, limits=None)  # type: ignore[arg-type]
    target = Target(platform=Platform.MACOS, os_version="13.6")
    assert lint_profile(PLIST).would_attest
    assert not lint_profile(PLIST, target=target).would_attest


# --- the envelope --------------------------------------------------------------------------------

RSA_KEY = rsa.generate_private_key(65537, 2048)
EC_KEY = ec.generate_private_key(ec.SECP256R1())
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey
AT = datetime(2025, 1, 1, tzinfo=UTC)
NOT_CHECKED = [(LintCode.SIGNATURE_NOT_CHECKED, "")]


def certificate(key: Key) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), 7, AT, AT.replace(2035))
    return builder.sign(key, hashes.SHA256())


RSA_SIGNER, EC_SIGNER = certificate(RSA_KEY), certificate(EC_KEY)


def signed(content: bytes = PLIST, key: Key = RSA_KEY, *options: PKCS7Options) -> bytes:
    signer = RSA_SIGNER if isinstance(key, rsa.RSAPrivateKey) else EC_SIGNER
    builder = PKCS7SignatureBuilder(content).add_signer(signer, key, hashes.SHA256())
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, *options])


def opened(document: bytes) -> Any:
    return cms.ContentInfo.load(document)


def rebuilt(change: Any) -> bytes:
    """A signed profile, decoded, changed, and encoded anew."""
    envelope = opened(signed())
    change(envelope["content"])
    octets: bytes = envelope.dump(force=True)
    return octets


def assert_not_checked(document: bytes) -> None:
    """It was unwrapped and linted, and the result says that nobody checked the signature."""
    result = lint_profile(document)
    assert (result.signed, places(result.issues)) == (True, NOT_CHECKED)
    assert result.would_attest


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=["RSA", "EC"])
@pytest.mark.parametrize(
    "options",
    [[], [PKCS7Options.NoAttributes], [PKCS7Options.NoCerts]],
    ids=["attributes", "no-attributes", "no-certificates"],
)
def test_a_signed_profile_is_unwrapped(key: Any, options: list[PKCS7Options]) -> None:
    assert_not_checked(signed(PLIST, key, *options))


def test_a_signed_profile_is_said_to_be_not_checked() -> None:
    (issue,) = lint_profile(signed()).issues
    assert issue.severity is LintSeverity.INFORMATION
    assert "not checked" in issue.explanation


def test_a_plain_profile_is_not_signed() -> None:
    result = lint_profile(PLIST)
    assert (result.signed, result.issues) == (False, ())


def test_what_is_signed_is_linted() -> None:
    made = plistlib.dumps(document(KeySize=521), fmt=plistlib.FMT_BINARY)
    result = lint_profile(signed(made))
    assert places(result.issues) == [
        (LintCode.HARDWARE_BOUND_KEY_SIZE, f"{HERE}.KeySize"),
        *NOT_CHECKED,
    ]
    assert not result.would_attest


def test_a_profile_that_was_changed_after_it_was_signed_is_linted_as_it_is() -> None:
    changed = signed().replace(b"https://ca", b"http://ca2")
    assert places(lint_profile(changed).issues) == [
        (LintCode.DIRECTORY_URL, f"{HERE}.DirectoryURL"),
        *NOT_CHECKED,
    ]


def no_signers(content: Any) -> None:
    content["signer_infos"] = cms.SignerInfos([])


def damaged_signature(content: Any) -> None:
    signer = content["signer_infos"][0]
    signer["signature"] = signer["signature"].native[::-1]


def no_certificates(content: Any) -> None:
    content["certificates"] = cms.CertificateSet([])


@pytest.mark.parametrize("change", [no_signers, damaged_signature, no_certificates])
def test_signers_are_not_looked_at(change: Any) -> None:
    assert_not_checked(rebuilt(change))


def test_content_in_pieces_and_of_indefinite_length() -> None:
    """As Apple's and other tools stream it, which DER forbids."""
    envelope = opened(signed())["content"]
    pieces = [PLIST[start : start + 500] for start in range(0, len(PLIST), 500)]
    octets = b"\x24\x80" + b"".join(map(der.octet_string, pieces)) + b"\x00\x00"
    info = b"\x30\x80" + der.oid("1.2.840.113549.1.7.1") + b"\xa0\x80" + octets + bytes(4)
    version, digests, certificates, signers = (
        envelope[name].dump()
        for name in ("version", "digest_algorithms", "certificates", "signer_infos")
    )
    inner = b"\x30\x80" + version + digests + info + certificates + signers + bytes(2)
    document = b"\x30\x80" + der.oid("1.2.840.113549.1.7.2") + b"\xa0\x80" + inner + bytes(4)
    assert_not_checked(document)


def test_a_profile_encrypted_for_a_device_is_not_judged() -> None:
    envelope = PKCS7EnvelopeBuilder().set_data(PLIST).add_recipient(RSA_SIGNER)
    result = lint_profile(envelope.encrypt(Encoding.DER, [PKCS7Options.Binary]))
    assert (result.signed, places(result.issues)) == (False, [(LintCode.ENCRYPTED, "")])
    assert not result.would_attest


def not_around_data(content: Any) -> None:
    content["encap_content_info"]["content_type"] = "1.2.3"


def test_a_signature_around_something_else_is_no_profile() -> None:
    document = rebuilt(not_around_data)
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST, "not around data")
    assert_not_checked(rebuilt(lambda content: None))


def test_a_detached_signature_has_no_profile() -> None:
    document = signed(PLIST, RSA_KEY, PKCS7Options.DetachedSignature)
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST, "not around data")


def test_another_kind_of_cms_is_no_profile() -> None:
    document = der.sequence(der.oid("1.2.840.113549.1.7.1"), der.tlv(0xA0, der.octet_string(PLIST)))
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST, "neither signed nor")


def test_nothing_follows_the_envelope() -> None:
    assert_refused(lambda: lint_profile(signed() + b"\x05\x00"), Reason.MALFORMED_PLIST, "signed")


# --- BER, measured before it is parsed -----------------------------------------------------------


def nested(levels: int, inner: bytes = b"\x05\x00") -> bytes:
    for _ in range(levels):
        inner = b"\x30\x80" + inner + b"\x00\x00"
    return inner


@pytest.mark.parametrize(
    ("encoded", "good"),
    [
        (nested(ber.DEEPEST), nested(ber.DEEPEST - 1)),
        (b"\x05\x00" * (ber.MOST_ELEMENTS + 1), b"\x05\x00" * ber.MOST_ELEMENTS),
        (b"\x1f\x01\x00", b"\x1e\x00"),
        (b"\x06\x41" + bytes(65), b"\x06\x40" + bytes(64)),
        (b"\x06\x41" + bytes(65), b"\x04\x41" + bytes(65)),
        (b"\x04\x80\x00\x00", b"\x24\x80\x00\x00"),
        (b"\x04\x85\x00\x00\x00\x00\x00", b"\x04\x84\x00\x00\x00\x00"),
        (b"\x30\x03\x04\x02\x00", b"\x30\x04\x04\x02\x00\x00"),
        (b"\x30\x02\x24\x80\x00\x00", b"\x30\x04\x24\x80\x00\x00"),
        (b"\x30\x80\x04\x03\x00\x00\x00", b"\x30\x80\x04\x01\x00\x00\x00"),
        (b"\x30\x80\x05\x00", b"\x30\x80\x05\x00\x00\x00"),
        (b"\x04", b"\x04\x00"),
        (b"\x04\x82\x01", b"\x04\x82\x00\x00"),
    ],
)
def test_what_is_measured(encoded: bytes, good: bytes) -> None:
    with pytest.raises((ValueError, IndexError)):
        ber.measure(encoded)
    ber.measure(good)


@pytest.mark.parametrize(
    "document",
    [
        b"\x30\x80" * (PROFILE_LIMITS.plist_bytes // 2),
        der.sequence(der.tlv(0x06, b"\xff" * 400_000 + b"\x01"), der.tlv(0xA0, b"")),
        b"\x30\x80" + b"\x24\x80" * 200_000,
        b"\x30\x84\x00\x0f\x00\x00" + bytes(0xF0000),
    ],
)
def test_an_envelope_made_to_cost_much_costs_little(document: bytes) -> None:
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST)
    assert peak_memory(lambda: lint_profile(document)) < 4 * PROFILE_LIMITS.plist_bytes


# --- anything else -------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [None, "<plist/>", 7, [PLIST], {}])
def test_what_is_not_octets_is_refused(other: object) -> None:
    anything: Any = other
    assert_refused(lambda: lint_profile(anything), Reason.MALFORMED_PLIST, "bytes were expected")


@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview])
def test_what_holds_octets_is_read(kind: Any) -> None:
    assert lint_profile(kind(PLIST)).issues == ()


@pytest.mark.parametrize("top", [[], "a", 7])
def test_the_top_is_a_dictionary(top: Any) -> None:
    made = plistlib.dumps(top)
    assert_refused(lambda: lint_profile(made), Reason.MALFORMED_PLIST, "dictionary")
    assert lint_profile(plistlib.dumps({})).issues


def test_a_profile_is_measured() -> None:
    limits = Limits(plist_bytes=len(PLIST))
    assert lint_profile(PLIST, limits=limits).issues == ()
    short = Limits(plist_bytes=len(PLIST) - 1)
    assert_refused(lambda: lint_profile(PLIST, limits=short), Reason.TOO_LARGE)
    assert_refused(lambda: lint_profile(bytes(PROFILE_LIMITS.plist_bytes + 1)), Reason.TOO_LARGE)
    few = Limits(plist_elements=20)
    assert_refused(lambda: lint_profile(PLIST, limits=few), Reason.MALFORMED_PLIST, "elements")


def test_a_profile_of_many_identities_costs_little() -> None:
    made = {
        "PayloadContent": [{"PayloadType": "com.apple.security.acme", "PayloadUUID": "a"}] * 3000
    }
    found = lint(made)
    assert len({issue.code for issue in found}) >= 3


@pytest.mark.parametrize("head", [b"", b"\x30", b"bplist00", b'<plist version="1.0">'])
@given(data=st.binary(max_size=200))
def test_nothing_else_comes_out(head: bytes, data: bytes) -> None:
    accepted_or_refused(lambda: lint_profile(head + data))


SIGNED = signed()


@settings(max_examples=300)
@given(st.integers(0, len(SIGNED) - 1), st.integers(1, 255), st.integers(0, 3))
def test_nothing_else_comes_out_of_a_damaged_envelope(at: int, bits: int, cut: int) -> None:
    damaged = SIGNED[:at] + bytes([SIGNED[at] ^ bits]) + SIGNED[at + 1 + cut :]
    accepted_or_refused(lambda: lint_profile(damaged))


leaves = st.one_of(
    st.booleans(), st.integers(-9, 999), st.text("a/1.", max_size=3), st.binary(max_size=2)
)
keys = st.sampled_from(sorted({*document(), *acme_payload().to_dict(), "SubjectAltName", "x"}))
trees = st.recursive(
    leaves,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(keys, trees, max_size=4), st.dictionaries(keys, trees, max_size=4))
def test_any_property_list_is_judged(top: dict[str, Any], inner: dict[str, Any]) -> None:
    payload = {**document()["PayloadContent"][0], **inner}
    payload["PayloadType"] = "com.apple.security.acme"
    made = {**document(), **top, "PayloadContent": [payload]}
    data = plistlib.dumps(made, fmt=plistlib.FMT_BINARY)
    target = Target(platform=Platform.WATCHOS, os_version="9.0", chip="S3")
    for issue in lint_profile(data, target=target).issues:
        assert issue.explanation
        assert str(issue).isprintable()


# --- a second opinion ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "extra", [[], ["-stream"], ["-noattr"], ["-nocerts"], ["-md", "sha512"]], ids=" ".join
)
def test_what_openssl_signs_is_unwrapped(tmp_path: Path, extra: list[str]) -> None:
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl is not installed: its command line makes the signatures")
    key = EC_KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    (tmp_path / "key.pem").write_bytes(key)
    (tmp_path / "signer.pem").write_bytes(EC_SIGNER.public_bytes(Encoding.PEM))
    (tmp_path / "profile").write_bytes(PLIST)
    command = "cms -sign -binary -nodetach -in profile -outform DER -signer signer.pem"
    done = subprocess.run(
        [openssl, *command.split(), "-inkey", "key.pem", *extra],
        cwd=tmp_path,
        check=True,
        capture_output=True,
    )
    assert_not_checked(done.stdout)
