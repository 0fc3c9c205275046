"""What the engines are handed: functions that they pickle, and call with what they have."""

from __future__ import annotations

import pickle
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest
from backlog import backlog, settings

from appleattest.batch import OUTPUT_COLUMNS, OUTPUT_SCHEMA, Settings, verifier_for, verify_table
from appleattest.batch import ray as for_ray
from appleattest.batch import spark as for_spark

if TYPE_CHECKING:
    from collections.abc import Callable

pa = pytest.importorskip("pyarrow", reason="install appleattest[batch]")

ROWS = backlog(40)
EXPECTED = verify_table(ROWS, settings())


def test_a_partition_of_several_batches() -> None:
    verify = for_spark.verifying(settings())
    found = list(verify(iter(ROWS.to_batches(max_chunksize=7))))
    assert [each.num_rows for each in found] == [7, 7, 7, 7, 7, 5]
    assert pa.Table.from_batches(found).equals(EXPECTED)


def test_a_partition_is_verified_as_it_is_read() -> None:
    read: list[int] = []

    def batches() -> Any:
        for each in ROWS.to_batches(max_chunksize=10):
            read.append(each.num_rows)
            yield each

    verdicts = for_spark.verifying(settings())(batches())
    assert next(verdicts).num_rows == 10
    assert read == [10]


def test_an_empty_partition() -> None:
    assert list(for_spark.verifying(settings())(iter([]))) == []
    (none,) = for_spark.verifying(settings())(iter([pa.RecordBatch.from_pylist([], ROWS.schema)]))
    assert none.num_rows == 0
    assert none.schema == OUTPUT_SCHEMA


def test_a_block_of_several_chunks() -> None:
    block = pa.concat_tables([ROWS.slice(0, 11), ROWS.slice(11)])
    assert for_ray.verifying(settings())(block).equals(EXPECTED)


def test_a_block_without_rows_or_columns() -> None:
    none = for_ray.verifying(settings())(pa.table({}))
    assert none.num_rows == 0
    assert none.schema == OUTPUT_SCHEMA


def test_a_table_is_a_table() -> None:
    with pytest.raises(TypeError, match=r"rows is a pyarrow\.Table, not RecordBatch"):
        verify_table(ROWS.to_batches()[0])
    with pytest.raises(ValueError, match="carrier: one column"):
        verify_table(ROWS.drop_columns("carrier"))


@pytest.mark.parametrize(
    "verifying", [for_spark.verifying, for_ray.verifying], ids=["spark", "ray"]
)
def test_settings_travel_as_values_and_a_worker_keeps_one_verifier(
    verifying: Callable[[Any], Any],
) -> None:
    function = verifying(settings())
    one, other = (pickle.loads(pickle.dumps(function)) for _ in range(2))
    assert one.keywords["settings"] == settings()
    assert verifier_for(one.keywords["settings"]) is verifier_for(other.keywords["settings"])


@pytest.mark.parametrize(
    "verifying", [for_spark.verifying, for_ray.verifying], ids=["spark", "ray"]
)
def test_settings_are_settings(verifying: Callable[[Any], Any]) -> None:
    with pytest.raises(TypeError, match="settings is a Settings, not str"):
        verifying("apple")
    assert verifying(None).keywords["settings"] == Settings()


def test_the_schema_for_spark_names_every_column() -> None:
    for each in OUTPUT_COLUMNS:
        assert f"`{each.name}` " in for_spark.SCHEMA
    assert "`malformed` ARRAY<STRING>, `freshness_code` BINARY" in for_spark.SCHEMA


ENGINES = ("duckdb", "pyspark", "ray")


def test_no_engine_is_imported_before_it_is_used() -> None:
    program = (
        "import sys; from appleattest.batch import duckdb, ray, spark\n"
        f"assert not {{*{ENGINES}}} & {{*sys.modules}}\n"
    )
    subprocess.run([sys.executable, "-I", "-c", program], check=True)


@pytest.mark.parametrize("module", ["duckdb", "ray", "spark"])
def test_without_pyarrow_it_says_what_to_install(module: str) -> None:
    program = f"import sys; sys.modules['pyarrow'] = None\nimport appleattest.batch.{module}\n"
    done = subprocess.run(
        [sys.executable, "-I", "-c", program], check=False, capture_output=True, text=True
    )
    last = done.stderr.splitlines()[-1]
    assert last.startswith("ImportError: verify_")
    assert last.endswith("needs pyarrow: install appleattest[batch]")
