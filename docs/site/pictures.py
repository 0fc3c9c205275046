"""The pictures of the documentation: `make pictures` writes docs/pictures anew. Needs Python alone.

The layers come from the table in docs/architecture.md, which a test compares with the code. What
was measured comes from docs/pictures/peers.json.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from bars import peers
from drawing import arrow, box, picture, text

DOCS: Final = Path(__file__).resolve().parent.parent
FOLDER: Final = DOCS / "pictures"


class Message(NamedTuple):
    """From one party to another; where both are one, what that party does."""

    sender: int
    receiver: int
    words: str
    note: str = ""
    ours: bool = False


LANES: Final = (85, 280, 475)
WIDTH: Final = 560


def flow(title: str, description: str, parties: Sequence[str], messages: Sequence[Message]) -> str:
    """A picture of who sends what to whom, from top to bottom."""
    step, top = 58, 78
    height = top + step * len(messages) + 6
    body = [
        f'  <path class="lane" d="M{lane} 54V{height - 16}"/>' for lane in LANES[: len(parties)]
    ]
    for lane, party in zip(LANES, parties, strict=True):
        body += [box(lane - 75, 18, 150, 36), text(lane, 41, party, "bold middle")]
    for index, message in enumerate(messages):
        body += sent(message, top + step * index)
    return picture(title, description, WIDTH, height, body)


def sent(message: Message, y: float) -> Iterator[str]:
    """One message: an arrow with words above it, or a box of what is done."""
    start, end = LANES[message.sender], LANES[message.receiver]
    if start == end:
        x = min(max(start - 130, 10), WIDTH - 270)
        yield box(x, y, 260, 44, "ours" if message.ours else "box")
        yield text(x + 130, y + 19, message.words, "code middle" if message.ours else "middle")
        yield text(x + 130, y + 36, message.note, "note middle")
        return
    middle = (start + end) / 2
    yield arrow(start, y + 26, end, y + 26)
    yield text(middle, y + 19, message.words, "middle")
    if message.note:
        yield text(middle, y + 43, message.note, "note middle")


def mdm_flow() -> str:
    """MDM, from the nonce to what is stored."""
    return flow(
        "Attestation over MDM",
        "The server sends a nonce in a DeviceInformation command. The device asks Apple for a "
        "chain and answers with it. The server verifies it for that nonce and that device.",
        ("Apple", "device", "MDM server"),
        (
            Message(2, 2, "mdm.new_nonce", "stored before it is sent", ours=True),
            Message(2, 1, "command + nonce", "DeviceInformation"),
            Message(1, 0, "attest me", "at most once in 7 days"),
            Message(0, 1, "chain", "the leaf holds the nonce"),
            Message(1, 2, "response", "a property list"),
            Message(2, 2, "mdm.validate_response", "chain, nonce, device, claims", ours=True),
            Message(2, 2, "policy.Policy.require", "your own rules", ours=True),
        ),
    )


def acme_flow() -> str:
    """ACME, from newOrder to finalize."""
    return flow(
        "Attestation over ACME",
        "The device orders a certificate and gets a token. It asks Apple for a chain and posts it "
        "to the challenge. It then finalizes the order with a request for the attested key.",
        ("Apple", "device", "ACME server"),
        (
            Message(1, 2, "newOrder", "its identifier"),
            Message(2, 2, "acme.parse_identifiers", "which device it is for", ours=True),
            Message(2, 1, "challenge + token", "device-attest-01"),
            Message(1, 0, "attest a new key", "SHA-256 of the token"),
            Message(0, 1, "chain", "the leaf holds that hash"),
            Message(1, 2, "challenge response", "attObj holds x5c"),
            Message(2, 2, "acme.validate_challenge", "chain, token, device", ours=True),
            Message(1, 2, "finalize", "a certificate request"),
            Message(2, 2, "acme.validate_csr", "the attested key, and the name", ours=True),
            Message(2, 1, "certificate"),
        ),
    )


class Certificate(NamedTuple):
    """One certificate of the chain."""

    role: str
    note: str
    contents: tuple[str, ...]


CHAIN: Final = (
    Certificate("root", "comes with the library", ("Apple Enterprise Attestation Root CA",)),
    Certificate("intermediate", "sent by the device; remembered", ("a key that may sign leaves",)),
    Certificate(
        "leaf",
        "sent by the device; new for each attestation",
        (
            "attested key, in the Secure Enclave",
            "9.1 serial number, 9.2 UDID",
            "10.1 OS version, and other properties",
            "11.1 freshness code: nonce or token",
        ),
    ),
)


def chain() -> str:
    """The certificates, from the root down."""
    body: list[str] = []
    y = 24
    for index, each in enumerate(CHAIN):
        height = 58 + 22 * len(each.contents)
        body += [box(24, y, 412, height, "box" if index else "ours")]
        body += [text(42, y + 26, each.role, "bold"), text(42, y + 46, each.note, "note")]
        body += [text(42, y + 70 + 22 * line, words) for line, words in enumerate(each.contents)]
        y += height
        if index + 1 < len(CHAIN):
            body += [arrow(230, y, 230, y + 40), text(244, y + 25, "signs", "note")]
            y += 40
    return picture(
        "The chain of an attestation",
        "Apple's root signs an intermediate, which signs the leaf. The leaf holds the attested "
        "key, the properties of the device and the freshness code.",
        460,
        y + 24,
        body,
    )


def layers_of(architecture: str) -> list[list[str]]:
    """The modules of each layer in the table of the page, the highest layer first."""
    rows = re.findall(r"(?m)^\| \d+ \| ([^|]+) \|", architecture)
    return [re.findall(r"`(\w+)`", row) for row in rows]


def layers() -> str:
    """Which module may import which: those of the layers below."""
    rows = layers_of((DOCS / "architecture.md").read_text(encoding="utf-8"))
    step, body = 42, [arrow(24, 30, 24, 24 + 42 * len(rows) - 8)]
    for index, modules in enumerate(rows):
        y = 24 + step * index
        body += [text(58, y + 22, str(len(rows) - index), "note end")]
        width = 476 / len(modules)
        for place, module in enumerate(modules):
            x = 68 + width * place
            body += [
                box(x, y, width - 6, 34),
                text(x + (width - 6) / 2, y + 21, module, "code middle"),
            ]
    y = 24 + step * len(rows) + 16
    body += [text(24, y, "A module imports only from layers below its own.", "note")]
    return picture(
        "The layers of the library",
        "Each row is a layer, the highest first. A module imports only from the layers below.",
        WIDTH,
        y + 18,
        body,
    )


PICTURES: Final[dict[str, Callable[[], str]]] = {
    "mdm-flow.svg": mdm_flow,
    "acme-flow.svg": acme_flow,
    "chain.svg": chain,
    "layers.svg": layers,
    "peers.svg": peers,
}

if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for name, draw in PICTURES.items():
        (FOLDER / name).write_text(draw(), encoding="utf-8")
