"""The page says what the report says, in one file that runs and loads nothing."""

from __future__ import annotations

import base64
import hashlib
import re
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final

import pytest

pytest.importorskip("jinja2", reason="needs Jinja2: pip install 'appleattest[page]'")

from pages import (
    AT,
    AUTHORITY,
    NONCE,
    Parsed,
    accepted,
    expired,
    plist,
    refused,
    report,
    stale,
    uninspected,
    unverified,
)

from appleattest import UNCHECKED, exactly, page
from appleattest.page.chain_tree import tree
from appleattest.page.timeline import timeline
from appleattest.report import Report
from appleattest.summary import certificate_rows
from appleattest.testing import AttestationAuthority, Properties

if TYPE_CHECKING:
    from collections.abc import Callable

SECTIONS: Final = (accepted, refused, stale, expired, uninspected, unverified)


def rendered(section: page.Section) -> Parsed:
    return Parsed(page.render([section]))


@pytest.mark.parametrize("section", SECTIONS)
def test_a_page_runs_nothing_and_loads_nothing(section: Callable[[], page.Section]) -> None:
    parsed = rendered(section())
    assert parsed.dangers() == []
    assert {"article", "svg", "main", "header", "footer", "h1", "h2", "h3"} <= parsed.tags


def test_the_check_for_dangers_sees_them() -> None:
    parsed = Parsed("<a href='https://x'></a><script></script><p onclick=x style=y></p><!-- c -->")
    assert parsed.dangers() == ["script", " c ", "a href=https://x", "p onclick", "p style"]


@pytest.mark.parametrize("section", SECTIONS)
def test_no_url_stands_on_a_page(section: Callable[[], page.Section]) -> None:
    assert not re.search(r"https?:|data:|url\(|@import", page.render([section()]))


@pytest.mark.parametrize("section", SECTIONS)
def test_every_text_of_the_report_is_on_the_page(section: Callable[[], page.Section]) -> None:
    made = section()
    text = rendered(made).text
    for check in made.report.checks:
        assert check.name in text
        assert check.detail in text
        assert (check.element or "") in text
        assert (check.reason or "") in text
    for row in certificate_rows(made.chain):
        assert {row.subject in text, row.issuer in text, row.sha256 in text} == {True}
    if made.device is not None:
        for oid, octets in made.device.raw.items():
            assert oid in text
            assert octets.hex(" ") in text


@pytest.mark.parametrize("section", SECTIONS)
def test_the_same_section_gives_the_same_page(section: Callable[[], page.Section]) -> None:
    made = section()
    assert page.render([made]) == page.render([made])


def test_the_policy_allows_the_style_of_the_page_alone() -> None:
    html = page.render([accepted()])
    (style,) = re.findall(r"<style>(.*?)</style>", html, flags=re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    policies = [
        attributes["content"]
        for tag, attributes in Parsed(html).elements
        if tag == "meta" and attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policies == [
        f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    ]
    assert '<meta name="referrer" content="no-referrer">' in html


@pytest.mark.parametrize(
    ("section", "tone", "said"),
    [
        (accepted, "accepted", "Verified: The authority that you named attests device"),
        (refused, "refused", "Refused: a signature of the chain does not verify."),
        (stale, "refused", "Refused: the attestation was not made for this request."),
        (expired, "refused", "Refused: a certificate of the chain has expired."),
        (uninspected, "refused", "Refused: the response is not a well-formed property list."),
        (unverified, "unverified", "The chain does not verify to Apple's root as of its notBefore"),
    ],
)
def test_the_verdict(section: Callable[[], page.Section], tone: str, said: str) -> None:
    html = page.render([section()])
    assert f'class="verdict {tone}"' in html
    assert said in Parsed(html).text


def test_without_freshness_it_is_no_plain_acceptance() -> None:
    made = AUTHORITY.verifier.examine_mdm(plist(), nonce=UNCHECKED, at=AT)
    html = page.render([page.Section("mac", made)])
    assert 'class="verdict unchecked"' in html
    assert "not checked: it may be a replay" in html


def test_what_verifies_without_being_asked_for_stays_unverified() -> None:
    """The report is a success, and the page still shows claims alone."""
    claims = unverified()
    chain = claims.chain
    made = AUTHORITY.verifier.examine_chain(chain, freshness=UNCHECKED, at=AT)
    assert made.attestation is not None
    section = page.Section("mac", made, inspected=claims.inspected, unverified=True)
    assert section.attestation is None
    html = page.render([section])
    assert 'class="verdict unverified"' in html
    assert "The chain verifies to Apple" in html
    assert "Claimed properties" in html
    assert "Attested properties" not in html


def test_a_stale_attestation_shows_what_is_genuine() -> None:
    text = rendered(stale()).text
    assert "Attested properties" in text
    assert "unmatched: it answers no known request" in text


def test_a_refusal_shows_claims() -> None:
    text = rendered(refused()).text
    assert "Claimed properties" in text
    assert "Attested properties" not in text


def test_the_states_of_properties_are_in_words() -> None:
    weak = Properties(
        serial_number="EXAMPLE001",
        sip=1,
        secure_boot="",
        raw={"1.2.840.113635.100.8.99.1": b"\xff"},
    )
    text = rendered(page.Section("weak", report(plist(weak)))).text
    assert {word in text for word in ("not good", "blank", "absent", "not documented")} == {True}


def test_problems_of_an_input_are_listed() -> None:
    from appleattest import decode_unverified

    backwards = decode_unverified(AUTHORITY.attest()[::-1])
    text = rendered(unverified(backwards)).text
    assert "the chain is reversed" in text


def test_several_inputs_have_a_list_of_links() -> None:
    parsed = Parsed(page.render([accepted(), refused()], title="Two"))
    links = [attributes["href"] for tag, attributes in parsed.elements if tag == "a"]
    ids = {attributes.get("id") for _, attributes in parsed.elements}
    assert links == ["#input-1", "#input-2"]
    assert {"input-1", "input-2"} <= ids
    assert all(tag != "a" for tag, _ in rendered(accepted()).elements)


def test_every_id_is_there_once_and_every_label_has_its_id() -> None:
    elements = Parsed(page.render([accepted(), refused(), unverified()])).elements
    ids = [attributes["id"] or "" for _, attributes in elements if "id" in attributes]
    assert len(ids) == len(set(ids))
    for _, attributes in elements:
        assert set((attributes.get("aria-labelledby") or "").split()) <= set(ids)


def test_every_drawing_has_a_name() -> None:
    for tag, attributes in rendered(accepted()).elements:
        if tag == "svg":
            assert attributes["role"] == "img"
            assert attributes.get("aria-label") or attributes.get("aria-labelledby")


def test_how_to_reproduce_it_is_said() -> None:
    made = accepted()
    assert made.source is not None
    text = rendered(made).text
    assert made.source.sha256 == hashlib.sha256(plist()).hexdigest()
    assert made.source.sha256 in text
    assert made.command in text
    assert "examine_mdm(octets, nonce=nonce, at=datetime.fromisoformat('2025-07-01" in text
    assert "decode_unverified(octets)" in rendered(unverified()).text


def test_the_trust_store_is_named_where_it_is_not_apples() -> None:
    assert "Verifier(trust=TrustStore([root]))" in rendered(accepted()).text


# --- drawings -----------------------------------------------------------------------------------


def row_of(subject: str) -> Any:
    return certificate_rows(unverified().chain)[0]._replace(subject=subject)


@pytest.mark.parametrize(
    ("subject", "lines"),
    [
        ("C=US,CN=Short name", ["Short name"]),
        ("CN=One\\, two", ["CN=One\\, two"]),
        ("CN=a,CN=b", ["CN=a,CN=b"]),
        ("CN=" + "x" * 50, ["x" * 43, "x" * 7]),
        (
            "CN=" + "word " * 12 + "end",
            ["word word word word word word word word", "word word word word end"],
        ),
        ("CN=" + "x" * 500, ["x" * 43, "x" * 43, "x" * 40 + "..."]),
        ("", []),
    ],
)
def test_names_are_cut_into_lines(subject: str, lines: list[str]) -> None:
    (node,) = tree([row_of(subject)]).nodes
    assert [text for _, text in node.lines][:-1] == lines


def test_deep_chains_stay_within_the_drawing() -> None:
    drawn = tree([row_of(f"CN={i}") for i in range(6)])
    assert {node.x + node.width < drawn.width for node in drawn.nodes} == {True}
    assert [node.x for node in drawn.nodes] == [1, 23, 45, 67, 67, 67]
    assert len(drawn.edges) == 5
    assert all("H" not in edge for edge in drawn.edges[3:])


def test_the_states_of_time() -> None:
    rows = certificate_rows(accepted().chain)
    states = {
        at: [bar.state for bar in drawn.bars]
        for at in (
            AT,
            datetime(2090, 1, 1, tzinfo=AT.tzinfo),
            datetime(2001, 1, 1, tzinfo=AT.tzinfo),
        )
        if (drawn := timeline(rows, at))
    }
    assert list(states.values()) == [
        ["within its dates"] * 4,
        ["expired"] * 4,
        ["not valid yet"] * 4,
    ]


def test_an_unknown_time_has_no_mark() -> None:
    drawn = timeline(certificate_rows(accepted().chain), None)
    assert drawn is not None
    assert [(bar.mark, bar.state) for bar in drawn.bars] == [(None, "")] * 4
    text = rendered(page.Section("x", report(b""), inspected=unverified().inspected)).text
    assert "The time of judgement is not known." in text


def test_a_moment_of_validity_is_drawn() -> None:
    row = certificate_rows(accepted().chain)[0]
    drawn = timeline([row._replace(not_after=row.not_before)], row.not_before)
    assert drawn is not None
    assert [(bar.x, bar.width) for bar in drawn.bars] == [(4, 3)]


def test_without_dates_there_is_no_time_line() -> None:
    row = certificate_rows(accepted().chain)[0]
    assert timeline([row._replace(not_before=None)], AT) is None
    assert timeline([row._replace(not_before=row.not_after, not_after=row.not_before)], AT) is None


# --- what callers give --------------------------------------------------------------------------


def test_a_page_has_a_section() -> None:
    with pytest.raises(ValueError, match="sections is empty"):
        page.render([])
    with pytest.raises(TypeError, match="sections holds a str"):
        page.render(["x"])  # type: ignore[list-item]


def test_a_section_has_a_report() -> None:
    with pytest.raises(TypeError, match="report is a Report"):
        page.Section("x", None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="inspected is needed"):
        page.Section("x", report(plist()), unverified=True)
    with pytest.raises(ValueError, match="offset"):
        page.Section("x", report(plist()), at=datetime(2025, 1, 1))  # noqa: DTZ001


# --- Report.to_html -----------------------------------------------------------------------------


def test_a_report_renders_itself() -> None:
    made = report(plist())
    assert made.to_html(title="mac") == page.render([page.Section("mac", made)])
    assert made._repr_html_() == made.to_html()


def test_without_jinja_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    made = report(plist())
    for name in [each for each in sys.modules if each.startswith("appleattest.page")]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "jinja2", None)
    with pytest.raises(ImportError, match=r"^a page needs Jinja2.*appleattest\[page\]'$"):
        made.to_html()
    assert made._repr_html_() is None
    monkeypatch.undo()
    assert made._repr_html_() is not None


def test_other_carriers_have_their_call() -> None:
    authority = AttestationAuthority("page")
    chain = authority.attest(freshness_code=NONCE, at=AT)
    judged: Report = authority.verifier.examine_chain(chain, freshness=exactly(NONCE), at=AT)
    assert (
        "examine_chain(chain, freshness=exactly(code)" in rendered(page.Section("c", judged)).text
    )
    assert "Carrier" in rendered(page.Section("c", judged)).text
