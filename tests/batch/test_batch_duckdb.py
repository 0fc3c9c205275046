"""`register` gives a connection of DuckDB a function that obeys the rules of `verify_batch`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from backlog import backlog, settings

from appleattest.batch import OUTPUT_COLUMNS, Settings, duckdb, tables

if TYPE_CHECKING:
    from collections.abc import Iterator

engine = pytest.importorskip("duckdb", reason="install appleattest[duckdb]")

CHAIN = "verify_attestation(id, carrier, attestation, freshness := freshness)"


@pytest.fixture
def connection() -> Iterator[Any]:
    """A connection with a table of two chains; the second has another freshness code."""
    with engine.connect() as connection:
        chain = backlog(4).slice(3, 1).to_pylist()[0]
        connection.execute(
            "CREATE TABLE t (id TEXT, carrier TEXT, attestation BLOB, freshness BLOB, team TEXT)"
        )
        for id_, freshness in (("one", chain["freshness"]), ("two", b"another")):
            row = [id_, "chain", chain["attestation"], freshness, "sales"]
            connection.execute("INSERT INTO t VALUES (?, ?, ?, ?, ?)", row)
        duckdb.register(connection, settings())
        yield connection


def asked(connection: Any, query: str) -> Any:
    """What a query gives, where CHAIN stands for the verdict about a chain."""
    return connection.sql(query.replace("CHAIN", CHAIN))


def told(connection: Any, query: str) -> list[Any]:
    rows: list[Any] = asked(connection, query).fetchall()
    return rows


def test_a_row_has_its_verdict_beside_its_other_columns(connection: Any) -> None:
    query = "SELECT team, v.id, v.verdict, v.reason FROM (SELECT team, CHAIN AS v FROM t)"
    assert told(connection, query) == [
        ("sales", "one", "verified", None),
        ("sales", "two", "refused", "freshness-mismatch"),
    ]


def test_the_fields_are_the_columns_of_the_verdicts(connection: Any) -> None:
    found = asked(connection, "SELECT unnest(CHAIN) FROM t")
    assert found.columns == [each.name for each in OUTPUT_COLUMNS]


def test_columns_may_be_null_or_missing(connection: Any) -> None:
    missing = "SELECT verify_attestation(id, carrier, attestation).message FROM t LIMIT 1"
    assert told(connection, missing)[0][0].startswith("freshness is null")
    null = "SELECT verify_attestation(NULL, NULL, NULL).message"
    assert told(connection, null)[0][0].startswith("carrier is")


def test_no_rows_have_no_verdicts(connection: Any) -> None:
    assert told(connection, "SELECT unnest(CHAIN) FROM t WHERE id = 'none'") == []


def test_a_time_without_a_zone_is_an_invalid_row(connection: Any) -> None:
    call = 'verify_attestation(id, carrier, attestation, freshness := freshness, "at" := {})'
    query = f"SELECT {call}.message FROM t LIMIT 1"  # noqa: S608 - as it stands above
    at = settings().at
    ((message,),) = told(connection, query.format(f"TIMESTAMP '{at:%F %T}'"))
    assert message.startswith("at ")
    assert told(connection, query.format(f"TIMESTAMPTZ '{at:%F %T}+00'")) == [(None,)]


def test_a_column_of_another_type_fails_the_query(connection: Any) -> None:
    query = "SELECT verify_attestation(7, carrier, attestation, freshness := freshness).id FROM t"
    with pytest.raises(engine.Error, match="id: a column of string was expected, not int"):
        told(connection, query)
    assert told(connection, query.replace("7", "7::TEXT")) == [("7",), ("7",)]


def test_a_column_that_no_row_has_fails_the_query(connection: Any) -> None:
    query = "SELECT verify_attestation(id, carrier, attestation, nonse := freshness).id FROM t"
    with pytest.raises(engine.BinderException, match="verify_attestation"):
        told(connection, query)
    assert told(connection, query.replace("nonse", "nonce")) == [("one",), ("two",)]


def test_a_row_is_verified_once_where_its_verdict_is_stored(
    connection: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    verified: list[int] = []

    def counted(rows: Any, settings: Settings) -> Any:
        verified.append(rows.num_rows)
        return tables.verify_table(rows, settings)

    monkeypatch.setattr(duckdb, "verify_table", counted)
    asked(connection, "CREATE TABLE verdicts AS SELECT unnest(CHAIN) FROM t")
    found = told(connection, "SELECT id FROM verdicts WHERE verdict = 'verified'")
    assert found == [("one",)]
    assert sum(verified) == 2


def test_a_second_registration_replaces_the_first(connection: Any) -> None:
    query = "SELECT CHAIN.reason FROM t WHERE id = 'one'"
    duckdb.register(connection, Settings())
    assert told(connection, query) == [("unknown-issuer",)]
    duckdb.register(connection, settings())
    assert told(connection, query) == [(None,)]


def test_settings_may_have_names_of_their_own(connection: Any) -> None:
    duckdb.register(connection, name="as_from_apple")
    query = "SELECT CHAIN.verdict FROM t WHERE id = 'one'".replace("CHAIN", CHAIN)
    assert told(connection, query) == [("verified",)]
    strict = query.replace("verify_attestation", "as_from_apple")
    assert told(connection, strict) == [("refused",)]


def test_another_connection_does_not_have_it(connection: Any) -> None:
    query = "SELECT CHAIN.verdict FROM t WHERE id = 'one'"
    other = connection.cursor()
    with pytest.raises(engine.CatalogException, match="verify_attestation"):
        told(other, query)
    duckdb.register(other)
    assert told(other, query) == [("refused",)]
    assert told(connection, query) == [("verified",)]


@pytest.mark.parametrize("name", ["", "1a", "a b", "a(", 'a"', "ä", "a\n"])
def test_a_name_is_a_plain_name_of_sql(connection: Any, name: str) -> None:
    with pytest.raises(ValueError, match="name is letters"):
        duckdb.register(connection, name=name)
    duckdb.register(connection, name="a_1")


def test_misuse_is_a_type_error(connection: Any) -> None:
    with pytest.raises(TypeError, match="name is text"):
        duckdb.register(connection, name=b"a")  # type: ignore[arg-type]
    with pytest.raises(TypeError, match="settings is a Settings, not str"):
        duckdb.register(connection, "apple")  # type: ignore[arg-type]
