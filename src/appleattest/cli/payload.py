"""`appleattest payload`: a configuration profile that makes a device attest."""

from __future__ import annotations

import click

from appleattest.cli import output
from appleattest.cli.options import json_option, plist_json, target_of, target_options
from appleattest.profile import ACMEPayload, ConfigurationProfile


@click.command(
    epilog="""\b
Examples:
  appleattest payload --directory-url https://ca.example.com/acme/mda/directory \\
      --client-identifier C02XXXXXXXXX --identifier com.example.acme > enrol.mobileconfig
  appleattest payload ... --platform macos --os-version 14.5 | appleattest lint -

Exit code: 0, or 2 for settings that a device would refuse."""
)
@click.option("--directory-url", required=True, metavar="URL", help="The ACME directory; https.")
@click.option(
    "--client-identifier",
    required=True,
    metavar="TEXT",
    help="What the device orders: its serial number, its UDID, or a code for one use.",
)
@click.option(
    "--identifier", required=True, metavar="NAME", help="Of the profile: com.example.acme."
)
@click.option("--key-size", type=int, default=384, show_default=True, help="In bits: 256 or 384.")
@click.option("--display-name", metavar="TEXT", help="What the person sees.")
@click.option("--organization", metavar="TEXT", help="Who made the profile.")
@target_options
@json_option
def payload(
    directory_url: str,
    client_identifier: str,
    identifier: str,
    key_size: int,
    display_name: str | None,
    organization: str | None,
    platform: str | None,
    os_version: str | None,
    chip: str | None,
    as_json: bool,
) -> None:
    """Print a configuration profile with one ACME identity, attested and bound to hardware.

    With --platform and what else is known of the device, settings that it would refuse or ignore
    are refused here.
    """
    target = target_of(platform, os_version, chip)
    try:
        identity = ACMEPayload(
            identifier=f"{identifier}.identity",
            directory_url=directory_url,
            client_identifier=client_identifier,
            key_size=key_size,
            target=target,
        )
        document = ConfigurationProfile(
            identifier=identifier,
            payloads=[identity],
            display_name=display_name,
            organization=organization,
        ).to_plist()
    except (TypeError, ValueError) as error:
        raise click.UsageError(f"{error}.") from None
    if as_json:
        plist_json("payload", document)
    else:
        output.write(document)
