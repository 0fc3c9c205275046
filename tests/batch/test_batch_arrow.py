"""Record batches: the schemas, the types that are taken, and the same verdicts as row by row."""

from __future__ import annotations

import pickle
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from batch_rows import ACME, AT, AUTHORITY, EARLIER, GOOD, MDM, NONCE, OF_CHAIN, SETTINGS

from appleattest import batch
from appleattest.batch import (
    INPUT_COLUMNS,
    INPUT_SCHEMA,
    OUTPUT_COLUMNS,
    OUTPUT_SCHEMA,
    Row,
    Settings,
    Verdict,
    verify_batch,
    verify_many,
)
from appleattest.policy import Facts, Finding, NoDiscrepancies, Policy, SIPEnabled
from appleattest.properties import PROPERTIES

STRICT = Settings(trust=AUTHORITY.trust, at=AT, policy=Policy(SIPEnabled(), NoDiscrepancies()))
ROWS = (
    *GOOD,
    MDM._replace(nonce=EARLIER),
    MDM._replace(nonce=EARLIER, previous_nonces=[{"nonce": NONCE, "sent_at": AT}]),
    MDM._replace(nonce=None),
    MDM._replace(id=None, at=AT),
    ACME._replace(nonce=NONCE),
    OF_CHAIN._replace(carrier="other"),
)


def arrow(rows: Sequence[Row], schema: pa.Schema = INPUT_SCHEMA) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([row._asdict() for row in rows], schema=schema)


def with_column(rows: pa.RecordBatch, name: str, values: pa.Array) -> pa.RecordBatch:
    place = rows.schema.get_field_index(name)
    return rows.set_column(place, pa.field(name, values.type), values)


def verdicts(rows: pa.RecordBatch, settings: Settings = SETTINGS) -> list[Verdict]:
    made = verify_batch(rows, settings)
    assert made.schema == OUTPUT_SCHEMA
    made.validate(full=True)
    return [Verdict(**each) for each in made.to_pylist()]


# --- the schemas --------------------------------------------------------------------------------


def test_the_columns_are_the_fields() -> None:
    assert tuple(each.name for each in INPUT_COLUMNS) == Row._fields == tuple(INPUT_SCHEMA.names)
    assert tuple(each.name for each in OUTPUT_COLUMNS) == Verdict._fields
    assert tuple(OUTPUT_SCHEMA.names) == Verdict._fields


def test_a_column_that_has_no_default_is_not_null() -> None:
    assert [each.name for each in OUTPUT_COLUMNS if not each.nullable] == ["verdict"]
    assert [field.name for field in INPUT_SCHEMA if not field.nullable] == [
        "carrier",
        "attestation",
    ]


def test_a_field_says_what_its_column_holds() -> None:
    for cls, columns in ((Row, INPUT_COLUMNS), (Verdict, OUTPUT_COLUMNS)):
        for column in columns:
            said = getattr(cls, column.name).__doc__
            assert said.casefold() == f"{column.meaning}.".casefold()


def test_every_property_has_a_column() -> None:
    names = [row.name for row in PROPERTIES]
    assert [OUTPUT_SCHEMA.field(name).type for name in names] == [pa.string()] * len(names)


def test_the_types_are_those_that_the_columns_say() -> None:
    utc, text = pa.timestamp("us", tz="UTC"), pa.string()
    nonces = pa.list_(pa.struct([("nonce", pa.binary()), ("sent_at", utc)]))
    assert [field.type for field in INPUT_SCHEMA] == [
        *(text, text, pa.binary(), pa.binary(), nonces, text, pa.binary(), text),
        *(text, text, text, pa.binary(), utc),
    ]
    types = {field.name: field.type for field in OUTPUT_SCHEMA}
    assert types["malformed"] == types["compared"] == pa.list_(text)
    assert types["anchored_at_apple"] == pa.bool_()
    assert types["spki_sha256"] == pa.binary()
    assert {types[name] for name in ("not_before", "not_after", "verified_at")} == {utc}
    assert types["discrepancies"].value_type.field("explained_by_age").type == pa.bool_()
    assert types["policy_findings"].value_type.num_fields == 5


# --- one verdict for each row -------------------------------------------------------------------


@pytest.mark.parametrize("settings", [SETTINGS, STRICT], ids=["without-a-policy", "with-one"])
def test_a_batch_and_its_rows_have_the_same_verdicts(settings: Settings) -> None:
    assert verdicts(arrow(ROWS), settings) == list(verify_many(ROWS, settings))
    assert {each.verdict for each in verdicts(arrow(ROWS))} == {"verified", "refused", "invalid"}


@dataclass(frozen=True)
class TruthRule:
    """A rule whose finding holds truth where text should be."""

    name: str = "truth"

    def check(self, _facts: Facts) -> Finding:
        return Finding(rule=self.name, verdict="satisfied", expected=True, found=True)  # type: ignore[arg-type]


def test_a_rule_of_the_callers_own_stops_no_batch() -> None:
    settings = Settings(trust=AUTHORITY.trust, at=AT, policy=Policy(TruthRule()))
    assert verdicts(arrow(ROWS), settings) == list(verify_many(ROWS, settings))
    assert [each.policy for each in verdicts(arrow(GOOD), settings)] == ["passed"] * len(GOOD)


def test_a_slice_of_a_batch_is_a_batch() -> None:
    whole = arrow(ROWS)
    assert verdicts(whole.slice(2, 3)) == verdicts(whole)[2:5]
    assert verdicts(whole.slice(0, 0)) == []


def test_no_rows_have_no_verdicts() -> None:
    made = verify_batch(arrow([]), SETTINGS)
    assert (made.schema, made.num_rows) == (OUTPUT_SCHEMA, 0)


def test_without_settings_apple_alone_is_trusted() -> None:
    made = verify_batch(arrow([MDM._replace(at=AT)]))
    assert made.column("reason").to_pylist() == ["unknown-issuer"]


def test_only_three_columns_are_required() -> None:
    rows = arrow([MDM])
    lenient = Settings(trust=AUTHORITY.trust, at=AT, unchecked=True, any_device=True)
    three = rows.select(["attestation", "carrier", "id"])
    assert verdicts(three, lenient)[0].freshness == "unchecked"
    assert verdicts(three)[0].message.startswith("nonce is null")  # type: ignore[union-attr]
    more = three.append_column("colour", pa.array(["red"]))
    assert verdicts(more, lenient) == verdicts(three, lenient)


@pytest.mark.parametrize("name", ["id", "carrier", "attestation"])
def test_a_required_column_is_asked_for_by_name(name: str) -> None:
    rows = arrow([MDM])
    with pytest.raises(ValueError, match=rf"^{name}: one column of this name .* not 0$"):
        verify_batch(rows.drop_columns([name]), SETTINGS)


@pytest.mark.parametrize("name", ["id", "nonce"])
def test_a_column_that_is_there_twice_is_refused(name: str) -> None:
    rows = arrow([MDM])
    twice = rows.append_column(name, rows.column(name))
    with pytest.raises(ValueError, match=rf"^{name}: one column of this name .* not 2$"):
        verify_batch(twice, SETTINGS)


def test_rows_are_a_record_batch() -> None:
    rows: list[Any] = [None, [MDM], INPUT_SCHEMA, pa.Table.from_batches([arrow([MDM])])]
    for each in rows:
        with pytest.raises(TypeError, match=r"^rows is a pyarrow\.RecordBatch, not "):
            verify_batch(each, SETTINGS)


# --- the types that are taken -------------------------------------------------------------------

NONCES = [[{"nonce": NONCE, "sent_at": AT}]]


def nonces(nonce: pa.DataType, sent_at: pa.DataType, *more: pa.Field) -> pa.DataType:
    return pa.struct([*more, ("nonce", nonce), ("sent_at", sent_at)])


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("id", pa.large_string()),
        ("id", pa.string_view()),
        ("carrier", pa.dictionary(pa.int8(), pa.string())),
        ("attestation", pa.large_binary()),
        ("attestation", pa.binary_view()),
        ("attestation", pa.string()),
        ("attestation", pa.large_string()),
        ("attestation", pa.dictionary(pa.int32(), pa.string())),
        ("nonce", pa.binary(32)),
        ("nonce", pa.large_binary()),
        ("serial_number", pa.dictionary(pa.int32(), pa.large_string())),
        ("at", pa.timestamp("s", tz="UTC")),
        ("at", pa.timestamp("ms", tz="Europe/Berlin")),
        ("at", pa.timestamp("ns", tz="+05:30")),
        ("at", pa.timestamp("us", tz="no such zone")),
        ("token", pa.null()),
        ("previous_nonces", pa.null()),
        ("previous_nonces", pa.list_(pa.null())),
        ("previous_nonces", pa.list_(nonces(pa.binary(), pa.null()))),
    ],
    ids=str,
)
def test_a_column_of_a_like_type_is_taken(name: str, kind: pa.DataType) -> None:
    row = MDM._replace(at=AT)
    rows = arrow([row])
    values = rows.column(name)
    value = pa.nulls(1, kind) if values.null_count else _of_type(values, kind)
    assert verdicts(with_column(rows, name, value)) == list(verify_many([row], SETTINGS))


def _of_type(values: pa.Array, kind: pa.DataType) -> pa.Array:
    if pa.types.is_dictionary(kind):
        return values.cast(kind.value_type).dictionary_encode().cast(kind)
    if pa.types.is_timestamp(kind) and kind.tz == "no such zone":
        return values.cast(pa.int64()).cast(kind)
    return values.cast(kind)


@pytest.mark.parametrize(
    "kind",
    [
        pa.list_(nonces(pa.binary(), pa.timestamp("ns", tz="Europe/Berlin"))),
        pa.large_list(nonces(pa.large_binary(), pa.timestamp("s", tz="UTC"))),
        pa.list_(nonces(pa.binary(32), pa.timestamp("ms", tz="UTC"))),
        pa.list_(nonces(pa.binary(), pa.timestamp("ns", "UTC"), pa.field("more", pa.bool_()))),
    ],
    ids=str,
)
def test_previous_nonces_of_a_like_type_are_taken(kind: pa.DataType) -> None:
    row = MDM._replace(nonce=EARLIER)
    rows = with_column(arrow([row]), "previous_nonces", pa.array(NONCES, kind))
    (verdict,) = verdicts(rows)
    assert (verdict.freshness, verdict.requested_at) == ("earlier", AT)


def test_previous_nonces_need_no_time() -> None:
    kind = pa.list_(pa.struct([("nonce", pa.binary())]))
    rows = with_column(
        arrow([MDM._replace(nonce=EARLIER)]),
        "previous_nonces",
        pa.array([[{"nonce": NONCE}]], kind),
    )
    (verdict,) = verdicts(rows)
    assert (verdict.freshness, verdict.requested_at) == ("earlier", None)


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("id", pa.int64()),
        ("id", pa.binary()),
        ("carrier", pa.bool_()),
        ("carrier", pa.dictionary(pa.int8(), pa.int64())),
        ("attestation", pa.int64()),
        ("attestation", pa.list_(pa.binary())),
        ("nonce", pa.string()),
        ("token", pa.binary()),
        ("at", pa.string()),
        ("at", pa.date32()),
        ("previous_nonces", pa.list_(pa.binary())),
        ("previous_nonces", nonces(pa.binary(), pa.null())),
        ("previous_nonces", pa.list_(nonces(pa.string(), pa.null()))),
        ("previous_nonces", pa.list_(nonces(pa.binary(), pa.string()))),
        ("previous_nonces", pa.list_(pa.struct([("sent_at", pa.timestamp("us", "UTC"))]))),
        (
            "previous_nonces",
            pa.list_(pa.struct([("nonce", pa.binary()), ("nonce", pa.binary())])),
        ),
    ],
    ids=str,
)
def test_a_column_of_another_type_is_refused_by_name(name: str, kind: pa.DataType) -> None:
    rows = with_column(arrow([MDM]), name, pa.nulls(1, kind))
    with pytest.raises(ValueError, match=rf"^{name}: a column of .* was expected, not "):
        verify_batch(rows, SETTINGS)


# --- values that Python cannot hold -------------------------------------------------------------


def beside_good(name: str, values: pa.Array) -> list[Verdict]:
    """The verdicts about a row with a bad value, and a good one after it."""
    made = verdicts(with_column(arrow([MDM, MDM]), name, values))
    assert made[1].verdict == "verified"
    return made


def test_a_naive_time_makes_its_rows_invalid() -> None:
    naive = pa.array([AT.replace(tzinfo=None), None], pa.timestamp("us"))
    assert str(beside_good("at", naive)[0].message).startswith("at is a datetime with an offset")


def test_a_time_beyond_the_calendar_makes_its_row_invalid() -> None:
    beyond = pa.array([1 << 62, None], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    assert beside_good("at", beyond)[0].message == "at is a datetime, not Unreadable"
    seconds = pa.array([1 << 60, None], pa.int64()).cast(pa.timestamp("s", tz="UTC"))
    assert beside_good("at", seconds)[0].message == "at is a datetime, not Unreadable"


def test_a_sent_at_beyond_the_calendar_makes_its_row_invalid() -> None:
    kind = pa.list_(nonces(pa.binary(), pa.timestamp("us", tz="UTC")))
    far = pa.array([1 << 62], pa.int64()).cast(pa.timestamp("us", tz="UTC"))
    fields = pa.StructArray.from_arrays([pa.array([NONCE]), far], names=["nonce", "sent_at"])
    lists = pa.ListArray.from_arrays(pa.array([0, 1, 1]), fields).cast(kind)
    message = beside_good("previous_nonces", lists)[0].message
    assert str(message).startswith("previous_nonces is several nonces, not ")


@pytest.mark.parametrize("name", ["id", "carrier", "serial_number"])
def test_text_that_is_not_utf_8_makes_its_row_invalid(name: str) -> None:
    good = getattr(MDM, name).encode()
    offsets = pa.py_buffer(b"".join(each.to_bytes(4, "little") for each in (0, 1, 1 + len(good))))
    broken = pa.StringArray.from_buffers(2, offsets, pa.py_buffer(b"\xff" + good))
    verdict = beside_good(name, broken)[0]
    assert verdict.verdict == "invalid"
    assert str(verdict.message).startswith(name)


# --- pyarrow, when it is needed -----------------------------------------------------------------

WITHOUT_PYARROW = """
import sys
sys.modules["pyarrow"] = None
from appleattest import batch
(verdict,) = batch.verify_many([{"id": "a", "carrier": "mdm", "attestation": b""}])
assert verdict.verdict == "invalid"
for name in ("INPUT_SCHEMA", "OUTPUT_SCHEMA", "verify_batch"):
    try:
        getattr(batch, name)
    except ImportError as error:
        print(error)
"""


def test_rows_are_verified_without_pyarrow_and_batches_say_what_is_missing() -> None:
    done = subprocess.run(
        [sys.executable, "-c", WITHOUT_PYARROW], check=True, capture_output=True, text=True
    )
    assert done.stdout.splitlines() == [
        f"{name} needs pyarrow: install appleattest[batch]"
        for name in ("INPUT_SCHEMA", "OUTPUT_SCHEMA", "verify_batch")
    ]


def test_what_needs_pyarrow_says_so_where_it_is_missing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "appleattest.batch.arrow", None)
    with pytest.raises(ImportError, match=r"^verify_batch needs pyarrow: install appleattest\["):
        _ = batch.verify_batch
    monkeypatch.undo()
    assert batch.verify_batch is verify_batch


def test_importing_batches_imports_no_pyarrow() -> None:
    program = "import sys, appleattest.batch; print('pyarrow' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"


def test_what_is_offered_is_there() -> None:
    assert [name for name in batch.__all__ if getattr(batch, name, None) is None] == []
    with pytest.raises(AttributeError, match="no attribute 'verify_all'"):
        _ = batch.verify_all


def test_a_batch_of_verdicts_can_be_pickled() -> None:
    made = verify_batch(arrow(ROWS), SETTINGS)
    assert pickle.loads(pickle.dumps(made)) == made
