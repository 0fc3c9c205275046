"""Run an implementation over the vectors: `python -m appleattest.testing.vectors --help`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from appleattest.testing.vectors import runner
from appleattest.testing.vectors.judge import GROUP_TYPES, judge


def main(arguments: list[str] | None = None) -> int:
    """Run one command; 0 when all is well, 1 when something differs."""
    options = _parser().parse_args(arguments)
    return _run(options) if options.command == "run" else _answer()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m appleattest.testing.vectors")
    commands = parser.add_subparsers(dest="command", required=True)
    commands.add_parser("answer", help="answer tests on standard input with this library")
    run = commands.add_parser("run", help="ask any implementation, and compare its answers")
    run.add_argument("--directory", type=Path, default=Path("vectors"))
    run.add_argument("--file", action="append", help="only this file, e.g. chain_path.json")
    run.add_argument(
        "--type",
        action="append",
        choices=GROUP_TYPES,
        help="only groups of this type; the others are counted as not asked",
    )
    run.add_argument("--reasons", action="store_true", help="other reasons are failures too")
    run.add_argument("implementation", nargs="+", metavar="COMMAND")
    return parser


def _run(options: argparse.Namespace) -> int:
    paths = [
        path
        for path in runner.vector_files(options.directory)
        if options.file is None or path.name in options.file
    ]
    try:
        verdicts = list(runner.run(options.implementation, paths, options.type))
    except RuntimeError as error:
        print(error)
        return 1
    summary = runner.summarize(verdicts, reasons=options.reasons)
    print(summary.text)
    silent = sum(1 for _ in runner.tests_in(paths)) - len(verdicts)
    if silent:
        print(f"{silent} tests of other types were not asked")
    return int(summary.failed)


def _answer() -> int:
    for line in sys.stdin:
        print(json.dumps(judge(json.loads(line))), flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
