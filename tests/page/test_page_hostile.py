"""Whatever stands in a certificate, a file name or a detail: it is text on the page, escaped."""

from __future__ import annotations

from typing import Final

import pytest

pytest.importorskip("jinja2", reason="needs Jinja2: pip install 'appleattest[page]'")

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pages import AT, NONCE, Parsed, unverified

from appleattest import AttestationError, MalformedInput, Reason, decode_unverified, page
from appleattest.report import Check, Report, examined, refused
from appleattest.summary import printable
from appleattest.testing import AttestationAuthority, Properties, apple_shape

HOSTILE: Final = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "' onload='x",
    "{{7*7}}",
    "{% for x in y %}",
    "</style></title><svg onload=x>",
    "<!-- x",
    "]]>",
    "&lt;b&gt;",
    "javascript:alert(1)",
    "\u202egnp.exe\u2069\u200f",
    "\x1b[31mred\x07",
    "a\nb\r\tc",
    "\x85\u2028",
    "W" * 60,
)


def failing(detail: str, element: str) -> Report:
    error = MalformedInput(Reason.MALFORMED_PLIST, detail, element=element)

    def refuse() -> Report:
        raise refused([Check.failed("decode", error)], error)

    return examined(refuse)


def assert_harmless(html: str) -> Parsed:
    parsed = Parsed(html)
    assert parsed.dangers() == []
    assert all(
        each == "\n" or (each.isprintable() and each.isascii())
        for each in "".join(parsed.text.split("\u2022"))
        if each not in "\u2713\u2715"
    )
    return parsed


@pytest.mark.parametrize("hostile", HOSTILE)
def test_names_of_certificates_are_text(hostile: str) -> None:
    authority = AttestationAuthority(
        "hostile", intermediate_name=apple_shape.authority_name(hostile)
    )
    chain = authority.attest(
        properties=Properties(serial_number=hostile, os_version=hostile),
        freshness_code=NONCE,
        at=AT,
    )
    inspected = decode_unverified(chain)
    parsed = assert_harmless(page.render([unverified(inspected, title=hostile)], title=hostile))
    assert printable(hostile).replace("\\", "") in parsed.text.replace("\\", "")
    assert "49" not in printable(hostile)
    plain = {tag for tag, _ in Parsed(page.render([unverified()])).elements}
    assert parsed.tags <= plain | {"li", "ul"}


@pytest.mark.parametrize("hostile", HOSTILE)
def test_details_are_text(hostile: str) -> None:
    section = page.Section(
        hostile,
        failing(hostile, hostile),
        source=page.Source.of(hostile, b""),
        command=hostile,
    )
    parsed = assert_harmless(page.render([section], title=hostile))
    shown = hostile if hostile.isascii() and hostile.isprintable() else printable(hostile)
    assert parsed.text.count(shown) >= 5


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.text(st.characters(codec=None, categories=None), max_size=60), st.text(max_size=60))
def test_no_text_becomes_markup(title: str, detail: str) -> None:
    section = page.Section(title, failing(detail, title), command=detail)
    parsed = assert_harmless(page.render([section], title=detail))
    benign = Parsed(page.render([page.Section("t", failing("d", "e"), command="c")], title="t"))
    assert parsed.tags <= benign.tags
    shown = detail if detail.isascii() and detail.isprintable() else printable(detail)
    assert shown in parsed.text


def test_an_error_is_what_it_was() -> None:
    """The helper above makes a report as the library does."""
    error = failing("d", "e").error
    assert isinstance(error, AttestationError)
    assert error.reason is Reason.MALFORMED_PLIST
