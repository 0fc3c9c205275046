"""`Summary`, what a run found: how many rows of each kind, gathered batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import timedelta
from typing import Any, Final, NoReturn

import pyarrow as pa
from pyarrow import compute as pc

from appleattest.batch.verdict import INVALID, REFUSED, VERIFIED
from appleattest.mdm import AttestationSchedule

NOT_STATED: Final = ""
"""The key of the rows that do not say: Apple attested no such property, say."""
OTHERS: Final = "(others)"
"""The key of the rows beyond so many different values."""
_MOST_VALUES: Final = 200
_AGES: Final = (7, 14, 21, 28)
"""Days that divide the ages."""
_MICROSECONDS: Final = timedelta(days=1) // timedelta(microseconds=1)
_SCHEDULE: Final = AttestationSchedule()
DUE_DAYS: Final = (_SCHEDULE.maximum_age - _SCHEDULE.lead).days
"""The age at which `AttestationSchedule`, as it is by default, asks for a new one at the latest."""

_OF_VERIFIED: Final = (
    "carrier",
    "freshness",
    "device_check",
    "os_version",
    "sip",
    "secure_boot",
    "third_party_kexts",
    "policy",
)
"""The columns whose values are counted over the verified rows."""


class Summary:
    """How many rows of a run were verified, refused and invalid, and what the verified ones say.

    Each of the counts is a mapping from the value of a column to its number of rows; rows without
    a value are under the empty text. A column keeps 200 values, and counts the rest together.
    """

    def __init__(self, counts: Mapping[str, Mapping[str, int]] | None = None) -> None:
        self._counts: dict[str, Counter[str]] = {
            name: Counter((counts or {}).get(name, {})) for name in _NAMES
        }

    def add(self, verdicts: pa.RecordBatch) -> None:
        """Count these verdicts too."""
        self._count("verdict", verdicts.column("verdict"))
        of = {each: _where(verdicts, each) for each in (VERIFIED, REFUSED, INVALID)}
        self._count("reason", of[REFUSED].column("reason"))
        self._count("message", of[INVALID].column("message"))
        for name in _OF_VERIFIED:
            self._count(name, of[VERIFIED].column(name))
        for name, find in _FOUND.items():
            self._count(name, pa.array(find(of[VERIFIED]), pa.string()))

    def _count(self, name: str, values: pa.Array) -> None:
        counter = self._counts[name]
        for found in pc.value_counts(values).to_pylist():
            key = NOT_STATED if found["values"] is None else str(found["values"])
            known = key in counter or len(counter) < _MOST_VALUES
            counter[key if known else OTHERS] += found["counts"]

    @property
    def rows(self) -> int:
        """All rows."""
        return self._counts["verdict"].total()

    @property
    def verified(self) -> int:
        """Rows whose attestation is genuine and is what the row expects."""
        return self._counts["verdict"][VERIFIED]

    @property
    def refused(self) -> int:
        """Rows whose attestation was refused."""
        return self._counts["verdict"][REFUSED]

    @property
    def invalid(self) -> int:
        """Rows that were wrong in themselves."""
        return self._counts["verdict"][INVALID]

    @property
    def violated(self) -> int:
        """Verified rows that violate the policy."""
        return self._counts["policy"]["violated"]

    @property
    def contradicted(self) -> int:
        """Verified rows whose device says other things than Apple, which no age explains."""
        return self._counts["contradicted"]["True"]

    @property
    def due(self) -> int:
        """Verified rows of MDM whose attestation is so old that a new one is due.

        So it is at 27 days: when `AttestationSchedule`, as it is by default, asks at the latest.
        """
        return self._counts["due"]["True"]

    @property
    def is_clean(self) -> bool:
        """Whether every row is verified, agrees with its device, and violates no policy.

        Where there are no rows, nothing was verified, and it is false.
        """
        all_verified = 0 < self.rows == self.verified
        return all_verified and not self.violated and not self.contradicted

    def counts(self, column: str) -> Mapping[str, int]:
        """The rows by the value of this column, the most frequent first.

        `column` is `reason` (refused rows), `message` (invalid rows), or over the verified rows
        `carrier`, `freshness`, `device_check`, `os_version`, `sip`, `secure_boot`,
        `third_party_kexts`, `policy` or `age` (in days, youngest first). Raises `KeyError` for
        any other.
        """
        found = self._counts[column]
        if column == "age":
            return {word: found[word] for word in AGE_WORDS if found[word]}
        return dict(sorted(found.items(), key=lambda item: (-item[1], item[0])))

    def to_dict(self) -> dict[str, Any]:
        """The summary as JSON types."""
        return {
            "rows": self.rows,
            "verified": self.verified,
            "refused": self.refused,
            "invalid": self.invalid,
            "violated": self.violated,
            "contradicted": self.contradicted,
            "due": self.due,
            **{name: self.counts(name) for name in COUNTED},
        }

    def to_counts(self) -> dict[str, dict[str, int]]:
        """Everything that was counted, from which `Summary` makes an equal one."""
        return {name: dict(found) for name, found in self._counts.items()}

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Summary) and self._counts == other._counts

    __hash__ = None  # type: ignore[assignment]

    def __bool__(self) -> NoReturn:
        raise TypeError("Summary is neither true nor false: read its is_clean")

    def __repr__(self) -> str:
        return (
            f"<Summary of {self.rows} rows: {self.verified} verified, {self.refused} refused, "
            f"{self.invalid} invalid>"
        )


COUNTED: Final = ("reason", "message", *_OF_VERIFIED, "age")
"""The columns that `Summary.counts` knows."""
_NAMES: Final = (*COUNTED, "verdict", "contradicted", "due")
AGE_WORDS: Final = (
    *(f"{low}-{high - 1}" for low, high in zip((0, *_AGES), _AGES, strict=False)),
    f"{_AGES[-1]}+",
)
"""The ages in days, as they are counted."""


def _where(verdicts: pa.RecordBatch, verdict: str) -> pa.RecordBatch:
    return verdicts.filter(pc.equal(verdicts.column("verdict"), verdict))


def _contradicted(verified: pa.RecordBatch) -> list[str]:
    """Whether a device says what no age explains, for each row, as text."""
    return [
        str(any(not each["explained_by_age"] for each in found or ()))
        for found in verified.column("discrepancies").to_pylist()
    ]


def _ages(verified: pa.RecordBatch) -> list[int]:
    """The age of each attestation in days, by the earliest time at which it can have been made."""
    not_before, requested_at, verified_at = (
        verified.column(name).cast(pa.int64())
        for name in ("not_before", "requested_at", "verified_at")
    )
    ages = pc.subtract(verified_at, pc.max_element_wise(not_before, requested_at))
    return [max(0, age // _MICROSECONDS) for age in ages.to_pylist()]


def _due(verified: pa.RecordBatch) -> list[str]:
    """Whether a new attestation is due, for each row of MDM, as text."""
    of_mdm = verified.filter(pc.equal(verified.column("carrier"), "mdm"))
    return [str(days >= DUE_DAYS) for days in _ages(of_mdm)]


def _age_words(verified: pa.RecordBatch) -> list[str]:
    """The ages as they are counted."""
    return [AGE_WORDS[sum(days >= bound for bound in _AGES)] for days in _ages(verified)]


_FOUND: Final = {"contradicted": _contradicted, "age": _age_words, "due": _due}
"""What is counted of the verified rows beside the values of their columns."""
