"""List, write, check and run the vectors: `python -m appleattest.testing.vectors --help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from appleattest.testing.vectors import document, runner
from appleattest.testing.vectors.flags import Flag
from appleattest.testing.vectors.judge import judge


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something differs."""
    options = _parser().parse_args(arguments)
    commands = {
        "list": _list,
        "flags": _flags,
        "write": _write,
        "check": _check,
        "run": _run,
        "answer": _answer,
    }
    return commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m appleattest.testing.vectors")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every case, a line each")
    commands.add_parser("flags", help="every flag, as the table in vectors/README.md")
    commands.add_parser("answer", help="answer tests on standard input with this library")
    write = commands.add_parser("write", help="generate the JSON")
    check = commands.add_parser("check", help="regenerate, compare every byte, verify every test")
    run = commands.add_parser("run", help="ask any implementation, and compare its answers")
    for command in (write, check, run):
        command.add_argument("--directory", type=Path, default=Path("vectors"))
    run.add_argument("--file", action="append", help="only this file, e.g. chain_path.json")
    run.add_argument(
        "--type",
        action="append",
        choices=document.GROUP_TYPES.values(),
        help="only groups of this type; the others are counted as not asked",
    )
    run.add_argument("--reasons", action="store_true", help="other reasons are failures too")
    run.add_argument("implementation", nargs="+", metavar="COMMAND")
    return parser


def _list(_options: argparse.Namespace) -> int:
    for case in document.all_cases():
        print(f"{case.file:24} {case.result:10} {case.reason or '-':28} {case.name}")
    return 0


def _flags(_options: argparse.Namespace) -> int:
    for flag in sorted(Flag, key=lambda flag: flag.label):
        note = flag.value
        print(f"| `{flag.label}` | `{note.bug_type}` | {note.description} | {note.effect} |")
    return 0


def _write(options: argparse.Namespace) -> int:
    texts = document.documents()
    options.directory.mkdir(parents=True, exist_ok=True)
    for path in _generated(options.directory):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (options.directory / name).write_text(text, "utf-8", newline="\n")
    print(f"wrote {len(texts)} files")
    return 0


def _check(options: argparse.Namespace) -> int:
    texts = document.documents()
    found = {path.name: path.read_text("utf-8") for path in _generated(options.directory)}
    differing = sorted(
        name for name in texts.keys() | found.keys() if texts.get(name) != found.get(name)
    )
    for name in differing:
        print(f"{name} is not what the cases generate: run 'write', or remove it")
    verdicts = [
        runner.compare(file, test, judge(runner.question(test)))
        for file, test in runner.tests_in(_generated(options.directory))
    ]
    return _summary(verdicts, reasons=True) or bool(differing)


def _run(options: argparse.Namespace) -> int:
    paths = [
        path
        for path in _generated(options.directory)
        if options.file is None or path.name in options.file
    ]
    try:
        verdicts = list(runner.run(options.implementation, paths, options.type))
    except RuntimeError as error:
        print(error)
        return 1
    failed = _summary(verdicts, options.reasons)
    silent = sum(1 for _ in runner.tests_in(paths)) - len(verdicts)
    if silent:
        print(f"{silent} tests of other types were not asked")
    return failed


def _answer(_options: argparse.Namespace) -> int:
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), flush=True)
    return 0


def _summary(verdicts: list[runner.Verdict], reasons: bool) -> int:
    failures = [v for v in verdicts if v.failure or (reasons and v.other_reason)]
    for verdict in failures:
        test = verdict.test
        why = verdict.failure or (
            f"reason {runner.refusal(test)} was expected, {runner.refusal(verdict.answer)} came"
        )
        print(f"{verdict.file} tcId {test['tcId']} ({test['name']}): {why}")
    others = sum(v.other_reason for v in verdicts)
    print(
        f"{len(verdicts) - len(failures)} of {len(verdicts)} tests as expected, "
        f"{others} refused for a reason with another name"
    )
    return bool(failures)


def _generated(directory: Path) -> list[Path]:
    """The generated files of a directory; the schema beside them is written by hand."""
    return sorted(p for p in directory.glob("*.json") if p.name != document.SCHEMA)


if __name__ == "__main__":
    raise SystemExit(main())
