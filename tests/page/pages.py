"""Pages to test, and what an HTML parser finds in one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Final

from appleattest import UNCHECKED, Report, UnverifiedAttestation, Verifier, decode_unverified
from appleattest.page import Section, Source
from appleattest.testing import AttestationAuthority, Properties

AT: Final = datetime(2025, 7, 1, 12, tzinfo=UTC)
NONCE: Final = b"nonce of the page"
AUTHORITY: Final = AttestationAuthority("page")


def plist(
    properties: Properties | None = None, *, authority: AttestationAuthority = AUTHORITY
) -> bytes:
    return authority.response_plist(
        properties=properties or Properties.mac(), freshness_code=NONCE, at=AT
    )


def report(octets: bytes, *, nonce: bytes = NONCE, at: datetime = AT) -> Report:
    return AUTHORITY.verifier.examine_mdm(octets, nonce=nonce, at=at)


def accepted() -> Section:
    octets = plist()
    return Section(
        "mac.plist",
        report(octets),
        inspected=decode_unverified(octets),
        source=Source.of("mac.plist", octets),
        command="appleattest report mac.plist --out page.html",
    )


def refused() -> Section:
    octets = plist(authority=AttestationAuthority("another"))
    return Section("forgery.plist", report(octets), inspected=decode_unverified(octets), at=AT)


def stale() -> Section:
    return Section("stale.plist", report(plist(), nonce=b"another nonce"))


def expired() -> Section:
    octets = plist()
    late = AT + timedelta(days=20_000)
    return Section(
        "late.plist", report(octets, at=late), inspected=decode_unverified(octets), at=late
    )


def uninspected() -> Section:
    return Section("no.plist", report(b"no property list"))


def unverified(inspected: UnverifiedAttestation | None = None, title: str = "claims") -> Section:
    found = inspected or decode_unverified(plist())
    as_of = found.chain[0].not_valid_before_utc
    judged = Verifier().examine_chain(found.chain, freshness=UNCHECKED, at=as_of)
    return Section(title, judged, inspected=found, unverified=True, at=as_of)


class Parsed(HTMLParser):
    """The elements of a page with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.comments: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)

    @property
    def tags(self) -> set[str]:
        return {tag for tag, _ in self.elements}

    @property
    def text(self) -> str:
        return "".join(self.texts)

    def dangers(self) -> list[str]:
        """What could run, load or style anything."""
        found = sorted(self.tags & FORBIDDEN) + self.comments
        for tag, attributes in self.elements:
            for name, value in attributes.items():
                local = tag == "a" and name == "href" and (value or "").startswith("#input-")
                if name.startswith("on") or name == "style":
                    found.append(f"{tag} {name}")
                elif name in LOADING and not local:
                    found.append(f"{tag} {name}={value}")
        return found


FORBIDDEN: Final = frozenset(
    {"script", "img", "link", "iframe", "object", "embed", "base", "form", "audio", "video"}
    | {"foreignobject", "image", "use", "animate", "set", "input", "button"}
)
LOADING: Final = frozenset(
    {"href", "xlink:href", "src", "srcset", "action", "data", "poster", "background", "ping"}
)
