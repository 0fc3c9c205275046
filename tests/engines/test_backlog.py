"""The backlog that the engines are given, and what it costs to be wrong about it."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context

import pyarrow as pa
import pytest
from judged_backlog import assert_same, judged

from appleattest.batch import verify_batch, verify_table


def test_five_rows_in_a_hundred_are_not_verified() -> None:
    verdicts = Counter(judged().verdicts["verdict"].to_pylist())
    assert verdicts["verified"] == judged().rows.num_rows * 95 // 100
    assert verdicts["refused"] > verdicts["invalid"] > 0
    reasons = {each for each in judged().verdicts["reason"].to_pylist() if each is not None}
    assert reasons == {
        "bad-signature",
        "expired",
        "freshness-mismatch",
        "identifier-mismatch",
        "malformed-json",
    }


def test_the_rows_differ_in_what_an_engine_could_lose() -> None:
    told = {name: judged().verdicts[name] for name in judged().verdicts.column_names}
    assert {"current", "earlier", "unmatched"} <= set(told["freshness"].to_pylist())
    assert {"passed", "violated", None} == set(told["policy"].to_pylist())
    assert any(told["discrepancies"].to_pylist())
    assert any(told["policy_findings"].to_pylist())
    assert told["requested_at"].null_count < judged().rows.num_rows
    assert judged().rows["previous_nonces"].null_count < judged().rows.num_rows
    ids = told["id"].to_pylist()
    assert ids == sorted(set(ids))


def test_a_table_of_arrow_has_the_verdicts_of_plain_python() -> None:
    first = judged().rows.slice(0, 1000)
    assert_same(verify_table(first, judged().settings), judged().verdicts.slice(0, 1000))


def test_processes_have_the_verdicts_of_plain_python() -> None:
    verify = partial(verify_batch, settings=judged().settings)
    batches = judged().rows.to_batches(max_chunksize=judged().rows.num_rows // 6)
    with ProcessPoolExecutor(2, mp_context=get_context("spawn")) as workers:
        found = pa.Table.from_batches(workers.map(verify, batches))
    assert_same(found, judged().verdicts)


def test_a_verdict_that_differs_is_noticed() -> None:
    rows = judged().verdicts.slice(0, 5)
    changed = rows.to_pylist()
    changed[3]["verdict"] = "refused"
    with pytest.raises(AssertionError):
        assert_same(pa.Table.from_pylist(changed, rows.schema), rows)
    with pytest.raises(AssertionError):
        assert_same(rows.take([0, 1, 3, 2, 4]), rows)
