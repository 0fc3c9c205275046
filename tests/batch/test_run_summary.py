"""What is counted, and what people are told of it: in words, and as a page."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any, Final

import pyarrow as pa
import pytest

from appleattest.batch import OUTPUT_SCHEMA, Summary, Verdict, counts, groups
from appleattest.batch.summary_page import render_summary
from appleattest.errors import Reason
from appleattest.page.bars import bars
from appleattest.summary import escaped

AT: Final = datetime(2026, 7, 1, tzinfo=UTC)


def verdict(**values: Any) -> Verdict:
    given = {"carrier": "mdm", "not_before": AT, "verified_at": AT, "freshness": "current"}
    return Verdict(None, "verified", **{**given, **values})


def summary(*verdicts: Verdict) -> Summary:
    found = Summary()
    found.add(pa.RecordBatch.from_pylist([each._asdict() for each in verdicts], OUTPUT_SCHEMA))
    return found


REFUSED: Final = Verdict(None, "refused", reason="expired", carrier="mdm")
INVALID: Final = Verdict(None, "invalid", message="nonce is empty")
DIFFERS: Final = {"kind": "os", "said": "1", "attested": "2", "explained_by_age": False}


def test_counts() -> None:
    found = summary(
        verdict(os_version="15.5", sip="enabled"),
        verdict(os_version="15.5", sip="disabled"),
        verdict(os_version="14.2", freshness="unchecked"),
        REFUSED,
        REFUSED,
        INVALID,
    )
    assert (found.rows, found.verified, found.refused, found.invalid) == (6, 3, 2, 1)
    assert dict(found.counts("reason")) == {"expired": 2}
    assert dict(found.counts("message")) == {"nonce is empty": 1}
    assert list(found.counts("os_version").items()) == [("15.5", 2), ("14.2", 1)]
    assert found.counts("sip") == {"disabled": 1, "enabled": 1, "": 1}
    assert found.counts("freshness") == {"current": 2, "unchecked": 1}
    assert not found.is_clean
    assert repr(found) == "<Summary of 6 rows: 3 verified, 2 refused, 1 invalid>"
    with pytest.raises(KeyError):
        found.counts("serial_number")
    with pytest.raises(TypeError):
        bool(found)
    with pytest.raises(TypeError):
        hash(found)


def test_it_is_the_same_after_its_counts() -> None:
    found = summary(verdict(), REFUSED, INVALID)
    again = Summary(found.to_counts())
    assert again == found
    assert again.to_dict() == found.to_dict()
    again.add(pa.RecordBatch.from_pylist([REFUSED._asdict()], OUTPUT_SCHEMA))
    assert again != found
    assert found != {}


@pytest.mark.parametrize(
    ("age", "word", "due"),
    [
        (timedelta(0), "0-6", 0),
        (timedelta(days=-1), "0-6", 0),
        (timedelta(days=7, seconds=-1), "0-6", 0),
        (timedelta(days=7), "7-13", 0),
        (timedelta(days=27, seconds=-1), "21-27", 0),
        (timedelta(days=27), "21-27", 1),
        (timedelta(days=28), "28+", 1),
    ],
    ids=str,
)
def test_ages(age: timedelta, word: str, due: int) -> None:
    found = summary(verdict(not_before=AT - age))
    assert (found.counts("age"), found.due) == ({word: 1}, due)
    of_acme = summary(verdict(not_before=AT - age, carrier="acme"))
    assert (of_acme.counts("age"), of_acme.due) == ({word: 1}, 0)


def test_an_answer_to_an_earlier_nonce_is_no_older_than_its_command() -> None:
    old = {"not_before": AT - timedelta(days=40), "freshness": "earlier"}
    assert summary(verdict(**old)).due == 1
    assert summary(verdict(**old, requested_at=AT - timedelta(days=3))).due == 0


def test_ages_are_in_their_order() -> None:
    days = (30, 0, 0, 14, 8)
    found = summary(*(verdict(not_before=AT - timedelta(days=each)) for each in days))
    assert list(found.counts("age").items()) == [("0-6", 2), ("7-13", 1), ("14-20", 1), ("28+", 1)]


@pytest.mark.parametrize(
    ("values", "name"),
    [({"policy": "violated"}, "violated"), ({"discrepancies": [DIFFERS]}, "contradicted")],
    ids=["violated", "contradicted"],
)
def test_what_is_verified_and_not_clean(values: dict[str, Any], name: str) -> None:
    found = summary(verdict(**values))
    assert (found.verified, getattr(found, name), found.is_clean) == (1, 1, False)
    fine: dict[str, Any] = {
        "policy": "passed",
        "discrepancies": [{**DIFFERS, "explained_by_age": True}],
    }
    assert summary(verdict(**fine)).is_clean


def test_values_beyond_a_number_are_counted_together() -> None:
    found = summary(*(verdict(os_version=str(each)) for each in range(counts._MOST_VALUES + 9)))
    assert len(found.counts("os_version")) == counts._MOST_VALUES + 1
    assert found.counts("os_version")[counts.OTHERS] == 9
    assert sum(found.counts("os_version").values()) == found.rows


def test_sentences() -> None:
    assert groups.sentence(Summary()) == "There were no rows."
    assert not Summary().is_clean
    assert groups.sentence(summary(verdict())) == "All 1 rows are verified."
    assert groups.actions(summary(verdict())) == ""
    found = summary(
        verdict(policy="violated", not_before=AT - timedelta(days=30), freshness="unchecked"),
        verdict(discrepancies=[DIFFERS]),
        REFUSED,
    )
    assert groups.sentence(found) == "Of 3 rows: 2 verified, 1 refused."
    for text in ("say other things", "violate the policy", "was not checked", "are due"):
        assert text in groups.actions(found)


def test_groups() -> None:
    found = groups.groups(summary(verdict(sip="disabled"), verdict(), REFUSED))
    by_title = {each.title: each.counts for each in found}
    assert [(each.label, each.rows) for each in by_title["Verdicts"]] == [
        ("verified", 2),
        ("refused", 1),
        ("invalid", 0),
    ]
    assert by_title["Why refused"] == (
        groups.Count("expired", 1, Reason.EXPIRED.description, groups.Tone.BAD),
    )
    assert {(each.label, each.tone) for each in by_title["System Integrity Protection"]} == {
        ("disabled", groups.Tone.BAD),
        ("not stated", groups.Tone.DOUBT),
    }
    assert "OS versions" not in by_title
    assert "Why invalid" not in by_title


def test_a_group_shows_the_most_frequent() -> None:
    many = summary(*(verdict(os_version=str(each)) for each in range(300)), verdict(os_version="7"))
    (versions,) = (each for each in groups.groups(many) if each.title == "OS versions")
    assert versions.counts[0] == groups.Count("7", 2, "", groups.Tone.PLAIN)
    assert versions.counts[-1] == groups.Count("others", 301 - 2 - 19, "", groups.Tone.PLAIN)
    assert len(versions.counts) == 21


class Page(HTMLParser):
    """The tags, the attributes and the text of a page."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.attributes: list[tuple[str, str | None]] = []
        self.text = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.attributes += attrs

    def handle_data(self, data: str) -> None:
        self.text += data


def test_the_page() -> None:
    found = summary(verdict(os_version="15.5"), REFUSED, INVALID)
    html = render_summary(found, source="rows.parquet", facts=[("Verdicts", "out.parquet")])
    page = Page(html)
    for text in ("rows.parquet", "out.parquet", "15.5", "expired", "nonce is empty", "1 refused"):
        assert text in page.text
    assert {"script", "link", "img", "iframe"}.isdisjoint(page.tags)
    assert not [name for name, _ in page.attributes if name in ("src", "style", "onload")]
    assert html == render_summary(found, source="rows.parquet", facts=[("Verdicts", "out.parquet")])
    assert 'class="verdict refused"' in html


@pytest.mark.parametrize(
    ("found", "tone"),
    [
        (Summary(), "unverified"),
        (summary(verdict()), "accepted"),
        (summary(verdict(freshness="unchecked")), "unchecked"),
        (summary(verdict(), INVALID), "refused"),
    ],
    ids=["empty", "clean", "unchecked", "refused"],
)
def test_the_tone_of_the_page(found: Summary, tone: str) -> None:
    assert f'class="verdict {tone}"' in render_summary(found, source="x")


def test_nothing_untrusted_reaches_the_page_as_it_is() -> None:
    evil = "<script>alert(1)</script>\u202e\x1b[31m"
    found = summary(verdict(os_version=evil), INVALID._replace(message=evil))
    html = render_summary(found, source=evil, facts=[(evil, evil)], title=evil)
    assert html.isascii()
    assert "<script>" not in html
    assert "\x1b" not in html
    assert escaped(evil) in Page(html).text


def test_bars() -> None:
    drawing = bars([("a", 3, "good"), ("b" * 50, 1, "bad"), ("c", 0, "plain")])
    assert [each.width for each in drawing.bars] == [249, 83, 0]
    assert [each.told for each in drawing.bars] == ["3 (75.0%)", "1 (25.0%)", "0 (0.0%)"]
    assert drawing.bars[1].label == "b" * 27 + "..."
    assert drawing.description == f"a: 3; {'b' * 50}: 1; c: 0."
    assert bars([("a", 10**6, ""), ("b", 1, "")]).bars[1].width == 2
    assert bars([("a", 0, "")]).bars[0].told == "0 (0.0%)"
