"""docs/cli.md lists every subcommand and option as the commands have them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from cli_tools import ROOT, WRITES_GOLDEN

from appleattest.cli.app import app

PAGE = ROOT / "docs" / "cli.md"
BEGIN, END = "<!-- options: written by make golden -->\n", "<!-- end of options -->\n"


def commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command that runs, with how it is called."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        if isinstance(command, click.Group):
            yield from commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def written() -> str:
    """The part of the page that the commands themselves say."""
    parts = []
    for call, command in commands(app, "appleattest"):
        parts += [f"### `{call}`\n", f"{(command.help or '').partition(chr(10))[0]}\n"]
        parts += ["| option | what it does |", "|---|---|"]
        for each in command.params:
            if isinstance(each, click.Option):
                parts.append(f"| `{', '.join(each.opts)}` | {each.help or 'What to make.'} |")
        parts.append("")
    return "\n".join(parts)


def test_the_page_lists_the_options() -> None:
    text = PAGE.read_text(encoding="utf-8")
    before, _, rest = text.partition(BEGIN)
    listed, _, after = rest.partition(END)
    if WRITES_GOLDEN:
        PAGE.write_text(f"{before}{BEGIN}\n{written()}\n{END}{after}", encoding="utf-8")
        listed = f"\n{written()}\n"
    assert listed == f"\n{written()}\n", "run: make golden"


@pytest.mark.parametrize(
    ("call", "command"), [pytest.param(*each, id=each[0]) for each in commands(app, "appleattest")]
)
def test_help_says_what_the_page_says(call: str, command: click.Command) -> None:
    shown = " ".join(command.get_help(click.Context(command, info_name=call)).split())
    for each in command.params:
        if isinstance(each, click.Option):
            assert each.opts[0] in shown
            assert each.help is None or each.help.split()[0] in shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_as_the_page_says(shell: str) -> None:
    assert re.search(rf"_APPLEATTEST_COMPLETE={shell}_source appleattest", PAGE.read_text("utf-8"))
    if shell == "bash":
        return  # click asks the bash of this machine for its version
    environment = os.environ | {"_APPLEATTEST_COMPLETE": f"{shell}_source"}
    program = "import sys; from appleattest.cli import main; sys.exit(main())"
    done = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, check=True
    )
    assert "_APPLEATTEST_COMPLETE" in done.stdout
