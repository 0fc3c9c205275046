"""The object identifiers of Managed Device Attestation, in dotted decimal.

Source: Apple, "Validating a Managed Device Attestation" (Device Management) and
"Device attestation certificate extensions" in Apple Platform Deployment. Every
property lives under one arc, and a leaf carries each as a non-critical extension.
"""

from __future__ import annotations

from typing import Final

APPLE_ATTESTATION_ARC: Final = "1.2.840.113635.100.8."

SERIAL_NUMBER: Final = "1.2.840.113635.100.8.9.1"
UDID: Final = "1.2.840.113635.100.8.9.2"
SOFTWARE_UPDATE_DEVICE_ID: Final = "1.2.840.113635.100.8.9.4"
OS_VERSION: Final = "1.2.840.113635.100.8.10.1"
SEPOS_VERSION: Final = "1.2.840.113635.100.8.10.2"
LLB_VERSION: Final = "1.2.840.113635.100.8.10.3"
FRESHNESS_CODE: Final = "1.2.840.113635.100.8.11.1"
SYSTEM_INTEGRITY_PROTECTION: Final = "1.2.840.113635.100.8.13.1"
SECURE_BOOT: Final = "1.2.840.113635.100.8.13.2"
THIRD_PARTY_KEXTS: Final = "1.2.840.113635.100.8.13.3"

BASIC_CONSTRAINTS: Final = "2.5.29.19"
KEY_USAGE: Final = "2.5.29.15"
NAME_CONSTRAINTS: Final = "2.5.29.30"
