"""Many attestations at once: a table of rows in, one verdict for each row out.

    from appleattest import batch

    for verdict in batch.verify_many(rows, batch.Settings()):
        print(verdict.id, verdict.verdict, verdict.reason)

`verify_batch` does the same for record batches of Arrow and `verify_table` for tables, with
`INPUT_SCHEMA` and `OUTPUT_SCHEMA`. `run` takes whole directories, files and databases, with
workers, and can go on when it was killed. What needs pyarrow (the extra `batch`) is looked up when
it is asked for. A row that is refused, or is wrong in itself, has a verdict that says so: nothing
stops a batch. `duckdb`, `spark` and `ray` hand all of it to an engine.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from appleattest.batch.columns import INPUT_COLUMNS, OUTPUT_COLUMNS, Column
from appleattest.batch.errors import RunError
from appleattest.batch.row import PreviousNonce, PreviousNonceLike, Row
from appleattest.batch.settings import Settings, verifier_for
from appleattest.batch.verdict import Verdict
from appleattest.batch.verification import JudgedRow, judge_row, verify_many, verify_row

if TYPE_CHECKING:
    from appleattest.batch.arrow import verify_batch
    from appleattest.batch.counts import Summary
    from appleattest.batch.runner import Progress, run
    from appleattest.batch.running.workers import Kind
    from appleattest.batch.schemas import INPUT_SCHEMA, OUTPUT_SCHEMA
    from appleattest.batch.tables import verify_table

__all__ = [
    "INPUT_COLUMNS",
    "INPUT_SCHEMA",
    "OUTPUT_COLUMNS",
    "OUTPUT_SCHEMA",
    "Column",
    "JudgedRow",
    "Kind",
    "PreviousNonce",
    "PreviousNonceLike",
    "Progress",
    "Row",
    "RunError",
    "Settings",
    "Summary",
    "Verdict",
    "judge_row",
    "run",
    "verifier_for",
    "verify_batch",
    "verify_many",
    "verify_row",
    "verify_table",
]

_OF_ARROW: Final = {
    "INPUT_SCHEMA": "appleattest.batch.schemas",
    "OUTPUT_SCHEMA": "appleattest.batch.schemas",
    "Kind": "appleattest.batch.running.workers",
    "Progress": "appleattest.batch.runner",
    "Summary": "appleattest.batch.counts",
    "run": "appleattest.batch.runner",
    "verify_batch": "appleattest.batch.arrow",
    "verify_table": "appleattest.batch.tables",
}
"""What needs pyarrow, and the module that has it."""


def __getattr__(name: str) -> Any:
    """What needs pyarrow. Raises `ImportError`, saying what to install, where it is missing."""
    if name not in _OF_ARROW:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = import_module(_OF_ARROW[name])
    except ModuleNotFoundError:
        raise ImportError(f"{name} needs pyarrow: install appleattest[batch]") from None
    return getattr(module, name)
