"""`appleattest verify mdm|acme|chain`: every check, and what the verdict means."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

import click

from appleattest import acme, mdm
from appleattest.acme.received import attestation_object_in, challenge_response_in
from appleattest.cli import carriers, output
from appleattest.cli.inputs import UnreadableError, read
from appleattest.cli.options import (
    EarlierNonce,
    common,
    earlier_nonce,
    earlier_nonces,
    hashed_text,
    moment,
    octets,
    policy_of,
    verifier_of,
)
from appleattest.cli.results import Result, gravest, of_refusal, of_report, show_result, to_json
from appleattest.errors import AttestationError
from appleattest.freshness import UNCHECKED, NoCheck, exactly, sha256_of
from appleattest.policy import Platform, Policy

Judge = Callable[[str, bytes], Result]
"""Judges the octets of a file, which has a name."""

_policy_option = click.option(
    "--policy",
    metavar="TOML",
    help="Apply the rules of this policy; one that needs an inventory cannot be.",
)
_platform_option = click.option(
    "--platform",
    type=click.Choice([each.value for each in Platform]),
    help="What the device runs, for the rules of the policy.",
)
_unchecked_option = click.option(
    "--unchecked", is_flag=True, help="Do not check freshness: it may be a replay."
)
_CODES = "Exit code: 0 verified, 1 refused, 2 misuse or unreadable; of several files the highest."


@click.group()
def verify() -> None:
    """Verify attestations, and show every check.

    Freshness has no default: say what each attestation must answer, or --unchecked.
    """


@verify.command(
    "mdm",
    epilog=f"""\b
Examples:
  appleattest verify mdm response.plist --nonce c/M08D5A2JdVf1J+B6BvdS1wcJkvGSdvCk8wTpiEGXM=
  appleattest verify mdm *.plist --unchecked --json
  appleattest verify mdm - --nonce NONCE --serial C02XXXXXXXXX --policy policy.toml < event.json

{_CODES}""",
)
@click.option(
    "--nonce", type=octets, metavar="HEX|BASE64", help="The DeviceAttestationNonce as it was sent."
)
@_unchecked_option
@click.option(
    "--previous-nonce",
    "previous",
    type=earlier_nonce,
    metavar="NONCE[@TIME]",
    multiple=True,
    help="A nonce of an earlier command; @ and a time say when it was sent. May be repeated.",
)
@click.option("--serial", metavar="TEXT", help="The serial number that the device must have.")
@click.option(
    "--udid", metavar="TEXT", help="The UDID that it must have; a Mac's ProvisioningUDID."
)
@_policy_option
@_platform_option
@common
def verify_mdm(
    nonce: bytes | None,
    unchecked: bool,
    previous: tuple[EarlierNonce, ...],
    serial: str | None,
    udid: str | None,
    **rest: Any,
) -> int:
    """Verify what devices answered to DeviceInformation commands.

    FILE is a response property list, a webhook event, or a chain alone; - is standard input.
    """
    expected = _one(("--nonce", nonce), ("--unchecked", UNCHECKED if unchecked else None))
    device = _known_device(serial, udid)
    earlier = earlier_nonces(previous)
    verifier, at = verifier_of(rest["roots"]), moment(rest["at"])

    def judge(name: str, content: bytes) -> Result:
        given = carriers.mdm_input(content)
        if given.response is None:
            if device is not UNCHECKED:
                raise click.UsageError("--serial and --udid need the device's whole response.")
            report = verifier.examine_mdm(
                given.chain, nonce=expected, previous_nonces=earlier, at=at
            )
            return of_report(name, report)
        report = mdm.examine_response(
            given.response,
            nonce=expected,
            previous_nonces=earlier,
            verifier=verifier,
            device=device,
            at=at,
        )
        return of_report(name, report)._replace(
            discrepancies=carriers.discrepancies(content, report.attestation)
        )

    return _run(judge, rest, at)


@verify.command(
    "acme",
    epilog=f"""\b
Examples:
  appleattest verify acme response.json --token 2uO9Yz0bJkqQm1sVtXwA4g --identifier C02XXXXXXXXX
  appleattest verify acme object.cbor --unchecked
  appleattest verify acme response.json --token TOKEN --identifier CODE --serial C02XXXXXXXXX \\
      --csr request.der

{_CODES}""",
)
@click.option("--token", metavar="TEXT", help="The token of the challenge, alone.")
@_unchecked_option
@click.option("--identifier", metavar="TEXT", help="The permanent-identifier of the order.")
@click.option(
    "--serial", metavar="TEXT", help="The device that may answer; else the one of --identifier."
)
@click.option("--udid", metavar="TEXT", help="The same, by its UDID.")
@click.option("--csr", metavar="FILE", help="The certificate request of the finalize.")
@_policy_option
@_platform_option
@common
def verify_acme(
    token: str | None,
    unchecked: bool,
    identifier: str | None,
    serial: str | None,
    udid: str | None,
    csr: str | None,
    **rest: Any,
) -> int:
    """Verify challenge responses of ACME device-attest-01.

    FILE is a challenge response, or the attestation object in CBOR or base64url; - is standard
    input.
    """
    expected = _one(("--token", token), ("--unchecked", UNCHECKED if unchecked else None))
    devices = [each for each in (serial, udid) if each is not None]
    if identifier is None and (csr or devices):
        raise click.UsageError("--csr, --serial and --udid need --identifier.")
    if identifier is not None and token is None:
        raise click.UsageError("--identifier needs --token.")
    request = None if csr is None else _request(csr)
    verifier, at = verifier_of(rest["roots"]), moment(rest["at"])

    def judge(name: str, content: bytes) -> Result:
        if identifier is None or token is None:
            inside = attestation_object_in(content, verifier.limits)
            return of_report(name, verifier.examine_acme(inside, token=expected, at=at))
        report = acme.examine_challenge(
            challenge_response_in(content, verifier.limits),
            token=token,
            identifier=identifier,
            verifier=verifier,
            device=devices or acme.Answering.ORDERED,
            at=at,
        )
        result = of_report(name, report)
        return result if request is None else _with_request(result, request, identifier)

    return _run(judge, rest, at)


@verify.command(
    "chain",
    epilog=f"""\b
Examples:
  appleattest verify chain chain.pem --freshness 8f0e...
  appleattest verify chain chain.pem --sha256-of "the nonce of Platform SSO"

{_CODES}""",
)
@click.option(
    "--freshness",
    type=octets,
    metavar="HEX|BASE64",
    help="The freshness code that the leaf must carry.",
)
@click.option("--sha256-of", "text", metavar="TEXT", help="The code is the SHA-256 of this text.")
@_unchecked_option
@_policy_option
@_platform_option
@common
def verify_chain(freshness: bytes | None, text: str | None, unchecked: bool, **rest: Any) -> int:
    """Verify chains of certificates, whatever carried them.

    FILE is a chain in any form that `inspect` takes; - is standard input.
    """
    expected = _one(
        ("--freshness", None if freshness is None else exactly(freshness)),
        ("--sha256-of", None if text is None else sha256_of(hashed_text(text, "--sha256-of"))),
        ("--unchecked", UNCHECKED if unchecked else None),
    )
    verifier, at = verifier_of(rest["roots"]), moment(rest["at"])

    def judge(name: str, content: bytes) -> Result:
        chain = carriers.chain(content)
        return of_report(name, verifier.examine_chain(chain, freshness=expected, at=at))

    return _run(judge, rest, at)


def _one(*choices: tuple[str, Any]) -> Any:
    """The value of the one option that was given; anything else is misuse."""
    given = [value for _, value in choices if value is not None]
    if len(given) != 1:
        names = " or ".join(name for name, _ in choices)
        raise click.UsageError(f"Give exactly one of {names}: freshness has no default.")
    return given[0]


def _known_device(serial: str | None, udid: str | None) -> mdm.KnownDevice | NoCheck:
    if serial is None and udid is None:
        return UNCHECKED
    try:
        return mdm.KnownDevice(serial_number=serial, provisioning_udid=udid)
    except ValueError as error:
        raise click.UsageError(f"{error}.") from None


def _run(judge: Judge, rest: dict[str, Any], at: datetime) -> int:
    if rest["platform"] is not None and rest["policy"] is None:
        raise click.UsageError("--platform is for the rules of --policy.")
    policy = None if rest["policy"] is None else policy_of(rest["policy"])
    results = [_judged(name, judge) for name in rest["files"]]
    if policy is not None:
        results = [_with_policy(each, policy, rest["platform"], at) for each in results]
    _print(results, at, as_json=rest["as_json"])
    return gravest(results)


def _judged(name: str, judge: Judge) -> Result:
    try:
        return judge(name, read(name))
    except UnreadableError as error:
        return Result(name, str(error))
    except AttestationError as error:
        return of_refusal(name, error)
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"{error}.") from None


def _with_policy(result: Result, policy: Policy, platform: str | None, at: datetime) -> Result:
    if result.attestation is None or result.error is not None:
        return result
    found = policy.evaluate(result.attestation, result.discrepancies, platform=platform, at=at)
    return result._replace(policy=found)


def _with_request(result: Result, request: Any, identifier: str) -> Result:
    if result.attestation is None:
        return result
    report = acme.examine_csr(
        request,
        identifier=identifier,
        binding=acme.CSRBinding.CN_OR_SAN,
        attestation=result.attestation,
    )
    return result._replace(checks=(*result.checks, *report.checks), error=report.error)


def _request(name: str) -> Any:
    try:
        return carriers.request(read(name))
    except UnreadableError as error:
        raise click.BadParameter(str(error), param_hint="--csr") from None
    except AttestationError as error:
        raise click.BadParameter(f"{error}.", param_hint="--csr") from None


def _print(results: Sequence[Result], at: datetime, *, as_json: bool) -> None:
    if as_json:
        output.print_json("verify", [to_json(each, at) for each in results])
        return
    for each in results:
        show_result(each, at)
