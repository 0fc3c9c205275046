"""What a verification costs, by what is sent: `make bench-costs`.

Each row is timed on one core beside a bare signature check, as in `run.py`: with the intermediate
remembered, and at its first sight. `--write` puts the numbers into docs/pictures/costs.json, from
which docs/site/measured.py writes the tables of docs/costs.md.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, NamedTuple

import machine
import throughput
from cases import NONCE, TOKEN, Inputs
from hostile_messages import cbor_items
from timing import Prepare, Prepared, always, side_by_side

from appleattest import AttestationError, Limits, Verifier
from appleattest.signatures import AWSLC
from appleattest.testing import AttestationAuthority, Properties, carriers, deviations
from appleattest.testing import chains as unusual

RESULTS: Final = Path(__file__).resolve().parents[1] / "docs" / "pictures" / "costs.json"
BARE: Final = "one bare P-384 check by OpenSSL"
_OIDS: Final = "1.2.840.113635.100.8.99"
"""Properties that no documentation has, for leaves that are larger than Apple's."""


class Case(NamedTuple):
    """One row: what is verified or refused by which verifier."""

    name: str
    call: Callable[[Verifier], object]


class Table(NamedTuple):
    """Rows about one question."""

    title: str
    cases: list[Case]


def tables(authority: AttestationAuthority) -> Iterator[Table]:
    """Every question, with its rows."""
    yield Table("Certificates", list(_certificates(authority)))
    yield Table("Size", list(_sizes(authority)))
    yield Table("Refusals", list(_refusals(authority)))


def _accepted(name: str, message: Sequence[bytes] | bytes, at: datetime) -> Case:
    return Case(name, lambda verifier: verifier.verify_mdm(message, nonce=NONCE, at=at))


def _certificates(authority: AttestationAuthority) -> Iterator[Case]:
    at, chain = authority.issued_at, authority.attest(freshness_code=NONCE)
    yield _accepted("leaf, intermediate", chain, at)
    longer = unusual.deeper(authority, 1, 0).attest(freshness_code=NONCE)
    yield _accepted("leaf, two intermediates", longer, at)
    for count in (1, 3):
        others = unusual.unrelated(authority, count)
        name = f"leaf, intermediate, {count} that no path needs"
        yield _accepted(name, [*chain, *others], at)


def _sizes(authority: AttestationAuthority) -> Iterator[Case]:
    at = authority.issued_at
    for octets in (1024, 3072):
        large = replace(Properties.mac(), raw={_OIDS + ".1": b"x" * octets})
        chain = authority.attest(freshness_code=NONCE, properties=large)
        yield _accepted(f"a leaf with one more property, of {octets:,} bytes", chain, at)
    for count in (20, 100):
        many = replace(Properties.mac(), raw={f"{_OIDS}.{number}": b"x" for number in range(count)})
        chain = authority.attest(freshness_code=NONCE, properties=many)
        yield _accepted(f"a leaf with {count} more properties, of one byte", chain, at)
    chain = authority.attest(freshness_code=NONCE)
    for count in (0, 30, 300):
        answers = {f"Answer{number:03}": "some text of a device" for number in range(count)}
        plist = carriers.response_plist(chain, query_responses=answers)
        yield _accepted(f"an XML property list of {len(plist):,} bytes", plist, at)


def _refusals(authority: AttestationAuthority) -> Iterator[Case]:
    at, chain = authority.issued_at, authority.attest(freshness_code=NONCE)
    impostor = unusual.impostor(authority)
    refused: Mapping[str, Sequence[bytes] | bytes] = {
        "no property list": b"x" * 1000,
        "a certificate that ends too early": [chain[0][:-1], chain[1]],
        "a response that is too large": b"x" * (Limits().plist_bytes + 1),
        "another root, with the same names": impostor.attest(freshness_code=NONCE),
        "a forged leaf": authority.attest(
            freshness_code=NONCE, deviations=[deviations.WrongSigner()]
        ),
        "an expired leaf": authority.attest(
            freshness_code=NONCE, deviations=[deviations.Expired()]
        ),
        "a genuine leaf as issuer": unusual.by_leaf(authority).attest(freshness_code=NONCE),
        "a genuine chain for another nonce": authority.attest(freshness_code=b"another"),
    }
    for name, message in refused.items():
        yield Case(name, _refusal(message, at))
    item = dict(cbor_items(Limits()))["nested arrays"]
    yield Case(f"nested arrays of CBOR, {len(item):,} bytes", _acme_refusal(item, at))


def _refusal(message: Sequence[bytes] | bytes, at: datetime) -> Callable[[Verifier], object]:
    return _refused(lambda verifier: verifier.verify_mdm(message, nonce=NONCE, at=at))


def _acme_refusal(item: bytes, at: datetime) -> Callable[[Verifier], object]:
    return _refused(lambda verifier: verifier.verify_acme(item, token=TOKEN, at=at))


def _refused(call: Callable[[Verifier], object]) -> Callable[[Verifier], object]:
    def refused(verifier: Verifier) -> object:
        with suppress(AttestationError):
            raise AssertionError(f"accepted: {call(verifier)}")
        return None

    return refused


# --- measuring ----------------------------------------------------------------------------------


def _warm(inputs: Inputs, case: Case) -> Prepare:
    verifier = Verifier(trust=inputs.authority.trust)
    inputs.accept(verifier)
    case.call(verifier)
    return always(_bound(case, verifier))


def _cold(inputs: Inputs, case: Case) -> Prepare:
    return lambda: _bound(case, Verifier(trust=inputs.authority.trust))


def _bound(case: Case, verifier: Verifier) -> Prepared:
    return lambda: case.call(verifier)


def measured(inputs: Inputs, table: Table, rounds: int) -> dict[str, Any]:
    """The microseconds of each row, and of the bare check beside them."""
    warm = {case.name: _warm(inputs, case) for case in table.cases}
    cold = {f"cold {case.name}": _cold(inputs, case) for case in table.cases}
    found = side_by_side({BARE: inputs.bare(), **warm, **cold}, rounds, batch=5)
    return {
        "title": table.title,
        "bare": _microseconds(found[BARE]),
        "rows": [
            {
                "name": case.name,
                "remembered": _microseconds(found[case.name]),
                "first_sight": _microseconds(found[f"cold {case.name}"]),
            }
            for case in table.cases
        ],
    }


def floor(inputs: Inputs, rounds: int) -> dict[str, Any]:
    """What is below a verification, and one by each backend."""
    cases: dict[str, Prepare] = {
        BARE: inputs.bare(),
        "the path engine alone": inputs.engine(fresh=False),
        "verify_mdm, by the engine": _mdm(inputs.verifications(fresh=False)),
    }
    with suppress(ImportError):
        fast = inputs.verifications(fresh=False, signatures=AWSLC())
        cases["one bare P-384 check by AWS-LC"] = inputs.bare_aws_lc()
        cases["verify_mdm, by AWS-LC"] = _mdm(fast)
    found = side_by_side(cases, rounds, batch=5)
    rows = [{"name": name, "remembered": _microseconds(found[name])} for name in cases]
    return {"title": "The floor", "bare": _microseconds(found[BARE]), "rows": rows}


def _mdm(verifications: Mapping[str, Prepare]) -> Prepare:
    return verifications["verify_mdm, sequence of DER"]


def _microseconds(seconds: float) -> float:
    return round(seconds * 1e6, 1)


def cores(rounds: int) -> dict[str, Any]:
    """Rows a second of a batch, by workers."""
    found = throughput.rates(rounds)
    rows = [
        {
            "name": each.name,
            "rows_a_second": round(each.rows_a_second),
            "share": round(each.share, 2),
        }
        for each in found
    ]
    return {"title": "Cores", "rows": rows}


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description="Measure what a verification costs.")
    parser.add_argument("--rounds", type=int, default=40)
    parser.add_argument("--write", action="store_true", help=f"write {RESULTS.name}")
    options = parser.parse_args(arguments)
    inputs = Inputs.mint()
    found = [floor(inputs, options.rounds)]
    found += [measured(inputs, each, options.rounds) for each in tables(inputs.authority)]
    found.append(cores(options.rounds))
    document = {
        "date": datetime.now(UTC).date().isoformat(),
        "machine": machine.described(),
        "versions": machine.versions(),
        "tables": found,
    }
    text = json.dumps(document, indent=2) + "\n"
    if options.write:
        RESULTS.write_text(text, encoding="utf-8", newline="\n")
    else:
        print(text, end="")
    return 0


if __name__ == "__main__":
    sys.exit(main())
