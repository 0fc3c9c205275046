"""A policy as an operator writes it: TOML, of the form that policy.schema.json describes.

Whatever is not in the schema is an error: otherwise a rule with a misspelt name would be left out
and nobody would know. Versions are text, because an unquoted 15.10 is the number 15.1.
"""

from __future__ import annotations

from collections.abc import Callable, Container, Iterator, Mapping
from datetime import timedelta
from typing import Any, Final

from appleattest.freshness import Freshness
from appleattest.policy.combinators import OnPlatform
from appleattest.policy.findings import Rule
from appleattest.policy.platform import Platform
from appleattest.policy.rules import (
    AnchoredAtApple,
    DeviceIdentified,
    FreshnessIs,
    FullSecurity,
    KeyType,
    MaximumAge,
    NoDiscrepancies,
    NoThirdPartyKexts,
    SerialNumberInInventory,
    SIPEnabled,
)
from appleattest.policy.version_rules import (
    MinimumLLBVersion,
    MinimumOSVersion,
    MinimumSepOSVersion,
)
from appleattest.text import quoted

POLICY_SCHEMA: Final = 1
"""The version of the form of a policy document."""

_LARGEST: Final = 64 * 1024
_MOST_DOTS: Final = 256
"""Dots in one line at most. The time that `tomllib` takes for a key grows with their square."""
_MOST_DAYS: Final = 3650
_SIGNS_OF_TOML: Final = frozenset("\n=[#")

_VERSIONS: Final[Mapping[str, Callable[..., Rule]]] = {
    "minimum_os_version": MinimumOSVersion,
    "minimum_sepos_version": MinimumSepOSVersion,
    "minimum_llb_version": MinimumLLBVersion,
}
_MAC: Final[Mapping[str, Callable[[], Rule]]] = {
    "sip_enabled": SIPEnabled,
    "full_security": FullSecurity,
    "no_third_party_kexts": NoThirdPartyKexts,
}
_BUT_FOR_AGE: Final = "but-for-age"


def rules_from_toml(text: object, inventory: Container[str] | None) -> list[Rule]:
    """The rules of a policy document; raises as `Policy.from_toml` does."""
    document = _parsed(_checked_text(text))
    schema = document.pop("schema", None)
    if type(schema) is not int or schema != POLICY_SCHEMA:
        raise _error("schema", f"{POLICY_SCHEMA} was expected")
    _known(document, "", {*_VERSIONS, "mac", "device", "attestation"})
    rules = [*_versions(document), *_mac(document), *_device(document, inventory)]
    rules += _attestation(document)
    if not rules:
        raise ValueError("text is a policy document without a rule")
    return rules


def _checked_text(text: object) -> str:
    """The document as text, within bounds that `tomllib` does not set."""
    if isinstance(text, bytes | bytearray | memoryview):
        try:
            text = bytes(text).decode("utf-8")
        except UnicodeDecodeError as error:
            raise ValueError(f"text is not UTF-8: octet {error.start} is not") from None
    if not isinstance(text, str):
        kind = type(text).__name__
        raise TypeError(f"text is the content of a policy document, not {kind}: read the file")
    if len(text) > _LARGEST:
        raise ValueError(f"text has more than {_LARGEST} characters")
    if max(line.count(".") for line in text.split("\n")) > _MOST_DOTS:
        raise ValueError(f"text has more than {_MOST_DOTS} dots in one line")
    name = text.strip()
    if name and not _SIGNS_OF_TOML & {*name}:
        raise ValueError(
            f"text looks like the name of a file, {quoted(name)}: give the file's content, such as "
            "Path(name).read_text()"
        )
    return text


def _parsed(text: str) -> dict[str, Any]:
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise ValueError("text is TOML that is nested too deeply") from None
    except ValueError as error:
        # `tomllib` gives the line of every defect but one at the end.
        last = f"at line {text.count(chr(10)) + 1}, the end of the document"
        why = str(error).replace("at end of document", last)
        raise ValueError(f"text is not TOML: {why}") from None


def _versions(document: dict[str, Any]) -> Iterator[Rule]:
    for key, rule in _VERSIONS.items():
        if key not in document:
            continue
        minima = _table(document, key, {platform.value for platform in Platform})
        if not minima:
            raise _error(key, "at least one platform was expected")
        for platform, version in minima.items():
            try:
                rule(version)
            except (TypeError, ValueError) as error:
                raise _error(f"{key}.{platform}", f"{error}; write it in quotes") from None
        yield rule(**minima)


def _mac(document: dict[str, Any]) -> Iterator[Rule]:
    table = _table(document, "mac", {*_MAC})
    for key, rule in _MAC.items():
        if _flag(table, "mac", key):
            yield OnPlatform(Platform.MACOS, rule())


def _device(document: dict[str, Any], inventory: Container[str] | None) -> Iterator[Rule]:
    known = {"identified", "no_discrepancies", "in_inventory", "key_types"}
    table = _table(document, "device", known)
    if _flag(table, "device", "identified"):
        yield DeviceIdentified()
    if table.get("no_discrepancies") == _BUT_FOR_AGE:
        yield NoDiscrepancies(but_for_age=True)
    elif _flag(table, "device", "no_discrepancies", f'true, false or "{_BUT_FOR_AGE}"'):
        yield NoDiscrepancies()
    if _flag(table, "device", "in_inventory"):
        if inventory is None:
            raise _error("device.in_inventory", "the argument inventory is missing")
        yield SerialNumberInInventory(inventory)
    if "key_types" in table:
        yield KeyType(*_texts(table, "device", "key_types", {"P-256", "P-384"}))


def _attestation(document: dict[str, Any]) -> Iterator[Rule]:
    table = _table(document, "attestation", {"freshness", "maximum_age_days", "anchored_at_apple"})
    if "freshness" in table:
        known = {freshness.value for freshness in Freshness}
        yield FreshnessIs(*_texts(table, "attestation", "freshness", known))
    if "maximum_age_days" in table:
        days = table["maximum_age_days"]
        if type(days) is not int or not 1 <= days <= _MOST_DAYS:
            raise _error("attestation.maximum_age_days", f"an integer from 1 to {_MOST_DAYS}")
        yield MaximumAge(timedelta(days=days))
    if _flag(table, "attestation", "anchored_at_apple"):
        yield AnchoredAtApple()


def _table(document: dict[str, Any], key: str, known: set[str]) -> dict[str, Any]:
    table = document.get(key, {})
    if not isinstance(table, dict):
        raise _error(key, "a table was expected")
    _known(table, f"{key}.", known)
    return table


def _known(table: dict[str, Any], prefix: str, known: set[str]) -> None:
    for key in table:
        if key not in known:
            raise _error(f"{prefix}{key}", f"an unknown key; known are {', '.join(sorted(known))}")


def _flag(table: dict[str, Any], name: str, key: str, expected: str = "true or false") -> bool:
    value = table.get(key, False)
    if not isinstance(value, bool):
        raise _error(f"{name}.{key}", f"{expected} was expected")
    return value


def _texts(table: dict[str, Any], name: str, key: str, known: set[str]) -> list[Any]:
    values = table[key]
    if not isinstance(values, list) or not values:
        raise _error(f"{name}.{key}", "an array of at least one text was expected")
    for value in values:
        if not isinstance(value, str) or value not in known:
            raise _error(f"{name}.{key}", f"each is one of {', '.join(sorted(known))}")
    if len(set(values)) != len(values):
        raise _error(f"{name}.{key}", "each may stand there once")
    return values


def _error(place: str, expected: str) -> ValueError:
    return ValueError(f"{place}: {expected}")
