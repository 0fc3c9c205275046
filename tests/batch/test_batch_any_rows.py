"""Whatever stands in the rows: one verdict for each, in their order, and nothing is raised."""

from __future__ import annotations

from datetime import UTC, timedelta
from typing import Any

import pyarrow as pa
from batch_rows import (
    AT,
    AUTHORITY,
    BASE64URL,
    CBOR,
    CHAIN,
    CHALLENGE_RESPONSE,
    EARLIER,
    EVENT,
    GOOD,
    NONCE,
    PEM,
    PLIST,
    SERIAL,
    SETTINGS,
    TOKEN,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from appleattest.batch import INPUT_SCHEMA, Row, Settings, Verdict, verify_batch, verify_many

LENIENT = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True, any_device=True)

TEXTS = st.one_of(st.none(), st.sampled_from(["", SERIAL, TOKEN, "mdm"]), st.text(max_size=8))
OCTETS = st.one_of(st.none(), st.sampled_from([b"", NONCE, EARLIER]), st.binary(max_size=34))
TIMES = st.one_of(
    st.none(),
    st.sampled_from([AT, AT + timedelta(days=400)]),
    st.datetimes(timezones=st.just(UTC)),
)
FORMS = (PLIST, EVENT, CBOR, BASE64URL, CHALLENGE_RESPONSE, PEM, b"".join(CHAIN))
PREVIOUS = st.fixed_dictionaries({"nonce": OCTETS, "sent_at": TIMES})


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """A form of an attestation, as it is, cut short, or with one octet changed."""
    form = bytearray(draw(st.sampled_from(FORMS)))
    place = draw(st.integers(0, len(form) - 1))
    kind = draw(st.sampled_from(["whole", "short", "changed"]))
    if kind == "short":
        return bytes(form[:place])
    if kind == "changed":
        form[place] ^= draw(st.integers(1, 255))
    return bytes(form)


ATTESTATIONS = st.one_of(st.none(), damaged(), st.binary(max_size=64))
COLUMNS: dict[str, st.SearchStrategy[Any]] = {
    "id": TEXTS,
    "carrier": st.one_of(st.sampled_from(["mdm", "acme", "chain"]), TEXTS),
    "attestation": ATTESTATIONS,
    "nonce": OCTETS,
    "previous_nonces": st.one_of(st.none(), st.lists(PREVIOUS, max_size=2)),
    "token": TEXTS,
    "freshness": OCTETS,
    "identifier": TEXTS,
    "serial_number": TEXTS,
    "provisioning_udid": TEXTS,
    "udid": TEXTS,
    "spki": OCTETS,
    "at": TIMES,
}
ANYTHING = st.one_of(
    *COLUMNS.values(),
    st.integers(),
    st.floats(),
    st.lists(st.integers(), max_size=2),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
    st.just(b"".join),
)


@st.composite
def rows_like_good_ones(draw: st.DrawFn, column: dict[str, st.SearchStrategy[Any]]) -> Row:
    """A good row, of which some columns hold something else."""
    row: Row = draw(st.sampled_from(GOOD))
    changed = draw(st.lists(st.sampled_from(Row._fields), unique=True, max_size=3))
    return row._replace(**{name: draw(column[name]) for name in changed})


ROWS = st.lists(rows_like_good_ones(COLUMNS), max_size=4)
WILD = dict.fromkeys(Row._fields, ANYTHING)


@settings(max_examples=300)
@given(ROWS, st.sampled_from([SETTINGS, LENIENT]))
def test_a_batch_has_one_verdict_a_row_and_agrees_with_its_rows(
    rows: list[Row], chosen: Settings
) -> None:
    given_rows = pa.RecordBatch.from_pylist([row._asdict() for row in rows], schema=INPUT_SCHEMA)
    made = verify_batch(given_rows, chosen)
    assert made.column("id").to_pylist() == [row.id for row in rows]
    assert [Verdict(**each) for each in made.to_pylist()] == list(verify_many(rows, chosen))


def is_text(value: object) -> bool:
    return value is None or (isinstance(value, str) and value.isprintable())


@settings(max_examples=300)
@given(
    st.lists(
        st.one_of(
            rows_like_good_ones(WILD),
            ANYTHING,
            st.dictionaries(st.sampled_from(Row._fields), ANYTHING),
        ),
        max_size=4,
    )
)
def test_whatever_is_a_row_has_one_verdict(rows: list[Any]) -> None:
    verdicts = list(verify_many(rows, SETTINGS))
    assert len(verdicts) == len(rows)
    for row, verdict in zip(rows, verdicts, strict=True):
        assert verdict.verdict in ("verified", "refused", "invalid")
        if type(row) is Row and is_text(row.id):
            assert verdict.id == row.id
        if verdict.verdict != "verified":
            assert verdict.message
            assert verdict.spki_sha256 is None
            assert verdict.serial_number is None


def test_what_is_changed_was_good() -> None:
    assert [each.verdict for each in verify_many(GOOD, SETTINGS)] == ["verified"] * len(GOOD)
    assert [each.verdict for each in verify_many(GOOD, LENIENT)] == ["verified"] * len(GOOD)
