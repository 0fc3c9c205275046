"""List the cases, generate the JSON from them, and check it: `python -m vectors --help`.

To run an implementation over the JSON no case is needed: `python -m appleattest.testing.vectors`.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from appleattest.testing.vectors import runner
from appleattest.testing.vectors.judge import judge
from vectors import document
from vectors.flags import Flag


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something differs."""
    options = _parser().parse_args(arguments)
    commands = {"list": _list, "flags": _flags, "write": _write, "check": _check}
    return commands[options.command](options)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m vectors")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("list", help="every case, a line each")
    commands.add_parser("flags", help="every flag, as the table in vectors/README.md")
    write = commands.add_parser("write", help="generate the JSON")
    check = commands.add_parser("check", help="regenerate, compare every byte, verify every test")
    for command in (write, check):
        command.add_argument("--directory", type=Path, default=Path("vectors"))
    return parser


def _list(_options: argparse.Namespace) -> int:
    for case in document.all_cases():
        print(f"{case.file:24} {case.result:10} {case.reason or '-':28} {case.name}")
    return 0


def _flags(_options: argparse.Namespace) -> int:
    for flag in sorted(Flag, key=lambda flag: flag.label):
        note = flag.value
        said = (f"`{flag.label}`", f"`{note.bug_type}`", note.description, note.effect)
        print(f"| {' | '.join(said)} | `{note.result}` |")
    return 0


def _write(options: argparse.Namespace) -> int:
    texts = document.documents()
    options.directory.mkdir(parents=True, exist_ok=True)
    for path in runner.vector_files(options.directory):
        if path.name not in texts:
            path.unlink()
    for name, text in texts.items():
        (options.directory / name).write_text(text, "utf-8", newline="\n")
    print(f"wrote {len(texts)} files")
    return 0


def _check(options: argparse.Namespace) -> int:
    texts = document.documents()
    paths = runner.vector_files(options.directory)
    found = {path.name: path.read_text("utf-8") for path in paths}
    differing = sorted(
        name for name in texts.keys() | found.keys() if texts.get(name) != found.get(name)
    )
    for name in differing:
        print(f"{name} is not what the cases generate: run 'write', or remove it")
    verdicts = [
        _told(runner.compare(file, test, judge(runner.question(test))))
        for file, test in runner.tests_in(paths)
    ]
    summary = runner.summarize(verdicts, reasons=True)
    print(summary.text)
    return int(summary.failed or bool(differing))


def _told(verdict: runner.Verdict) -> runner.Verdict:
    """The verdict about this library, which must also do what an acceptable test says of it."""
    failure = verdict.failure or runner.kept(verdict.test, verdict.answer)
    return verdict._replace(failure=failure)


if __name__ == "__main__":
    raise SystemExit(main())
