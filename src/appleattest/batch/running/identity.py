"""Settings as text that is the same in every process, so that a run knows them again."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from enum import Enum
from hashlib import sha256

from cryptography.hazmat.primitives.hashes import SHA256

from appleattest.batch.settings import Settings
from appleattest.policy import Policy
from appleattest.trust import TrustStore


def settings_digest(settings: Settings) -> str:
    """SHA-256 over what the settings say, in hexadecimal.

    What has no description of its own, such as a score function, is described by its `repr`. Where
    that differs from process to process, a run cannot go on in another one.
    """
    names = ("trust", "limits", "policy", "signatures", "at", "unchecked", "any_device")
    said = ";".join(f"{name}={_described(getattr(settings, name))}" for name in names)
    return sha256(said.encode("utf-8", "backslashreplace")).hexdigest()


def _described(value: object) -> str:
    if isinstance(value, TrustStore):
        return str(sorted(each.fingerprint(SHA256()).hex() for each in value.anchors))
    if isinstance(value, Policy):
        return _described(value.__reduce__()[1])
    if isinstance(value, Enum):
        return str(value)
    if is_dataclass(value) and not isinstance(value, type):
        parts = [f"{each.name}={_described(getattr(value, each.name))}" for each in fields(value)]
        return f"{type(value).__qualname__}({', '.join(parts)})"
    if isinstance(value, tuple | list):
        return f"[{', '.join(map(_described, value))}]"
    if isinstance(value, set | frozenset):
        return f"{{{', '.join(sorted(map(_described, value)))}}}"
    return repr(value)
