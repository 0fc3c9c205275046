"""The group of all subcommands, and what becomes of an error: a sentence and an exit code."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from importlib import import_module
from typing import Any, Final

import click

from appleattest.summary import escaped

REFUSED: Final = 1
MISUSE: Final = 2

# The short help stands here too, so that the list of commands loads none of them.
_COMMANDS: Final[Mapping[str, str]] = {
    "inspect": "Show what a file holds; nothing of it is trusted.",
    "verify": "Verify attestations, and show every check.",
    "batch": "Verify whole directories, files and tables.",
    "report": "Write a page to hand on: the verdict, the chain and the checks.",
    "explain": "Say what a reason or an OID means, and what to do.",
    "lint": "Say what of a configuration profile would not attest.",
    "payload": "Print a configuration profile that makes a device attest.",
    "command": "Print the MDM command that asks for an attestation.",
    "mint": "Make attestations of a test authority, to try things out.",
    "vectors": "Run an implementation over the conformance vectors.",
}


class LazyGroup(click.Group):
    """A group that loads the module of a subcommand when it is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """The names, in the order of use."""
        return list(_COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command of that name; None where there is none."""
        if cmd_name not in _COMMANDS:
            return None
        command = getattr(import_module(f"appleattest.cli.{cmd_name}"), cmd_name)
        assert isinstance(command, click.Command)  # noqa: S101 - each module has its command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The list of commands, without loading one."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, _COMMANDS[name]) for name in self.list_commands(ctx)])

    def main(self, args: Sequence[str] | None = None, **settings: Any) -> Any:  # type: ignore[override]
        """Run one command, and exit with its code. No exception becomes a traceback."""
        sys.exit(self.run(args, **settings))

    def run(self, args: Sequence[str] | None = None, **settings: Any) -> int:
        """Run one command; its exit code."""
        if _is_closed(sys.stdout):
            return _said("Standard output is closed.")
        given = {"prog_name": "appleattest", **settings, "standalone_mode": False}
        return _code_of(lambda: super(LazyGroup, self).main(args, **given))


def _is_closed(stream: object) -> bool:
    """Whether a standard stream was closed before Python started, which then has None for it."""
    return stream is None


def _code_of(command: Any) -> int:
    try:
        code = command()
        sys.stdout.flush()
    except click.exceptions.NoArgsIsHelpError as error:
        return _help(error)
    except click.ClickException as error:
        return _misuse(error)
    except (click.Abort, KeyboardInterrupt):
        return _said("Interrupted.")
    except BrokenPipeError:
        _close_output()
        return MISUSE
    except OSError as error:
        return _said(f"Cannot read or write: {error.strerror or type(error).__name__}.")
    except Exception as error:  # noqa: BLE001 - a person sees a sentence, whatever went wrong
        return _said(f"This is an error of appleattest, please report it: {error!r}")
    return code if isinstance(code, int) else 0


def _help(error: click.exceptions.NoArgsIsHelpError) -> int:
    """The help of a group that was given no command: our own text, so its lines stay lines."""
    sys.stderr.write(error.format_message() + "\n")
    sys.stderr.flush()
    return MISUSE


def _misuse(error: click.ClickException) -> int:
    context = getattr(error, "ctx", None)
    where = context.command_path if context is not None else "appleattest"
    return _said(f"{error.format_message()} Try '{where} --help'.")


def _said(sentence: str) -> int:
    if _is_closed(sys.stderr):
        return MISUSE
    try:
        sys.stderr.write(f"Error: {escaped(sentence)}\n")
        sys.stderr.flush()
    except OSError:
        _close_output()
    return MISUSE


def _close_output() -> None:
    """Nobody reads any more: what is still in the buffer goes nowhere, without an error."""
    try:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
    except (OSError, ValueError):
        return


@click.group(
    "appleattest",
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit code: 0 verified or fine, 1 refused, 2 misuse or unreadable.",
)
@click.version_option(package_name="appleattest", message="appleattest %(version)s")
def group() -> None:
    """Verify Apple Managed Device Attestation, and look into it."""


app: Final = group
