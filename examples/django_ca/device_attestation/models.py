"""What device attestation keeps, beside django-ca's own tables."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from django.db import models
from django_ca.models import AcmeAuthorization, Certificate

from appleattest import acme

if TYPE_CHECKING:
    from appleattest.acme import Devices, Identifier

DEVICE: Final = "device"
"""The type of a device's authorization in django-ca's table, where `permanent-identifier` is too
long. django-ca's own views know no such type: they fail before they certify anything for it."""


class Admission(models.Model):
    """A client identifier that may be certified. Without one, no device gets a certificate."""

    identifier = models.CharField(max_length=255, unique=True)
    devices = models.TextField(
        blank=True,
        help_text="Serial numbers or UDIDs of the devices that may answer, separated by spaces. "
        "Empty: the identifier is itself the serial number or UDID.",
    )

    def __str__(self) -> str:
        return str(self.identifier)

    @classmethod
    def of(cls, identifier: Identifier) -> Admission | None:
        """The admission of what was ordered, compared octet for octet; or None."""
        if not isinstance(identifier, acme.PermanentIdentifier) or identifier.assigner is not None:
            return None
        found: Admission | None = cls.objects.filter(identifier=identifier.value).first()
        return found if found is not None and found.identifier == identifier.value else None

    @classmethod
    def devices_for(cls, identifier: Identifier) -> Devices:
        """Who may answer: what `acme.validate_challenge` takes as `device`."""
        admission = cls.of(identifier)
        return (admission.devices.split() if admission else []) or acme.Answering.ORDERED


class DeviceOrder(models.Model):
    """The device's part of an order: its identifier, its challenge, and what was attested.

    `django-ca` removes it with the order.
    """

    authorization = models.OneToOneField(
        AcmeAuthorization, on_delete=models.CASCADE, related_name="device_order"
    )
    identifier = models.JSONField()
    challenge = models.JSONField()
    device = models.CharField(max_length=255, blank=True)
    spki = models.BinaryField(null=True)

    def __str__(self) -> str:
        return str(self.authorization.slug)


class CertifiedKey(models.Model):
    """A key that has had its one certificate, and its device. It outlives order and certificate."""

    spki_sha256 = models.CharField(max_length=64, unique=True)  # hexadecimal
    device = models.CharField(max_length=255)
    certificate = models.OneToOneField(Certificate, on_delete=models.SET_NULL, null=True)

    def __str__(self) -> str:
        return str(self.device)
