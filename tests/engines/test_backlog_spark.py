"""Spark gives the verdicts of plain Python, on a real session on this machine."""

from __future__ import annotations

import os
import shutil
import sys
from typing import TYPE_CHECKING

import pyarrow as pa
import pytest
from judged_backlog import assert_same, judged

from appleattest.batch import OUTPUT_SCHEMA
from appleattest.batch.spark import SCHEMA, verifying

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pyspark.sql import DataFrame

sql = pytest.importorskip("pyspark.sql", reason="make engines installs Spark, and runs this")
if shutil.which("java") is None and "JAVA_HOME" not in os.environ:
    pytest.skip("Spark needs Java 17 or later on the path", allow_module_level=True)

pytestmark = pytest.mark.filterwarnings("default")


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DataFrame]:
    """Two workers, in a zone that is not ours, with several batches in each partition."""
    os.environ["PYSPARK_PYTHON"] = sys.executable
    os.environ["SPARK_LOCAL_IP"] = "127.0.0.1"
    session = (
        sql.SparkSession.builder.master("local[2]")
        .config("spark.ui.enabled", False)
        .config("spark.sql.session.timeZone", "America/New_York")
        .config("spark.sql.execution.arrow.maxRecordsPerBatch", 300)
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    yield session.read.parquet(judged().written_to(tmp_path_factory.mktemp("spark")))
    session.stop()


def verdicts(rows: DataFrame) -> pa.Table:
    return rows.mapInArrow(verifying(judged().settings), SCHEMA).toArrow()


def test_spark_has_the_verdicts_of_plain_python(rows: DataFrame) -> None:
    assert_same(verdicts(rows.repartition(4)).sort_by("id"), judged().verdicts)


def test_a_partition_keeps_its_order(rows: DataFrame) -> None:
    assert_same(verdicts(rows.limit(700).coalesce(1)), judged().verdicts.slice(0, 700))


def test_partitions_without_rows_have_no_verdicts(rows: DataFrame) -> None:
    two = rows.where("id IN ('00000003', '00000019')").repartition(8)
    assert_same(verdicts(two).sort_by("id"), judged().verdicts.take([3, 19]))
    assert verdicts(rows.where("id = 'none'")).num_rows == 0


def test_other_columns_are_dropped_and_missing_ones_are_null(rows: DataFrame) -> None:
    one = rows.where("id = '00000003'")
    chosen = one.selectExpr("'sales' AS team", "attestation", "freshness", "at", "carrier", "id")
    assert_same(verdicts(chosen), judged().verdicts.slice(3, 1))


def test_the_schema_is_that_of_arrow(rows: DataFrame) -> None:
    declared = rows.sparkSession.createDataFrame([], SCHEMA).schema
    pandas_types = pytest.importorskip("pyspark.sql.pandas.types")
    assert declared.simpleString() == pandas_types.from_arrow_schema(OUTPUT_SCHEMA).simpleString()
