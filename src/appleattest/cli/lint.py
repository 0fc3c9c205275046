"""`appleattest lint`: what of a configuration profile would not attest, and why."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

import click

from appleattest.cli import output
from appleattest.cli.inputs import UnreadableError, read
from appleattest.cli.options import files_argument, json_option, target_of, target_options
from appleattest.cli.output import Line, Style
from appleattest.errors import AttestationError
from appleattest.profile import PROFILE_LIMITS, LintResult, LintSeverity, lint_profile

_STYLES: Final[Mapping[LintSeverity, str]] = {
    LintSeverity.FORBIDDEN: Style.BAD,
    LintSeverity.NO_ATTESTATION: Style.BAD,
    LintSeverity.UNJUDGED: Style.DOUBT,
    LintSeverity.ADVICE: Style.DOUBT,
    LintSeverity.INFORMATION: Style.FAINT,
}


class Linted(NamedTuple):
    """One profile: what was found, or why it cannot be read."""

    name: str
    result: LintResult | None
    unreadable: str

    @property
    def code(self) -> int:
        """The exit code: 0 would attest, 1 would not, 2 unreadable."""
        if self.result is None:
            return 2
        return 0 if self.result.would_attest else 1


@click.command(
    epilog="""\b
Examples:
  appleattest lint enrol.mobileconfig
  appleattest lint enrol.mobileconfig --platform macos --os-version 14.5 --chip M2
  appleattest lint *.mobileconfig --json

Exit code: 0 if every profile would attest, 1 if one would not, 2 if one cannot be read."""
)
@files_argument
@target_options
@json_option
def lint(
    files: tuple[str, ...],
    platform: str | None,
    os_version: str | None,
    chip: str | None,
    as_json: bool,
) -> int:
    """Say what of each profile FILE would not attest, and why.

    FILE is a .mobileconfig, plain or signed; - is standard input. The signature is not checked.
    """
    target = target_of(platform, os_version, chip)
    results = []
    for name in files:
        try:
            content = read(name, PROFILE_LIMITS.plist_bytes)
            results.append(Linted(name, lint_profile(content, target=target), ""))
        except UnreadableError as error:
            results.append(Linted(name, None, str(error)))
        except AttestationError as error:
            results.append(Linted(name, None, f"It is no profile: {error.detail}."))
    if as_json:
        output.print_json("lint", [_json(each) for each in results])
    else:
        for each in results:
            _show(each)
    return max(each.code for each in results)


def _show(linted: Linted) -> None:
    out = output.console()
    output.title(out, linted.name)
    if linted.result is not None:
        output.table(
            out,
            [
                Line(
                    each.severity.value,
                    each.place or "profile",
                    each.explanation,
                    _STYLES[each.severity],
                )
                for each in linted.result.issues
            ],
        )
    output.paragraph(out, _sentence(linted), Style.BAD if linted.code else Style.GOOD)


def _sentence(linted: Linted) -> str:
    if linted.result is None:
        return linted.unreadable
    if linted.result.would_attest:
        return "A device that takes this profile would attest."
    return "With this profile, an ACME identity would not be attested. Mend what is marked."


def _json(linted: Linted) -> dict[str, Any]:
    if linted.result is None:
        return {"input": linted.name, "error": linted.unreadable}
    return {"input": linted.name, **linted.result.to_dict()}
