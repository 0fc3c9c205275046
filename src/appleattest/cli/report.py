"""`appleattest report FILE... --out page.html`: the page to hand on."""

from __future__ import annotations

import shlex
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any, NamedTuple

import click

from appleattest import mdm
from appleattest.acme.received import attestation_object_in
from appleattest.cli import carriers, output
from appleattest.cli.inputs import STANDARD_INPUT, UnreadableError, read
from appleattest.cli.options import (
    at_option,
    files_argument,
    hashed_text,
    json_option,
    moment,
    octets,
    root_option,
    verifier_of,
)
from appleattest.cli.results import undecoded
from appleattest.errors import AttestationError
from appleattest.freshness import UNCHECKED, ExpectedFreshness, NoCheck, exactly, sha256_of
from appleattest.report import Report
from appleattest.summary import verdict
from appleattest.times import rfc3339
from appleattest.unverified import UnverifiedAttestation, decode_unverified
from appleattest.verifier import Verifier

Examine = Callable[[Verifier, bytes, datetime], Report]
"""Judges the octets of a file as of a time."""


class _Asked(NamedTuple):
    """What each file has to answer, and the words of the command line that said so."""

    examine: Examine
    words: tuple[str, ...]


@click.command(
    epilog="""\b
Examples:
  appleattest report response.plist --out page.html
  appleattest report response.plist --nonce NONCE --out page.html
  appleattest report challenge.json --token TOKEN --out page.html

Exit code: 0 verified, or nothing was to be verified; 1 refused; 2 misuse or unreadable."""
)
@files_argument
@click.option("--out", required=True, metavar="HTML", help="Write the page to this file.")
@click.option("--nonce", type=octets, metavar="HEX|BASE64", help="MDM: the nonce as it was sent.")
@click.option("--token", metavar="TEXT", help="ACME: the challenge's token.")
@click.option("--freshness", type=octets, metavar="HEX", help="Expect this freshness code.")
@click.option("--sha256-of", metavar="TEXT", help="Expect the SHA-256 of this text.")
@click.option("--unchecked", is_flag=True, help="Verify without freshness: it may be a replay.")
@root_option
@at_option
@json_option
def report(
    files: tuple[str, ...],
    out: str,
    roots: tuple[str, ...],
    at: datetime | None,
    as_json: bool,
    **options: Any,
) -> int:
    """Write one page about every FILE: the verdict, the chain, the checks, the properties.

    Without --nonce, --token, --freshness, --sha256-of or --unchecked nothing is verified. The page
    then shows what each FILE claims, and whether its chain led to Apple's root when it was made.
    """
    try:
        from appleattest import page
    except ImportError as missing:
        raise click.ClickException(f"{missing}.") from None
    if any(_is_same(out, name) for name in (*files, *roots)):
        raise click.UsageError("--out names an input, which it would replace.")
    if out == STANDARD_INPUT:
        raise click.UsageError("--out is the name of a file, and not -.")
    asked = _asked(**options)
    if asked is None and (roots or at):
        raise click.UsageError("--root and --at need the freshness, or --unchecked.")
    verifier, now = verifier_of(roots), moment(at)
    sections = []
    for name in files:
        content = _content(name)
        sections.append(_section(page, name, content, asked, verifier, now, roots))
    _write(out, page.render(sections))
    if as_json:
        output.print_json("report", [_json(each, out) for each in sections])
    return 1 if any(_is_refused(each) for each in sections) else 0


def _is_same(out: str, name: str) -> bool:
    """Whether both name one file, however they are written."""
    try:
        return out == name or Path(out).samefile(name)
    except (OSError, ValueError):  # one of them is no file yet, or cannot be one
        return False


def _write(out: str, text: str) -> None:
    try:
        Path(out).write_text(text, encoding="utf-8")
    except ValueError:
        raise click.UsageError("--out is no name of a file.") from None


def _is_refused(section: Any) -> bool:
    return not (section.unverified or verdict(section.report, section.discrepancies).accepted)


def _json(section: Any, out: str) -> dict[str, Any]:
    """What the page says of one input, as output.schema.json describes it."""
    if section.unverified:
        said = "Unverified: the page shows what the input claims."
        return {"input": section.title, "verdict": "unverified", "sentence": said, "page": out}
    conclusion = verdict(section.report, section.discrepancies)
    return {
        "input": section.title,
        "verdict": "verified" if conclusion.accepted else "refused",
        "sentence": conclusion.sentence,
        "page": out,
    }


def _content(name: str) -> bytes:
    try:
        return read(name)
    except UnreadableError as error:
        raise click.ClickException(str(error)) from None


def _section(
    page: Any,
    name: str,
    content: bytes,
    asked: _Asked | None,
    verifier: Verifier,
    now: datetime,
    roots: tuple[str, ...],
) -> Any:
    source = page.Source.of(name, content)
    found = _found(content)
    if asked is None:
        if isinstance(found, AttestationError):
            raise click.ClickException(f"{name}: no certificate was found: {found}.")
        as_of, examined_then = carriers.as_of_not_before(found, verifier)
        if examined_then is None:
            raise click.ClickException(f"{name}: the leaf's dates cannot be read.")
        return page.Section(
            name,
            examined_then,
            inspected=found,
            unverified=True,
            source=source,
            at=as_of,
            command=_command(name),
        )
    trusted = tuple(word for root in roots for word in ("--root", root))
    words = (*asked.words, *trusted, "--at", rfc3339(now))
    judged = asked.examine(verifier, content, now)
    return page.Section(
        name,
        judged,
        discrepancies=carriers.discrepancies(content, judged.attestation),
        inspected=None if isinstance(found, AttestationError) else found,
        source=source,
        at=now,
        command=_command(name, *words),
    )


def _found(content: bytes) -> UnverifiedAttestation | AttestationError:
    try:
        return decode_unverified(content)
    except AttestationError as error:
        return error


def _command(name: str, *words: str) -> str:
    """The line for a shell; a file's name does not begin with a dash, which an option does."""
    file = f"./{name}" if name.startswith("-") and name != STANDARD_INPUT else name
    return shlex.join(["appleattest", "report", file, *words, "--out", "page.html"])


def _asked(
    nonce: bytes | None,
    token: str | None,
    freshness: bytes | None,
    sha256_of: str | None,
    unchecked: bool,
) -> _Asked | None:
    """What the options ask; None where they ask for no verification."""
    given = [
        each
        for each in (
            None if nonce is None else _Asked(_mdm(nonce), ("--nonce", nonce.hex())),
            None if token is None else _Asked(_acme(token), ("--token", token)),
            None
            if freshness is None
            else _Asked(_code(freshness), ("--freshness", freshness.hex())),
            None if sha256_of is None else _Asked(_hashed(sha256_of), ("--sha256-of", sha256_of)),
            _Asked(_chain(UNCHECKED), ("--unchecked",)) if unchecked else None,
        )
        if each is not None
    ]
    if len(given) > 1:
        raise click.UsageError(
            "Give one of --nonce, --token, --freshness, --sha256-of and --unchecked."
        )
    return given[0] if given else None


def _mdm(nonce: bytes) -> Examine:
    def examine(verifier: Verifier, content: bytes, at: datetime) -> Report:
        given = carriers.mdm_input(content)
        if given.response is None:
            return verifier.examine_mdm(given.chain, nonce=nonce, at=at)
        return mdm.examine_response(
            given.response, nonce=nonce, verifier=verifier, device=UNCHECKED, at=at
        )

    return _contained(examine)


def _acme(token: str) -> Examine:
    return _contained(
        lambda verifier, content, at: verifier.examine_acme(
            attestation_object_in(content, verifier.limits), token=token, at=at
        )
    )


def _code(code: bytes) -> Examine:
    return _chain(exactly(code))


def _hashed(text: str) -> Examine:
    return _chain(sha256_of(hashed_text(text, "--sha256-of")))


def _chain(freshness: ExpectedFreshness | NoCheck) -> Examine:
    return _contained(
        lambda verifier, content, at: verifier.examine_chain(
            carriers.chain(content), freshness=freshness, at=at
        )
    )


def _contained(examine: Examine) -> Examine:
    """The same, where a file that cannot be read is a failure of the check `decode`."""

    def judged(verifier: Verifier, content: bytes, at: datetime) -> Report:
        try:
            return examine(verifier, content, at)
        except AttestationError as error:
            return undecoded(error)
        except ValueError as misuse:
            raise click.UsageError(f"{misuse}.") from None

    return judged
