"""Run any implementation over the vectors.

The command is started once. For each test it gets one line of JSON on its standard input (with
what the group shares, without the expectations). It answers with one line on its standard output:
an object with `result`, and if it likes `reason`, or what it read.
"""

from __future__ import annotations

import json
import subprocess
from collections.abc import Container, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Final, NamedTuple

from appleattest.summary import printable

SCHEMA: Final = "schema.json"
"""The file that describes the form of the others."""

_COMPARED: Final = (
    *("device", "freshness", "requestedAt", "spkiSha256", "discrepancies"),
    *("foundIn", "names"),
    *("parts", "text", "der"),
)
_EXPECTED: Final = ("result", "because", "reason", "element", "alsoRead", *_COMPARED)

_LONGEST_ANSWER: Final = 1024 * 1024
"""Characters of one answer, which is a line."""


class Verdict(NamedTuple):
    """One test: what was expected and answered, and whether that is a failure."""

    file: str
    test: dict[str, Any]
    answer: dict[str, Any]
    failure: str | None
    """Why the answer is wrong; None when it is right."""
    other_reason: bool
    """Whether it is refused rightly for another reason or element."""


class Summary(NamedTuple):
    """All verdicts as text, a line for each failure, and whether there was one."""

    text: str
    failed: bool


def vector_files(directory: Path) -> list[Path]:
    """The files of vectors in a directory, without the schema."""
    return sorted(
        path for path in directory.glob("*.json") if path.name != SCHEMA and path.is_file()
    )


def tests_in(paths: Iterable[Path]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every test of these files, with the fields that its group shares."""
    for path in paths:
        document = json.loads(path.read_text("utf-8"))
        for group in document["testGroups"]:
            shared = {key: value for key, value in group.items() if key != "tests"}
            for test in group["tests"]:
                yield path.name, {**shared, **test}


def question(test: dict[str, Any]) -> dict[str, Any]:
    """The test as an implementation gets to see it."""
    return {key: value for key, value in test.items() if key not in _EXPECTED}


def run(
    command: Sequence[str], paths: Iterable[Path], types: Container[str] | None = None
) -> Iterator[Verdict]:
    """Ask `command` about every test, or about those of some types of group alone.

    Raises `RuntimeError` when it stops answering, or answers with anything but JSON objects.
    """
    with subprocess.Popen(  # noqa: S603 - running the user's command is the purpose
        list(command), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8"
    ) as process:
        assert process.stdin is not None and process.stdout is not None  # noqa: S101 - both piped
        pipes = _Pipes(process.stdin, process.stdout)
        try:
            for file, test in tests_in(paths):
                if types is not None and test["type"] not in types:
                    continue
                yield compare(file, test, _asked(pipes, file, test))
        except BaseException:
            process.kill()
            with suppress(OSError):
                process.stdin.close()
            raise


class _Pipes(NamedTuple):
    questions: IO[str]
    answers: IO[str]


def _asked(pipes: _Pipes, file: str, test: dict[str, Any]) -> dict[str, Any]:
    about = f"{file}, tcId {test['tcId']}"
    try:
        pipes.questions.write(json.dumps(question(test)) + "\n")
        pipes.questions.flush()
        line = pipes.answers.readline(_LONGEST_ANSWER + 1)
    except OSError:
        line = ""
    except UnicodeDecodeError:
        raise RuntimeError(f"the command's answer to {about} is not UTF-8") from None
    if not line:
        raise RuntimeError(f"the command gave no answer to {about}")
    if len(line) > _LONGEST_ANSWER:
        raise RuntimeError(f"the command's answer to {about} is over {_LONGEST_ANSWER} characters")
    try:
        answer = json.loads(line)
    except (ValueError, RecursionError):
        answer = None
    if not isinstance(answer, dict):
        raise RuntimeError(f"the command's answer to {about} is no JSON object: {line[:80]!r}")
    return answer


def compare(file: str, test: dict[str, Any], answer: dict[str, Any]) -> Verdict:
    """Hold an answer against what the test expects."""
    failure = _failure(test, answer)
    other = failure is None and answer["result"] == "invalid" and _says_otherwise(test, answer)
    return Verdict(file, test, answer, failure, other)


def _says_otherwise(test: dict[str, Any], answer: dict[str, Any]) -> bool:
    given, expected = answer.get("reason"), test.get("reason")
    if None in (given, expected):
        return False
    element = answer.get("element", test.get("element"))
    return given != expected or ("element" in test and element != test["element"])


def summarize(verdicts: Sequence[Verdict], *, reasons: bool) -> Summary:
    """What to print about a run; with `reasons`, a refusal for another reason fails too."""
    failures = [each for each in verdicts if each.failure or (reasons and each.other_reason)]
    others = sum(each.other_reason for each in verdicts)
    counted = (
        f"{len(verdicts) - len(failures)} of {len(verdicts)} tests as expected, "
        f"{others} refused for a reason with another name"
    )
    return Summary("\n".join([*map(_failure_line, failures), counted]), bool(failures))


def _failure_line(verdict: Verdict) -> str:
    test = verdict.test
    why = verdict.failure or (
        f"reason {refusal(test)} was expected, {refusal(verdict.answer)} came"
    )
    return f"{verdict.file} tcId {test['tcId']} ({test['name']}): {printable(why)}"


def refusal(said: dict[str, Any]) -> str:
    """The reason and the element of a test or an answer, in one text."""
    element = said.get("element")
    return f"{said.get('reason')} ({element})" if element else str(said.get("reason"))


def _failure(test: dict[str, Any], answer: dict[str, Any]) -> str | None:
    given = answer.get("result")
    if given not in ("valid", "invalid"):
        return f"answered {given!r}, which is neither valid nor invalid"
    if test["result"] in ("valid", "invalid") and given != test["result"]:
        return f"{test['result']} was expected, {given} came"
    if given == "valid":
        for key in _COMPARED:
            if key in answer and not _reads_alike(test, key, answer[key]):
                return f"{key} {test[key]!r} was expected, {answer[key]!r} came"
    return None


def _reads_alike(test: dict[str, Any], key: str, given: Any) -> bool:
    """Whether it is what the test says, or also right. What a test does not say is not compared."""
    if key not in test or given == test[key]:
        return True
    also = test.get("alsoRead", {})
    if key != "device" or not isinstance(given, dict):
        return False
    expected = test[key]
    return all(
        given.get(name) == expected.get(name) or given.get(name) in also.get(name, ())
        for name in given.keys() | expected.keys()
    )


def kept(test: dict[str, Any], answer: dict[str, Any]) -> str | None:
    """What this library did against its own note in an `acceptable` test; None if as noted."""
    refused = "reason" in test
    if test["result"] != "acceptable" or refused == (answer.get("result") == "invalid"):
        return None
    return f"{'a refusal' if refused else 'acceptance'} was told, {answer.get('result')} came"
