"""Options and types of values that several subcommands share."""

from __future__ import annotations

import binascii
import re
from base64 import b64decode, b64encode
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple, TypeVar

import click

from appleattest.cli.inputs import UnreadableError, read
from appleattest.cli.output import print_json
from appleattest.policy import Platform, Policy
from appleattest.profile import Target
from appleattest.times import utc_seconds
from appleattest.trust import TrustStore
from appleattest.verifier import Verifier

_F = TypeVar("_F", bound=Callable[..., Any])

_HEX: Final = re.compile(r"(?:[0-9A-Fa-f]{2})+")


def time(value: str) -> datetime:
    """A time in RFC 3339 with its zone, in UTC and whole seconds. Raises `click.BadParameter`."""
    try:
        return utc_seconds(datetime.fromisoformat(value))
    except ValueError:
        raise click.BadParameter(f"{value!r} is no time such as 2026-01-31T12:00:00Z.") from None


def octets(value: str) -> bytes:
    """Octets in hexadecimal or base64; `hex:` or `base64:` before them leaves no doubt.

    Raises `click.BadParameter` for anything else, and for no octets.
    """
    try:
        given = _octets(value)
    except ValueError:
        raise click.BadParameter(f"{value!r} is neither hexadecimal nor base64.") from None
    if not given:
        raise click.BadParameter("it is empty.")
    return given


def _octets(text: str) -> bytes:
    kind, _, rest = text.partition(":")
    if kind == "hex":
        return bytes.fromhex(rest)
    if kind != "base64" and _HEX.fullmatch(text):
        return bytes.fromhex(text)
    encoded = (rest if kind == "base64" else text).replace("-", "+").replace("_", "/")
    try:
        return b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ValueError("no base64") from None


def hashed_text(value: str, option: str) -> bytes:
    """The octets of a text that is hashed, as they were given, also where they are no UTF-8.

    Raises `click.BadParameter` for no octets.
    """
    if not value:
        raise click.BadParameter("it is empty.", param_hint=option)
    return value.encode("utf-8", "surrogateescape")


class EarlierNonce(NamedTuple):
    """A nonce, and when it was sent, where that is known."""

    nonce: bytes
    sent_at: datetime | None


def earlier_nonce(value: str) -> EarlierNonce:
    """A nonce as `octets` reads it, and after `@` its time. Raises `click.BadParameter`."""
    encoded, _, sent_at = value.partition("@")
    return EarlierNonce(octets(encoded), time(sent_at) if sent_at else None)


def earlier_nonces(given: tuple[EarlierNonce, ...]) -> Mapping[bytes, datetime] | list[bytes]:
    """The nonces as `Verifier.verify_mdm` takes them: all with a time, or none.

    Raises `click.UsageError` where some have a time and others have none.
    """
    dated = {each.nonce: each.sent_at for each in given if each.sent_at is not None}
    if dated and len(dated) < len({each.nonce for each in given}):
        raise click.UsageError("Give each --previous-nonce its time, or none of them.")
    return dated or [each.nonce for each in given]


at_option = click.option(
    "--at", type=time, metavar="TIME", help="Judge by this time; by default the present."
)
json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON.")
root_option = click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="PEM",
    help="Trust this root and not Apple's: for a lab. May be repeated.",
)
files_argument = click.argument("files", nargs=-1, required=True, metavar="FILE...")


def common(command: _F) -> _F:
    """Add what every subcommand that judges a chain has: FILE, --root, --at, --json."""
    return files_argument(root_option(at_option(json_option(command))))


def moment(at: datetime | None) -> datetime:
    """The time to judge by; the present for None."""
    return at or utc_seconds(datetime.now(UTC))


def verifier_of(roots: tuple[str, ...]) -> Verifier:
    """A verifier that trusts these roots alone, or Apple's where there are none.

    Raises `click.BadParameter` for what is no root.
    """
    if not roots:
        return Verifier()
    try:
        return Verifier(trust=TrustStore([read(root) for root in roots]))
    except ValueError as error:
        raise click.BadParameter(f"{error}.", param_hint="--root") from None
    except UnreadableError as error:
        raise click.BadParameter(str(error), param_hint="--root") from None


def policy_of(name: str) -> Policy:
    """The policy of this document. Raises `click.BadParameter` for what is none."""
    try:
        return Policy.from_toml(read(name))
    except (UnreadableError, ValueError) as error:
        raise click.BadParameter(f"{error}", param_hint="--policy") from None


def target_options(command: _F) -> _F:
    """Add what describes the device that a profile is for."""
    for option in (
        click.option("--chip", metavar="NAME", help="Its chip: A17, M2 Pro, T2, Intel."),
        click.option("--os-version", metavar="VERSION", help="Its OS version: 17.4."),
        click.option(
            "--platform",
            type=click.Choice([each.value for each in Platform]),
            help="What the device runs.",
        ),
    ):
        command = option(command)
    return command


def target_of(platform: str | None, os_version: str | None, chip: str | None) -> Target | None:
    """The device that a profile is for; None where nothing is known of it.

    Raises `click.UsageError` for one that cannot exist.
    """
    if platform is None:
        if os_version or chip:
            raise click.UsageError("--os-version and --chip need --platform.")
        return None
    try:
        return Target(platform=Platform(platform), os_version=os_version, chip=chip)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None


def plist_json(command: str, document: bytes) -> None:
    """A property list as the one result of `--json`, in base64."""
    print_json(command, [{"plist": b64encode(document).decode("ascii")}])
