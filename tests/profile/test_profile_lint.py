"""The linter: what it says of a profile as a whole, of its envelope, and of anything else."""

from __future__ import annotations

import hashlib
import plistlib
import shutil
import subprocess
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from asn1crypto import algos, cms, core
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa
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
    SignatureState,
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
    result = LintResult((issue,), SignatureState.UNSIGNED, None)
    assert result.would_attest is (issue.severity is LintSeverity.ADVICE)
    assert LintResult((), SignatureState.UNSIGNED, None).would_attest


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
ED_KEY = ed25519.Ed25519PrivateKey.generate()
Key = rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey | ed25519.Ed25519PrivateKey
AT = datetime(2025, 1, 1, tzinfo=UTC)


def certificate(key: Key, serial: int = 7, *, key_identifier: bool = True) -> x509.Certificate:
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "signer")])
    builder = x509.CertificateBuilder(name, name, key.public_key(), serial, AT, AT.replace(2035))
    if key_identifier:
        identifier = x509.SubjectKeyIdentifier.from_public_key(key.public_key())
        builder = builder.add_extension(identifier, critical=False)
    algorithm = None if isinstance(key, ed25519.Ed25519PrivateKey) else hashes.SHA256()
    return builder.sign(key, algorithm)


RSA_SIGNER, EC_SIGNER, ED_SIGNER = certificate(RSA_KEY), certificate(EC_KEY, 8), certificate(ED_KEY)


def encoded(signer: x509.Certificate) -> bytes:
    return signer.public_bytes(Encoding.DER)


def signed(
    content: bytes = PLIST,
    key: rsa.RSAPrivateKey | ec.EllipticCurvePrivateKey = RSA_KEY,
    *options: PKCS7Options,
    rsa_padding: Any = None,
    hash_algorithm: Any = None,
) -> bytes:
    signer = RSA_SIGNER if isinstance(key, rsa.RSAPrivateKey) else EC_SIGNER
    builder = PKCS7SignatureBuilder(content).add_signer(
        signer, key, hash_algorithm or hashes.SHA256(), rsa_padding=rsa_padding
    )
    return builder.sign(Encoding.DER, [PKCS7Options.Binary, *options])


def opened(document: bytes) -> Any:
    return cms.ContentInfo.load(document)


def forced(envelope: Any) -> bytes:
    octets: bytes = envelope.dump(force=True)
    return octets


@pytest.mark.parametrize("key", [RSA_KEY, EC_KEY], ids=["RSA", "EC"])
@pytest.mark.parametrize(
    "options",
    [[], [PKCS7Options.NoAttributes], [PKCS7Options.NoCapabilities]],
    ids=["attributes", "none", "no-capabilities"],
)
@pytest.mark.parametrize("digest", [hashes.SHA256(), hashes.SHA384(), hashes.SHA512()])
def test_a_signature_that_holds(key: Any, options: list[PKCS7Options], digest: Any) -> None:
    document = signed(PLIST, key, *options, hash_algorithm=digest)
    result = lint_profile(document)
    assert (result.issues, result.signature) == ((), SignatureState.HOLDS)
    assert result.signer == encoded(RSA_SIGNER if key is RSA_KEY else EC_SIGNER)


def test_a_plain_profile_has_no_signature() -> None:
    result = lint_profile(PLIST)
    assert (result.signature, result.signer) == (SignatureState.UNSIGNED, None)


def test_what_is_signed_is_linted() -> None:
    made = plistlib.dumps(document(KeySize=521), fmt=plistlib.FMT_BINARY)
    found = lint_profile(signed(made)).issues
    assert [issue.code for issue in found] == [LintCode.HARDWARE_BOUND_KEY_SIZE]


@pytest.mark.parametrize("options", [[], [PKCS7Options.NoAttributes]], ids=["attributes", "none"])
def test_a_profile_that_was_changed_after_it_was_signed(options: list[PKCS7Options]) -> None:
    document = signed(PLIST, RSA_KEY, *options)
    changed = document.replace(b"TESTSERIAL01", b"TESTSERIAL02")
    result = lint_profile(changed)
    assert (result.signature, result.signer) == (SignatureState.BROKEN, encoded(RSA_SIGNER))
    assert places(result.issues) == [(LintCode.SIGNATURE_BROKEN, "")]
    assert lint_profile(document).signature is SignatureState.HOLDS


def rebuilt(change: Any, *, key: Any = RSA_KEY) -> bytes:
    """A signed profile, decoded, changed, and encoded anew."""
    envelope = opened(signed(PLIST, key))
    change(envelope["content"])
    return forced(envelope)


def flip_the_signature(content: Any) -> None:
    signer = content["signer_infos"][0]
    octets = signer["signature"].native
    signer["signature"] = octets[:-1] + bytes([octets[-1] ^ 1])


def without(kind: str) -> Any:
    def change(content: Any) -> None:
        signer = content["signer_infos"][0]
        kept = [each for each in signer["signed_attrs"] if each["type"].native != kind]
        signer["signed_attrs"] = cms.CMSAttributes(kept)

    return change


def doubled(kind: str) -> Any:
    def change(content: Any) -> None:
        signer = content["signer_infos"][0]
        attributes = list(signer["signed_attrs"])
        attributes += [each for each in attributes if each["type"].native == kind]
        signer["signed_attrs"] = cms.CMSAttributes(attributes)

    return change


@pytest.mark.parametrize(
    "change",
    [
        flip_the_signature,
        without("message_digest"),
        without("content_type"),
        without("signing_time"),
        doubled("message_digest"),
    ],
    ids=["signature", "no-digest", "no-content-type", "no-signing-time", "two-digests"],
)
def test_a_signature_that_does_not_hold(change: Any) -> None:
    assert lint_profile(rebuilt(change)).signature is SignatureState.BROKEN
    assert lint_profile(rebuilt(lambda content: None)).signature is SignatureState.HOLDS


def test_a_signer_named_by_its_key() -> None:
    def by_key(signer: x509.Certificate, *others: x509.Certificate) -> Any:
        def change(content: Any) -> None:
            extension = signer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier)
            content["signer_infos"][0]["sid"] = cms.SignerIdentifier(
                "subject_key_identifier", core.OctetString(extension.value.digest)
            )
            content["certificates"] = cms.CertificateSet(
                [cms.CertificateChoices.load(encoded(each)) for each in (*others, RSA_SIGNER)]
            )

        return change

    nameless = certificate(EC_KEY, 9, key_identifier=False)
    named = lint_profile(rebuilt(by_key(RSA_SIGNER, nameless, EC_SIGNER)))
    assert (named.signature, named.signer) == (SignatureState.HOLDS, encoded(RSA_SIGNER))
    other = lint_profile(rebuilt(by_key(ED_SIGNER, nameless)))
    assert (other.signature, other.signer) == (SignatureState.UNCHECKED, None)


def test_a_certificate_that_is_damaged_is_passed_over() -> None:
    """Others may be there; only the signer's is looked for."""

    def twice(content: Any) -> None:
        content["certificates"] = cms.CertificateSet([content["certificates"][0]] * 2)

    serial, none = b"\x02\x01\x07", b"\x05\x01\x07"
    result = lint_profile(rebuilt(twice).replace(serial, none, 1))
    assert (result.signature, result.signer) == (SignatureState.HOLDS, encoded(RSA_SIGNER))
    assert lint_profile(signed().replace(serial, none, 1)).signature is SignatureState.UNCHECKED
    assert lint_profile(signed()).signature is SignatureState.HOLDS


def test_a_certificate_that_is_not_there() -> None:
    def change(content: Any) -> None:
        content["certificates"] = cms.CertificateSet([])

    result = lint_profile(rebuilt(change))
    assert (result.signature, result.signer) == (SignatureState.UNCHECKED, None)
    assert places(result.issues) == [(LintCode.SIGNATURE_UNCHECKED, "")]


def sha1(content: Any) -> None:
    content["signer_infos"][0]["digest_algorithm"] = algos.DigestAlgorithm({"algorithm": "sha1"})


def ed25519_signer(content: Any) -> None:
    sid = content["signer_infos"][0]["sid"].chosen
    choices = cms.CertificateChoices.load(encoded(ED_SIGNER))
    content["certificates"] = cms.CertificateSet([choices])
    assert sid["serial_number"].native == ED_SIGNER.serial_number


@pytest.mark.parametrize("change", [sha1, ed25519_signer])
def test_an_algorithm_that_is_not_checked(change: Any) -> None:
    assert lint_profile(rebuilt(change)).signature is SignatureState.UNCHECKED


def scheme(oid: str) -> Any:
    def change(content: Any) -> None:
        algorithm = algos.SignedDigestAlgorithm.load(der.sequence(der.oid(oid)))
        content["signer_infos"][0]["signature_algorithm"] = algorithm

    return change


@pytest.mark.parametrize(
    "change",
    [
        scheme("2.16.840.1.101.3.4.3.14"),
        scheme("1.2.840.113549.1.1.5"),
        scheme("1.2.840.113549.1.1.13"),
    ],
    ids=["SHA3-256-with-RSA", "SHA-1-with-RSA", "SHA-512-with-RSA"],
)
def test_what_is_unknown_or_contradicts_the_digest_is_not_checked(change: Any) -> None:
    result = lint_profile(rebuilt(change))
    assert result.signature is SignatureState.UNCHECKED
    assert [issue.code for issue in result.issues] == [LintCode.SIGNATURE_UNCHECKED]
    named = scheme("1.2.840.113549.1.1.11")  # SHA-256 with RSA
    assert lint_profile(rebuilt(named)).signature is SignatureState.HOLDS


def test_a_key_of_an_unknown_kind_is_not_checked() -> None:
    known, unknown = (der.oid(f"1.2.840.113549.1.1.{arc}") for arc in (1, 99))
    document = signed()
    assert lint_profile(document.replace(known, unknown, 1)).signature is SignatureState.UNCHECKED
    assert lint_profile(document).signature is SignatureState.HOLDS


def with_attributes(*attributes: bytes) -> bytes:
    """A profile with these signed attributes, signed as they are sent."""
    content = opened(signed())["content"]
    signer, octets = content["signer_infos"][0], b"".join(attributes)
    signature = RSA_KEY.sign(der.tlv(0x31, octets), padding.PKCS1v15(), hashes.SHA256())
    info = der.sequence(
        *(signer[name].dump() for name in ("version", "sid", "digest_algorithm")),
        der.tlv(0xA0, octets),
        signer["signature_algorithm"].dump(),
        der.octet_string(signature),
    )
    before = ("version", "digest_algorithms", "encap_content_info", "certificates")
    made = der.sequence(*(content[name].dump() for name in before), der.tlv(0x31, info))
    return der.sequence(der.oid("1.2.840.113549.1.7.2"), der.tlv(0xA0, made))


def attribute(arc: str, *values: bytes) -> bytes:
    return der.sequence(der.oid(arc), der.tlv(0x31, b"".join(values)))


CONTENT_TYPE = attribute("1.2.840.113549.1.9.3", der.oid("1.2.840.113549.1.7.1"))
DIGEST = attribute("1.2.840.113549.1.9.4", der.octet_string(hashlib.sha256(PLIST).digest()))


def test_attributes_out_of_order_are_not_checked() -> None:
    """RFC 5652, section 5.3: they are in DER. Signed as sent or sorted, not all readers agree."""
    result = lint_profile(with_attributes(DIGEST, CONTENT_TYPE))
    assert result.signature is SignatureState.UNCHECKED
    assert lint_profile(with_attributes(CONTENT_TYPE, DIGEST)).signature is SignatureState.HOLDS


PARTS = b"".join(der.octet_string(octet * 16) for octet in (b"\x01", b"\x02"))
VALUE = der.octet_string(b"\x01" * 200)


@pytest.mark.parametrize("length", [0, 1, 127, 128, 129, 255, 256, 257, 65_535, 65_536])
def test_each_length_has_one_form_in_der(length: int) -> None:
    whole = der.octet_string(bytes(length))
    header, digits = whole[: len(whole) - length], (length.bit_length() + 7) // 8 + 1
    longer = b"\x04" + bytes([0x80 | digits]) + length.to_bytes(digits, "big")
    assert ber.is_der(whole)
    assert ber.is_der(whole * 2)
    assert longer != header
    assert not ber.is_der(longer + bytes(length))


@pytest.mark.parametrize(
    ("other", "good"),
    [
        (b"\x30\x81\x02\x05\x00", b"\x30\x02\x05\x00"),
        (b"\x30\x80\x05\x00\x00\x00", b"\x30\x02\x05\x00"),
        (b"\x04\x82\x00" + VALUE[2:], VALUE),
        (der.tlv(0x24, PARTS), der.octet_string(b"\x01" * 16 + b"\x02" * 16)),
        (der.tlv(0x24, PARTS), der.tlv(0xA4, PARTS)),
    ],
    ids=["length", "indefinite", "long-length", "pieces", "tagged"],
)
def test_attributes_that_are_not_in_der_are_not_checked(other: bytes, good: bytes) -> None:
    """Signed as sent: a reader that encodes them anew, as OpenSSL, finds the signature broken."""
    for value, state in ((other, SignatureState.UNCHECKED), (good, SignatureState.HOLDS)):
        attributes = sorted([CONTENT_TYPE, DIGEST, attribute("1.2.3.4", value)])
        assert lint_profile(with_attributes(*attributes)).signature is state


def test_an_attribute_of_indefinite_length_is_not_checked() -> None:
    whole = attribute("1.2.3.4", der.octet_string(b"x"))
    indefinite = b"\x30\x80" + whole[2:] + b"\x00\x00"
    for other, state in (
        (indefinite, SignatureState.UNCHECKED),
        (whole, SignatureState.HOLDS),
    ):
        attributes = sorted([CONTENT_TYPE, DIGEST, other])
        assert lint_profile(with_attributes(*attributes)).signature is state


@pytest.mark.parametrize(
    "other",
    [
        attribute("1.2.840.113549.1.9.5", der.tlv(0x17, b"no time")),
        attribute("1.2.840.113549.1.9.15", der.integer(1)),
        attribute("1.2.3.4"),
    ],
    ids=["time", "capabilities", "none"],
)
def test_what_other_attributes_hold_is_of_no_interest(other: bytes) -> None:
    attributes = sorted([CONTENT_TYPE, DIGEST, other])
    assert lint_profile(with_attributes(*attributes)).signature is SignatureState.HOLDS


def test_pss_is_not_checked() -> None:
    scheme = padding.PSS(padding.MGF1(hashes.SHA256()), padding.PSS.DIGEST_LENGTH)
    result = lint_profile(signed(PLIST, RSA_KEY, rsa_padding=scheme))
    assert (result.signature, result.signer) == (SignatureState.UNCHECKED, encoded(RSA_SIGNER))


@pytest.mark.parametrize(
    ("key", "scheme"), [(RSA_KEY, "sha256_ecdsa"), (EC_KEY, "rsassa_pkcs1v15")], ids=["RSA", "EC"]
)
def test_a_key_of_another_kind_than_the_scheme(key: Any, scheme: str) -> None:
    def change(content: Any) -> None:
        algorithm = algos.SignedDigestAlgorithm({"algorithm": scheme})
        content["signer_infos"][0]["signature_algorithm"] = algorithm

    assert lint_profile(rebuilt(change, key=key)).signature is SignatureState.UNCHECKED
    assert lint_profile(signed(PLIST, key)).signature is SignatureState.HOLDS


@pytest.mark.parametrize("broken", [False, True])
def test_every_signer_counts(broken: bool) -> None:
    def change(content: Any) -> None:
        other = opened(signed(PLIST, EC_KEY))["content"]
        if broken:
            flip_the_signature(other)
        content["signer_infos"] = cms.SignerInfos(
            [content["signer_infos"][0], other["signer_infos"][0]]
        )
        content["certificates"] = cms.CertificateSet(
            [content["certificates"][0], other["certificates"][0]]
        )

    state = lint_profile(rebuilt(change)).signature
    assert state is (SignatureState.BROKEN if broken else SignatureState.HOLDS)


def test_content_in_pieces_and_of_indefinite_length() -> None:
    """As Apple's and other tools stream it, which DER forbids."""
    envelope = opened(signed())["content"]
    pieces = [PLIST[start : start + 500] for start in range(0, len(PLIST), 500)]
    octets = b"\x24\x80" + b"".join(map(der.octet_string, pieces)) + b"\x00\x00"
    info = b"\x30\x80" + der.oid("1.2.840.113549.1.7.1") + b"\xa0\x80" + octets + bytes(4)
    version, digests, _, certificates, _, signers = (
        envelope[name].dump()
        for name in (
            "version",
            "digest_algorithms",
            "encap_content_info",
            "certificates",
            "crls",
            "signer_infos",
        )
    )
    inner = b"\x30\x80" + version + digests + info + certificates + signers + bytes(2)
    document = b"\x30\x80" + der.oid("1.2.840.113549.1.7.2") + b"\xa0\x80" + inner + bytes(4)
    result = lint_profile(document)
    assert (result.issues, result.signature) == ((), SignatureState.HOLDS)


def test_a_profile_encrypted_for_a_device_is_not_judged() -> None:
    envelope = PKCS7EnvelopeBuilder().set_data(PLIST).add_recipient(RSA_SIGNER)
    result = lint_profile(envelope.encrypt(Encoding.DER, [PKCS7Options.Binary]))
    assert places(result.issues) == [(LintCode.ENCRYPTED, "")]
    assert not result.would_attest


def no_signers(content: Any) -> None:
    content["signer_infos"] = cms.SignerInfos([])


def too_many_signers(content: Any) -> None:
    content["signer_infos"] = cms.SignerInfos([content["signer_infos"][0]] * 5)


def not_around_data(content: Any) -> None:
    content["encap_content_info"]["content_type"] = "1.2.3"


def four_signers(content: Any) -> None:
    content["signer_infos"] = cms.SignerInfos([content["signer_infos"][0]] * 4)


@pytest.mark.parametrize(
    ("change", "why"),
    [(no_signers, "0 signers"), (too_many_signers, "5 signers"), (not_around_data, "not around")],
)
def test_an_envelope_that_is_none(change: Any, why: str) -> None:
    document = rebuilt(change)
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST, why)
    assert lint_profile(rebuilt(four_signers)).signature is SignatureState.HOLDS


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
def test_a_hostile_envelope_costs_little(document: bytes) -> None:
    assert_refused(lambda: lint_profile(document), Reason.MALFORMED_PLIST)
    assert peak_memory(lambda: lint_profile(document)) < 4 * PROFILE_LIMITS.plist_bytes


def test_extensions_are_not_parsed_to_find_a_key_identifier() -> None:
    """What is in their octets nobody has measured: they could be pieces of pieces."""
    whole = x509.SubjectKeyIdentifier.from_public_key(RSA_KEY.public_key()).digest
    short = whole[:16]

    def named(identifier: bytes) -> bytes:
        def change(content: Any) -> None:
            content["signer_infos"][0]["sid"] = cms.SignerIdentifier(
                "subject_key_identifier", core.OctetString(identifier)
            )

        return rebuilt(change)

    pieces = b"\x24\x80" + der.octet_string(short) + b"\x00\x00"
    divided = named(short).replace(der.octet_string(whole), pieces)
    assert lint_profile(divided).signature is SignatureState.UNCHECKED
    assert lint_profile(named(whole)).signature is SignatureState.HOLDS


# --- anything else -------------------------------------------------------------------------------


@pytest.mark.parametrize("other", [None, "<plist/>", 7, [PLIST], {}])
def test_what_is_not_octets_is_refused(other: object) -> None:
    assert_refused(lambda: lint_profile(other), Reason.MALFORMED_PLIST, "bytes were expected")


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
    "extra", [[], ["-stream"], ["-noattr"], ["-keyid"], ["-md", "sha512"]], ids=" ".join
)
def test_what_openssl_signs_holds(tmp_path: Path, extra: list[str]) -> None:
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
    result = lint_profile(done.stdout)
    assert (result.issues, result.signature) == ((), SignatureState.HOLDS)
    assert result.signer == encoded(EC_SIGNER)
