"""The subjectAltName to issue with: the order's identifier, and what the request validly named."""

from __future__ import annotations

from typing import Any, Final

import pytest
from acme_tools import ATTESTATION, IDENTIFIER, KEY, SERIAL, make_csr
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import NameOID
from hypothesis import given
from hypothesis import strategies as st

from appleattest.acme import (
    CSRBinding,
    HardwareModuleName,
    OrderIdentifier,
    PermanentIdentifier,
    ValidatedCSR,
    validate_csr,
)
from appleattest.testing import der
from appleattest.testing.csr import COMMON_NAME, ORGANIZATION, alternatives, attribute, subject

SAN_REQUIRED, CN_OR_SAN, OPTIONAL, FORBIDDEN = CSRBinding
SHOWN: Final = IDENTIFIER.other_name()
DNS: Final = x509.DNSName("mac.example")
MAIL: Final = x509.RFC822Name("mac@mac.example")
DEVICE: Final = HardwareModuleName(SERIAL, "1.2.3").other_name()
ALLOWED: Final = (DNS, MAIL, DEVICE, x509.NameAttribute(NameOID.ORGANIZATION_NAME, "Example"))

NOBODY: Final = der.sequence()
CN: Final = subject(attribute(COMMON_NAME, SERIAL))
EXAMPLE: Final = subject(attribute(ORGANIZATION, "Example"))


def validated(
    who: bytes,
    *names: x509.GeneralName,
    binding: CSRBinding,
    identifier: OrderIdentifier = IDENTIFIER,
) -> ValidatedCSR:
    return validate_csr(
        make_csr(*([alternatives(*names)] if names else []), subject=who),
        identifier=identifier,
        attestation=ATTESTATION,
        binding=binding,
        allowed_names=ALLOWED,
    )


def issued(valid: ValidatedCSR) -> list[x509.GeneralName] | None:
    extension = valid.names_to_issue()
    return None if extension is None else list(extension.value)


@pytest.mark.parametrize(
    ("binding", "who", "shown", "expected"),
    [
        pytest.param(SAN_REQUIRED, CN, [SHOWN], [SHOWN], id="san"),
        pytest.param(SAN_REQUIRED, CN, [DNS, SHOWN], [SHOWN, DNS], id="identifier-first"),
        pytest.param(SAN_REQUIRED, CN, [SHOWN, DNS, SHOWN, DNS], [SHOWN, DNS], id="each-once"),
        pytest.param(CN_OR_SAN, CN, [], [SHOWN], id="cn"),
        pytest.param(CN_OR_SAN, CN, [MAIL, DNS], [SHOWN, MAIL, DNS], id="cn-and-others"),
        pytest.param(OPTIONAL, EXAMPLE, [], [SHOWN], id="nowhere"),
        pytest.param(OPTIONAL, EXAMPLE, [DEVICE], [SHOWN, DEVICE], id="another-identifier"),
        pytest.param(FORBIDDEN, EXAMPLE, [], None, id="forbidden"),
        pytest.param(FORBIDDEN, EXAMPLE, [DNS, DNS], [DNS], id="forbidden-and-others"),
        pytest.param(FORBIDDEN, EXAMPLE, [DEVICE], [DEVICE], id="forbidden-another-identifier"),
    ],
)
def test_the_names_to_issue(
    binding: CSRBinding, who: bytes, shown: list[Any], expected: list[Any] | None
) -> None:
    valid = validated(who, *shown, binding=binding)
    assert valid.binding is binding
    assert issued(valid) == expected


@pytest.mark.parametrize("binding", [SAN_REQUIRED, FORBIDDEN])
def test_they_are_critical_where_there_is_no_subject(binding: CSRBinding) -> None:
    shown = [SHOWN] if binding is SAN_REQUIRED else [DNS]
    for who, critical in ((NOBODY, True), (EXAMPLE, False)):
        extension = validated(who, *shown, binding=binding).names_to_issue()
        assert extension is not None
        assert extension.critical is critical
        assert extension.oid == x509.SubjectAlternativeName.oid


@pytest.mark.parametrize(
    "identifier", [PermanentIdentifier("code", "1.2.3"), HardwareModuleName("code", "1.2.3")]
)
def test_the_identifier_is_the_orders_in_its_own_form(
    identifier: PermanentIdentifier | HardwareModuleName,
) -> None:
    valid = validated(EXAMPLE, DEVICE, binding=OPTIONAL, identifier=identifier)
    assert issued(valid) == [identifier.other_name(), DEVICE]


def test_a_certificate_carries_them() -> None:
    valid = validated(NOBODY, DNS, binding=OPTIONAL)
    names = valid.names_to_issue()
    assert names is not None
    certificate = (
        x509.CertificateBuilder()
        .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "CA")]))
        .subject_name(valid.subject)
        .public_key(valid.public_key)
        .serial_number(1)
        .not_valid_before(ATTESTATION.not_before)
        .not_valid_after(ATTESTATION.not_after)
        .add_extension(names.value, names.critical)
        .sign(KEY, hashes.SHA256())
    )
    assert list(certificate.extensions) == [names]


@given(
    st.sampled_from(CSRBinding),
    st.sampled_from([NOBODY, EXAMPLE]),
    st.lists(st.sampled_from([SHOWN, DNS, MAIL, DEVICE]), max_size=6),
)
def test_they_are_exactly_the_identifier_and_the_names_of_the_request(
    binding: CSRBinding, who: bytes, shown: list[x509.GeneralName]
) -> None:
    if binding is FORBIDDEN:
        shown = [name for name in shown if name != SHOWN]
    elif binding is not OPTIONAL:
        shown = [*shown, SHOWN]

    found = issued(validated(who, *shown, binding=binding)) or []

    assert len(found) == len(set(found))
    assert set(found) == {*shown} | ({SHOWN} if binding is not FORBIDDEN else set())
    assert (found[:1] == [SHOWN]) == (binding is not FORBIDDEN)
