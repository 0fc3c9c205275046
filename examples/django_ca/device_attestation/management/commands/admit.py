"""`manage.py admit IDENTIFIER [DEVICE ...]`: let a device enrol."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from device_attestation.models import Admission


class Command(BaseCommand):
    """Admit a client identifier, or change the devices that may answer for it."""

    help = "Admit a client identifier: a serial number or UDID, or anything with its devices."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Describe the command line."""
        parser.add_argument("identifier")
        parser.add_argument("devices", nargs="*", help="serial numbers or UDIDs that may answer")

    def handle(self, identifier: str, devices: list[str], **_: object) -> None:
        """Store the admission."""
        named = {"devices": " ".join(devices)}
        Admission.objects.update_or_create(identifier=identifier, defaults=named)
