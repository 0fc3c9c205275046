"""The certificate of a device, by django-ca, from what appleattest validated."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding
from django.db import IntegrityError, transaction
from django.utils import timezone
from django_ca.acme.errors import AcmeBadCSR
from django_ca.conf import model_settings
from django_ca.models import AcmeCertificate, AcmeOrder, Certificate
from django_ca.profiles import profiles

from appleattest import acme
from device_attestation.models import Admission, CertifiedKey, DeviceOrder
from device_attestation.problems import Problem

if TYPE_CHECKING:
    from appleattest.acme import ValidatedCSR


def certify(found: DeviceOrder, valid: ValidatedCSR) -> None:
    """Issue the certificate of the order, within the caller's transaction.

    Raises `Problem` for a device that is not admitted, and `AcmeBadCSR` for a key that has a
    certificate already.
    """
    if Admission.of(valid.identifier) is None:
        text = "this identifier is not admitted here"
        raise Problem(acme.rejected_identifiers(valid.identifier, detail=text))
    key = _claimed(found, valid)
    order = found.authorization.order
    key.certificate = _issued(order, valid)
    key.save()
    pem = valid.csr.public_bytes(Encoding.PEM).decode("ascii")
    AcmeCertificate.objects.create(order=order, cert=key.certificate, csr=pem)
    order.status = AcmeOrder.STATUS_VALID
    order.save()


def _claimed(found: DeviceOrder, valid: ValidatedCSR) -> CertifiedKey:
    try:
        with transaction.atomic():
            digest = valid.spki_sha256.hex()
            return CertifiedKey.objects.create(spki_sha256=digest, device=found.device)
    except IntegrityError:
        text = "a certificate has been issued for this key before"
        raise AcmeBadCSR(detail=text) from None


def _issued(order: AcmeOrder, valid: ValidatedCSR) -> Certificate:
    """The CA's ACME profile gives the usages; what the request asks for in them counts nothing."""
    ca = order.account.ca
    names = valid.names_to_issue()
    extensions = [] if names is None else [x509.Extension(names.oid, names.critical, names.value)]
    return Certificate.objects.create_cert(
        ca,
        ca.key_backend.get_use_private_key_options(ca, {}),
        csr=valid.csr,
        profile=profiles[ca.acme_profile],
        subject=valid.subject,
        not_after=timezone.now() + model_settings.CA_ACME_DEFAULT_CERT_VALIDITY,
        extensions=extensions,
        san_types_for_common_name=(),
    )
