"""`appleattest inspect`: what a file holds, decoded without trust."""

from __future__ import annotations

from datetime import datetime
from typing import Any, NamedTuple

import click

from appleattest import explain
from appleattest.cli import carriers, output, show
from appleattest.cli.inputs import UnreadableError, read
from appleattest.cli.options import common, moment, verifier_of
from appleattest.cli.output import Line, Style
from appleattest.errors import AttestationError
from appleattest.forms import Form, advice
from appleattest.oids import FRESHNESS_CODE
from appleattest.report import Report
from appleattest.unverified import UnverifiedAttestation, decode_unverified
from appleattest.verifier import Verifier


class Inspected(NamedTuple):
    """One file: what it holds, and whether that verifies as of the leaf's notBefore."""

    name: str
    found: UnverifiedAttestation
    as_of: datetime | None
    report: Report | None


class Failed(NamedTuple):
    """One file that holds no certificate, or cannot be read."""

    name: str
    sentence: str


@click.command(
    epilog="""\b
Examples:
  appleattest inspect response.plist
  pbpaste | appleattest inspect -
  appleattest inspect --json chain.pem | jq '.results[0].properties'
  appleattest inspect --root lab-root.pem minted.pem

Exit code: 0 if every file holds a certificate, else 2. It is no verdict."""
)
@common
def inspect(
    files: tuple[str, ...], roots: tuple[str, ...], at: datetime | None, as_json: bool
) -> int:
    """Show what each FILE holds. Nothing of it is trusted.

    Any form is taken: PEM, DER, PKCS #7, an attestation object, a challenge response, a JWS, x5c, a
    response property list, a webhook event, a record; also in hexadecimal or base64. FILE may be -
    for standard input.

    It also says whether the chain verifies to Apple's root as of the moment that the leaf was made,
    and if not, why. That says nothing of the present, of freshness, or of who sent it.
    """
    verifier, now = verifier_of(roots), moment(at)
    results = [_inspected(name, verifier) for name in files]
    if as_json:
        output.print_json("inspect", [_json(each) for each in results])
    else:
        for each in results:
            _show(each, now, own_root=bool(roots))
    return 2 if any(isinstance(each, Failed) for each in results) else 0


def _inspected(name: str, verifier: Verifier) -> Inspected | Failed:
    try:
        found = decode_unverified(read(name))
    except UnreadableError as error:
        return Failed(name, str(error))
    except AttestationError as error:
        return Failed(name, f"No certificate was found: {error}. {error.detail}")
    return Inspected(name, found, *carriers.as_of_not_before(found, verifier))


def _show(result: Inspected | Failed, now: datetime, *, own_root: bool) -> None:
    out = output.console()
    if isinstance(result, Failed):
        output.title(out, f"{result.name}: nothing to show", Style.BAD)
        output.paragraph(out, result.sentence)
        return
    found = result.found
    output.title(out, f"{result.name}: UNVERIFIED", Style.DOUBT)
    output.paragraph(out, "Nobody has checked what follows. Do not rely on it.")
    output.table(out, _facts(result, own_root=own_root))
    output.title(out, "What it claims of the device")
    output.table(out, show.property_lines(found.claims))
    output.title(out, "The chain, leaf last")
    output.tree(out, show.chain_nodes(found.chain, now))
    if found.problems:
        output.title(out, "What no verifier would accept", Style.BAD)
        output.table(out, [_problem(each) for each in found.problems])


def _facts(result: Inspected, *, own_root: bool) -> list[Line]:
    form = result.found.carrier
    code = result.found.claims.raw.get(FRESHNESS_CODE)
    return [
        Line("form", form),
        Line("taken by", advice(Form(form))),
        Line("freshness code", code.hex() if code else "none"),
        *_as_of(result, own_root=own_root),
    ]


def _as_of(result: Inspected, *, own_root: bool) -> list[Line]:
    anchor = "the root that you named" if own_root else "Apple's root"
    if result.report is None or result.as_of is None:
        return [
            Line("verifies", f"not to {anchor}: the leaf's dates cannot be read", "", Style.BAD)
        ]
    moment = f"as of notBefore, {result.as_of:%Y-%m-%d %H:%M} UTC"
    error = result.report.error
    if error is None:
        return [Line("verifies", f"to {anchor}, {moment}", "", Style.GOOD)]
    text = explain.of_reason(error.reason)
    why = f"{text.sentence} ({error.reason.value})"
    return [
        Line("verifies", f"not to {anchor}, {moment}", "", Style.BAD),
        Line("why not", f"{why}: {error.detail}" if error.detail else why),
        Line("what to do", text.action),
    ]


def _problem(problem: AttestationError) -> Line:
    return Line(problem.element or "the whole", f"{problem.reason.value}: {problem.detail}")


def _json(result: Inspected | Failed) -> dict[str, Any]:
    if isinstance(result, Failed):
        return {"input": result.name, "error": result.sentence}
    found, report = result.found, result.report
    error = None if report is None else report.error
    return {
        "input": result.name,
        "verified": False,
        "form": found.carrier,
        "taken_by": advice(Form(found.carrier)),
        "properties": show.properties_json(found.claims),
        "unknown_oids": show.unknown_json(found.claims),
        "chain": show.chain_json(found.chain),
        "as_of_not_before": {
            "verifies": report is not None and error is None,
            "at": None if result.as_of is None else f"{result.as_of:%Y-%m-%dT%H:%M:%SZ}",
            "reason": None if error is None else error.reason.value,
            "element": None if error is None else error.element,
            "detail": "" if error is None else error.detail,
        },
        "problems": [
            {"reason": each.reason.value, "element": each.element, "detail": each.detail}
            for each in found.problems
        ],
    }
