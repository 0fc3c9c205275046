"""The app, as Django knows it."""

from django.apps import AppConfig


class DeviceAttestation(AppConfig):
    """Device attestation for django-ca."""

    name = "device_attestation"
    verbose_name = "Device attestation"
    default_auto_field = "django.db.models.BigAutoField"
