"""The tables of device attestation."""

import django.db.models.deletion
from django.db import migrations, models


class Migration(migrations.Migration):
    """The first tables."""

    initial = True

    dependencies = [
        ("django_ca", "0060_acmeorder_error"),
    ]

    operations = [
        migrations.CreateModel(
            name="Admission",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("identifier", models.CharField(max_length=255, unique=True)),
                (
                    "devices",
                    models.TextField(
                        blank=True,
                        help_text="Serial numbers or UDIDs of the devices that may answer, "
                        "separated by spaces. Empty: the identifier is itself the serial number "
                        "or UDID.",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="CertifiedKey",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("spki_sha256", models.CharField(max_length=64, unique=True)),
                ("device", models.CharField(max_length=255)),
                (
                    "certificate",
                    models.OneToOneField(
                        null=True,
                        on_delete=django.db.models.deletion.SET_NULL,
                        to="django_ca.certificate",
                    ),
                ),
            ],
        ),
        migrations.CreateModel(
            name="DeviceOrder",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True, primary_key=True, serialize=False, verbose_name="ID"
                    ),
                ),
                ("identifier", models.JSONField()),
                ("challenge", models.JSONField()),
                ("device", models.CharField(blank=True, max_length=255)),
                ("spki", models.BinaryField(null=True)),
                (
                    "authorization",
                    models.OneToOneField(
                        on_delete=django.db.models.deletion.CASCADE,
                        related_name="device_order",
                        to="django_ca.acmeauthorization",
                    ),
                ),
            ],
        ),
    ]
