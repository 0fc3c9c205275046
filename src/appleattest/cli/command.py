"""`appleattest command`: the MDM command that asks for an attestation."""

from __future__ import annotations

from uuid import uuid4

import click

from appleattest import mdm
from appleattest.cli import output
from appleattest.cli.options import json_option, octets, plist_json
from appleattest.freshness import UNCHECKED


@click.command(
    epilog="""\b
Examples:
  appleattest command --new-nonce > command.plist
  appleattest command --nonce c/M08D5A2JdVf1J+B6BvdS1wcJkvGSdvCk8wTpiEGXM= --command-uuid 42
  appleattest command --cached

Keep the nonce, the CommandUUID and the time: the answer is verified against them."""
)
@click.option(
    "--nonce", type=octets, metavar="HEX|BASE64", help="The DeviceAttestationNonce, 1 to 32 octets."
)
@click.option("--new-nonce", is_flag=True, help="Draw one of 32 octets; the command shows it.")
@click.option("--cached", is_flag=True, help="Send none: ask for what the device has cached.")
@click.option("--command-uuid", metavar="TEXT", help="The CommandUUID; by default a new one.")
@click.option(
    "--query", "queries", multiple=True, metavar="NAME", help="Ask this too. May be repeated."
)
@json_option
def command(
    nonce: bytes | None,
    new_nonce: bool,
    cached: bool,
    command_uuid: str | None,
    queries: tuple[str, ...],
    as_json: bool,
) -> None:
    """Print a DeviceInformation command as a property list.

    The nonce has no default: give --nonce, --new-nonce or --cached.
    """
    if [nonce is not None, new_nonce, cached].count(True) != 1:
        raise click.UsageError("Give exactly one of --nonce, --new-nonce and --cached.")
    try:
        document = mdm.device_information_command(
            command_uuid=str(uuid4()) if command_uuid is None else command_uuid,
            nonce=UNCHECKED if cached else nonce or mdm.new_nonce(),
            queries=queries or mdm.COMPARED_QUERIES,
        )
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"{error}.") from None
    if as_json:
        plist_json("command", document)
    else:
        output.write(document)
