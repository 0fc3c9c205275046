"""The one verifier of the process."""

from functools import cache
from pathlib import Path

from django.conf import settings

from appleattest import TrustStore, Verifier


@cache
def verifier() -> Verifier:
    """Apple's root, and those of the setting ATTESTATION_ALSO_TRUST: a list of PEM files."""
    also = getattr(settings, "ATTESTATION_ALSO_TRUST", ())
    return Verifier(trust=TrustStore.apple().adding(*(Path(root).read_bytes() for root in also)))
