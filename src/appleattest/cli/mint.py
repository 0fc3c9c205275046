"""`appleattest mint`: attestations of a test authority, genuine in shape and trusted by nobody."""

from __future__ import annotations

import hashlib
import inspect
import secrets
from base64 import b64encode
from collections.abc import Callable, Mapping
from dataclasses import MISSING, fields, replace
from datetime import datetime
from pathlib import Path
from typing import Any, Final, TypeVar

import click
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from appleattest.cli import output
from appleattest.cli.inputs import UnreadableError, read
from appleattest.cli.options import at_option, hashed_text, json_option, moment, octets
from appleattest.cli.output import Line
from appleattest.testing import AttestationAuthority, Deviation, Properties, carriers, deviations

_F = TypeVar("_F", bound=Callable[..., Any])

_DEVICES: Final[Mapping[str, Callable[[], Properties]]] = {
    "mac": Properties.mac,
    "iphone": Properties.iphone,
    "iphone-16": Properties.iphone_16,
}
_SEED_BYTES: Final = 32


def _deviations() -> dict[str, type[Deviation]]:
    """The deviations that need no argument, by name."""
    named = ((name, getattr(deviations, name)) for name in deviations.__all__)
    return {
        name: kind
        for name, kind in named
        if inspect.isclass(kind)
        and issubclass(kind, Deviation)
        and all(f.default is not MISSING or f.default_factory is not MISSING for f in fields(kind))
    }


def _authority_options(command: _F) -> _F:
    for option in (
        json_option,
        at_option,
        click.option("--seed-file", metavar="FILE", help="Keep the seed here; made if absent."),
        click.option("--seed", metavar="TEXT", help="The same seed always gives the same keys."),
    ):
        command = option(command)
    return command


def _leaf_options(command: _F) -> _F:
    names = click.Choice(list(_deviations()), case_sensitive=False)
    for option in (
        click.option(
            "--intermediate-deviation",
            "above",
            type=names,
            metavar="NAME",
            multiple=True,
            help="Break the intermediate like this. May be repeated.",
        ),
        click.option(
            "--deviation",
            "broken",
            type=names,
            metavar="NAME",
            multiple=True,
            help="Break the leaf like this: `mint deviations` lists them. May be repeated.",
        ),
        click.option("--user-enrolled", is_flag=True, help="Name no device."),
        click.option("--os-version", metavar="TEXT", help="The OS version."),
        click.option("--udid", metavar="TEXT", help="The UDID."),
        click.option("--serial", metavar="TEXT", help="The serial number."),
        click.option(
            "--device", type=click.Choice(list(_DEVICES)), default="mac", show_default=True
        ),
    ):
        command = option(command)
    return _authority_options(command)


@click.group(
    epilog="""\b
Examples:
  appleattest mint root --seed lab > root.pem
  appleattest mint mdm --seed lab --nonce 00ff | \\
      appleattest verify mdm - --nonce 00ff --root root.pem
  appleattest mint chain --seed lab --deviation WrongSigner | appleattest inspect -"""
)
def mint() -> None:
    """Make attestations of a test authority, to try things out.

    No key of it is secret, and only --root makes a verifier trust it. The same --seed gives the
    same authority; `mint root` prints its root.
    """


@mint.command("root")
@_authority_options
def mint_root(seed: str | None, seed_file: str | None, as_json: bool, **_rest: Any) -> None:
    """Print the root of the authority in PEM: what --root takes."""
    _print("mint root", _pem([_authority(seed, seed_file).root]), as_json=as_json)


@mint.command("chain")
@click.option(
    "--freshness", type=octets, metavar="HEX|BASE64", help="The freshness code of the leaf."
)
@_leaf_options
def mint_chain(freshness: bytes | None, **rest: Any) -> None:
    """Print a chain in PEM, leaf first. A broken one may be no certificate any more."""
    chain = _minted(freshness, rest)
    _print("mint chain", b"".join(map(_armoured, chain)), as_json=rest["as_json"])


@mint.command("mdm")
@click.option(
    "--nonce", type=octets, metavar="HEX|BASE64", required=True, help="The nonce of the command."
)
@click.option("--binary", is_flag=True, help="A binary property list.")
@_leaf_options
def mint_mdm(nonce: bytes, binary: bool, **rest: Any) -> None:
    """Print a device's response to a DeviceInformation command, as a property list."""
    document = carriers.response_plist(_minted(nonce, rest), binary=binary)
    _print("mint mdm", document, as_json=rest["as_json"])


@mint.command("acme")
@click.option("--token", metavar="TEXT", required=True, help="The token of the challenge.")
@click.option(
    "--object", "only_object", is_flag=True, help="The attestation object alone, in CBOR."
)
@_leaf_options
def mint_acme(token: str, only_object: bool, **rest: Any) -> None:
    """Print a challenge response of device-attest-01."""
    code = hashlib.sha256(hashed_text(token, "--token")).digest()
    statement = carriers.attestation_object(_minted(code, rest))
    document = statement if only_object else carriers.challenge_response(statement)
    _print("mint acme", document, as_json=rest["as_json"])


@mint.command("deviations")
@json_option
def mint_deviations(as_json: bool) -> None:
    """List the deviations by name, and what each breaks."""
    known = {name: (kind.__doc__ or "").partition("\n")[0] for name, kind in _deviations().items()}
    if as_json:
        output.print_json("mint deviations", [{"name": n, "breaks": t} for n, t in known.items()])
    else:
        output.table(output.console(), [Line(*each) for each in known.items()])


def _minted(code: bytes | None, rest: Mapping[str, Any]) -> list[bytes]:
    authority = _authority(rest["seed"], rest["seed_file"])
    at: datetime | None = rest["at"]
    try:
        return authority.attest(
            properties=_properties(rest),
            freshness_code=code,
            at=moment(at),
            deviations=_made(rest["broken"]),
            intermediate_deviations=_made(rest["above"]),
        )
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None


def _properties(rest: Mapping[str, Any]) -> Properties:
    properties = _DEVICES[rest["device"]]()
    given = {
        "serial_number": rest["serial"],
        "udid": rest["udid"],
        "os_version": rest["os_version"],
    }
    properties = replace(properties, **{n: v for n, v in given.items() if v is not None})
    return properties.user_enrolled() if rest["user_enrolled"] else properties


def _made(names: tuple[str, ...]) -> list[Deviation]:
    kinds = _deviations()
    return [kinds[name]() for name in names]


def _authority(seed: str | None, seed_file: str | None) -> AttestationAuthority:
    """The authority of the seed, of the file's, or of a fixed one where neither is given."""
    if seed is not None and seed_file is not None:
        raise click.UsageError("Give --seed or --seed-file, not both.")
    if seed_file is None:
        return AttestationAuthority(seed="appleattest mint" if seed is None else seed)
    try:
        path = Path(seed_file)
        if not path.exists():
            path.write_bytes(secrets.token_bytes(_SEED_BYTES))
        return AttestationAuthority(seed=read(seed_file, _SEED_BYTES))
    except UnreadableError as error:
        raise click.BadParameter(str(error), param_hint="--seed-file") from None


def _pem(certificates: list[x509.Certificate]) -> bytes:
    return b"".join(each.public_bytes(Encoding.PEM) for each in certificates)


def _armoured(der: bytes) -> bytes:
    text = b64encode(der)
    lines = [text[start : start + 64] for start in range(0, len(text), 64)]
    return b"\n".join((b"-----BEGIN CERTIFICATE-----", *lines, b"-----END CERTIFICATE-----", b""))


def _print(command: str, document: bytes, *, as_json: bool) -> None:
    if as_json:
        encoded = b64encode(document).decode("ascii")
        output.print_json(command, [{"base64": encoded}])
    else:
        output.write(document)
