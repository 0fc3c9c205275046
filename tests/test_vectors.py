"""The vectors are what the cases generate, cover what they claim, and are documented."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterable
from itertools import product
from pathlib import Path
from typing import Any, Final

import pytest
from jsonschema import Draft202012Validator

from appleattest import Reason
from appleattest.acme import CSRBinding
from appleattest.arguments import SHORTEST_TOKEN
from appleattest.mdm import DiscrepancyKind
from appleattest.testing.vectors import runner
from appleattest.testing.vectors.judge import GROUP_TYPES
from vector_files import FILES, PATHS, VECTORS, loaded
from vectors import document
from vectors.__main__ import main
from vectors.case import Case, ChainInput, acceptable, but, invalid, only, valid
from vectors.flags import Flag, Note

README: Final = (VECTORS / "README.md").read_text("utf-8")
DESCRIPTION: Final[dict[str, Any]] = json.loads((VECTORS / runner.SCHEMA).read_text("utf-8"))
SCHEMA: Final = Draft202012Validator(DESCRIPTION)
# A policy raises it, and no vector asks for one.
NOT_ASKED: Final = {Reason.POLICY}
OF_CHAINS: Final = ("MdmVerify", "AcmeVerify", "ChainVerify")


@pytest.fixture(scope="module")
def cases() -> list[Case]:
    return document.all_cases()


def in_file(name: str) -> bytes:
    return (VECTORS / name).read_bytes()


def every_test(value: dict[str, Any]) -> list[dict[str, Any]]:
    return [test for group in value["testGroups"] for test in group["tests"]]


class TestCases:
    def test_there_are_hundreds(self, cases: list[Case]) -> None:
        assert len(cases) >= 300
        files = Counter(case.file.split("_")[0] for case in cases)
        assert files.keys() == {"acme", "chain", "identifiers", "mdm"}

    def test_there_are_hundreds_of_requests_and_identifiers(self, cases: list[Case]) -> None:
        results = Counter(
            (case.file.rpartition("_")[0], case.result)
            for case in cases
            if case.file.startswith(("acme_csr_", "identifiers"))
        )

        assert results["acme_csr", "invalid"] > 120
        assert results["acme_csr", "valid"] > 50
        assert results["", "invalid"] > 80
        assert results["", "valid"] > 35

    def test_there_are_dozens_about_who_answers(self) -> None:
        for name in ("acme_challenge.json", "mdm_device.json"):
            results = Counter(test["result"] for test in every_test(loaded(name)))
            assert results["invalid"] > 30
            assert results["valid"] > 25

    def test_whoever_may_answer_is_accepted_and_refused(self) -> None:
        tests = every_test(loaded("acme_challenge.json"))

        outcomes = {
            (who if isinstance(who := test["mayAnswer"], str) else "named", test["result"])
            for test in tests
            if test["result"] != "acceptable"
        }
        assert outcomes == set(
            product(("ordered", "named", "vouched-elsewhere"), ("valid", "invalid"))
        )

    def test_each_field_of_a_known_device_accepts_and_refuses(self) -> None:
        tests = every_test(loaded("mdm_device.json"))

        for field in DESCRIPTION["$defs"]["knownDevice"]["properties"]:
            alone = [test for test in tests if set(test["knownDevice"] or ()) == {field}]
            results = {test["result"] for test in alone}
            beside = {
                test["reason"]
                for test in tests
                if field in (test["knownDevice"] or ()) and test["result"] == "invalid"
            }
            assert "valid" in results
            assert beside & {Reason.IDENTIFIER_MISMATCH, Reason.KEY_MISMATCH}

    def test_a_lie_is_found_and_what_is_honest_is_explained(self) -> None:
        tests = every_test(loaded("mdm_device.json"))
        unexplained = {
            test["name"]: [each for each in test["discrepancies"] if not each["explainedByAge"]]
            for test in tests
            if "discrepancies" in test
        }

        def flagged(flag: Flag) -> list[str]:
            return [test["name"] for test in tests if flag.label in test["flags"]]

        assert [name for name in flagged(Flag.LYING_DEVICE) if not unexplained[name]] == []
        assert [name for name in flagged(Flag.HONEST_DIFFERENCE) if unexplained[name]] == []
        found = {each["kind"] for some in unexplained.values() for each in some}
        assert found == set(DiscrepancyKind)

    def test_every_mode_of_binding_accepts_and_refuses(self) -> None:
        tests = [
            test
            for name in FILES
            if name.startswith("acme_csr_")
            for test in every_test(loaded(name))
        ]

        outcomes = {
            (test["binding"], test["result"]) for test in tests if test["result"] != "acceptable"
        }
        assert outcomes == set(product(map(str, CSRBinding), ("valid", "invalid")))
        assert {test.get("foundIn") for test in tests} == {"san", "cn", "nowhere", None}

    def test_a_name_is_given_once_in_a_file(self, cases: list[Case]) -> None:
        names = Counter((case.file, case.name) for case in cases)

        assert [name for name, count in names.items() if count > 1] == []

    def test_each_says_why(self, cases: list[Case]) -> None:
        def why(comment: str) -> str:
            text, _, _ = comment.partition("\n\nHere: ")
            return re.sub(r"``[^`]*``", "", text)

        silent = [case.name for case in cases if len(why(case.comment).split()) < 3]

        assert silent == []

    def test_an_invalid_one_has_a_reason_and_a_valid_one_none(self, cases: list[Case]) -> None:
        told = {(case.result, case.reason is not None) for case in cases}

        assert told == {
            *[("valid", False), ("invalid", True)],
            *[("acceptable", False), ("acceptable", True)],
        }

    def test_most_are_decided(self, cases: list[Case]) -> None:
        assert sum(case.result == "acceptable" for case in cases) < len(cases) / 4

    def test_only_an_acceptable_one_has_further_readings(self, cases: list[Case]) -> None:
        further = [case for case in cases if case.also_read]

        assert {case.result for case in further} == {"acceptable"}
        assert all(case.reason is None for case in further)

    def test_no_token_is_one_that_no_caller_may_have(self) -> None:
        tokens = {
            test["token"] for name in FILES for test in every_test(loaded(name)) if "token" in test
        }

        assert min(map(len, tokens)) == SHORTEST_TOKEN

    def test_every_reason_is_expected_twice_or_more(self, cases: list[Case]) -> None:
        expected = Counter(case.reason for case in cases if case.reason)

        assert {reason for reason in Reason if expected[reason] < 2} == NOT_ASKED
        assert not NOT_ASKED & expected.keys()

    def test_every_flag_is_used(self, cases: list[Case]) -> None:
        assert {flag for case in cases for flag in case.flags} == set(Flag)

    def test_no_flag_stands_twice_in_a_case(self, cases: list[Case]) -> None:
        assert all(len(set(case.flags)) == len(case.flags) for case in cases)

    @pytest.mark.parametrize("decorator", [valid, acceptable])
    def test_a_case_has_a_flag(self, decorator: Any) -> None:
        with pytest.raises(ValueError, match="at least one flag"):
            decorator("some_file")
        with pytest.raises(ValueError, match="at least one flag"):
            invalid("some_file", Reason.EXPIRED)

    def test_labels_are_chosen_and_left_out(self) -> None:
        each = {"a": 1, "b": 2, "c": 3}

        assert only(each, "c", "a") == {"a": 1, "c": 3}
        assert but(each, "c", "a") == {"b": 2}
        for choose in (only, but):
            with pytest.raises(KeyError, match="d"):
                choose(each, "a", "d")

    def test_a_case_has_a_docstring(self, cases: list[Case]) -> None:
        before = len(document.all_cases())

        def silent(_authority: object) -> ChainInput:
            raise NotImplementedError

        with pytest.raises(ValueError, match="case silent does not say why"):
            valid("some_file", Flag.GENUINE)(silent)
        assert len(document.all_cases()) == before


def inconsistent(tests: Iterable[dict[str, Any]], notes: dict[str, Any]) -> list[str]:
    """The tests of another result than that of a flag of theirs, which do not say why."""
    return [
        test["name"]
        for test in tests
        if "because" not in test
        and any(notes[flag]["result"] != test["result"] for flag in test["flags"])
    ]


class TestConsistency:
    """One flag has one effect, and so its tests have one result, or say why not."""

    @pytest.mark.parametrize("name", FILES)
    def test_the_tests_of_a_flag_have_its_result(self, name: str) -> None:
        value = loaded(name)

        assert inconsistent(every_test(value), value["notes"]) == []

    def test_what_is_inconsistent_is_noticed(self) -> None:
        value = loaded("mdm_freshness.json")
        (test, *_) = every_test(value)
        other = {**test, "result": "invalid"}

        assert inconsistent([test], value["notes"]) == []
        assert inconsistent([other], value["notes"]) == [test["name"]]
        assert inconsistent([{**other, "because": "the documents say so"}], value["notes"]) == []

    def test_a_flag_has_one_effect_and_one_result_in_all_files(self) -> None:
        notes = {
            (flag, json.dumps(note))
            for name in FILES
            for flag, note in loaded(name)["notes"].items()
        }

        assert len(notes) == len({flag for flag, _ in notes}) == len(Flag)

    def test_whoever_says_why_is_another_than_a_flag(self, cases: list[Case]) -> None:
        idle = [
            case.name
            for case in cases
            if case.because and all(flag.value.result == case.result for flag in case.flags)
        ]

        assert idle == []

    def test_the_same_question_has_the_same_answer(self) -> None:
        found: dict[str, set[str]] = {}
        for _, test in runner.tests_in(PATHS):
            asked = {
                key: value
                for key, value in runner.question(test).items()
                if key not in ("tcId", "name", "comment", "flags")
            }
            found.setdefault(json.dumps(asked, sort_keys=True), set()).add(test["result"])

        assert [asked[:200] for asked, results in found.items() if len(results) > 1] == []
        assert len(found) > 2_000

    @pytest.mark.parametrize(
        ("bug_type", "stated", "result"),
        [
            ("BASIC", None, "valid"),
            ("FUNCTIONALITY", None, "valid"),
            ("AUTH_BYPASS", None, "invalid"),
            ("EDGE_CASE", "acceptable", "acceptable"),
            ("FUNCTIONALITY", "acceptable", "acceptable"),
        ],
    )
    def test_the_effect_decides_the_result(
        self, bug_type: str, stated: str | None, result: str
    ) -> None:
        assert Note(bug_type, "d", "e", stated).result == result


class TestFiles:
    def test_they_are_what_the_cases_generate(self) -> None:
        """Whether or not something was generated before."""
        for _ in range(2):
            document.authority.cache_clear()
            texts = document.documents()
            assert list(texts) == FILES
            assert [name for name in FILES if in_file(name) != texts[name].encode("ascii")] == []

    def test_another_process_generates_the_same(self, tmp_path: Path) -> None:
        subprocess.run(
            [
                *(sys.executable, "-m", "vectors"),
                *("write", "--directory", tmp_path),
            ],
            check=True,
            capture_output=True,
            env=os.environ | {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati"},
        )

        written = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
        assert written.keys() == set(FILES)
        assert [name for name in FILES if in_file(name) != written[name]] == []

    def test_they_stay_small(self) -> None:
        assert sum((VECTORS / name).stat().st_size for name in FILES) < 8_000_000

    @pytest.mark.parametrize("name", FILES)
    def test_each_satisfies_the_schema(self, name: str) -> None:
        errors = [error.json_path for error in SCHEMA.iter_errors(loaded(name))]

        assert errors == []

    @pytest.mark.parametrize("name", FILES)
    def test_each_counts_its_tests_and_explains_its_flags(self, name: str) -> None:
        value = loaded(name)
        tests = every_test(value)

        assert value["numberOfTests"] == len(tests)
        assert sorted(test["tcId"] for test in tests) == list(range(1, len(tests) + 1))
        assert sorted({flag for test in tests for flag in test["flags"]}) == list(value["notes"])

    @pytest.mark.parametrize("name", FILES)
    def test_groups_differ_in_what_they_share(self, name: str) -> None:
        shared = [
            json.dumps({key: value for key, value in group.items() if key != "tests"})
            for group in loaded(name)["testGroups"]
        ]

        assert len(set(shared)) == len(shared)


def changed(value: dict[str, Any], path: str, new: Any) -> dict[str, Any]:
    """A copy in which the member at a dotted path is new, or gone where new is None."""
    copy: dict[str, Any] = json.loads(json.dumps(value))
    *parents, last = (int(step) if step.isdigit() else step for step in path.split("."))
    inner: Any = copy
    for step in parents:
        inner = inner[step]
    if new is None:
        del inner[last]
    else:
        inner[last] = new
    return copy


FIRST: Final = "testGroups.0.tests.0"


class TestSchema:
    def test_it_is_a_schema(self) -> None:
        Draft202012Validator.check_schema(DESCRIPTION)

    @pytest.mark.parametrize(
        ("file", "path", "new"),
        [
            ("mdm_freshness.json", "more", 1),
            ("mdm_freshness.json", "schema", None),
            ("mdm_freshness.json", "numberOfTests", 0),
            ("mdm_freshness.json", "notes.NonceLength.bugType", "BUG"),
            ("mdm_freshness.json", "notes.NonceLength.more", "x"),
            ("mdm_freshness.json", "notes.NonceLength.result", None),
            ("mdm_freshness.json", "notes.NonceLength.result", "perhaps"),
            ("mdm_freshness.json", f"{FIRST}.because", ""),
            ("mdm_freshness.json", f"{FIRST}.alsoRead", {"sip": [None]}),
            ("mdm_freshness.json", "notes.nonce_length", {}),
            ("mdm_freshness.json", "testGroups.0.type", "OtherVerify"),
            ("mdm_freshness.json", "testGroups.0.type", "AcmeVerify"),
            ("mdm_freshness.json", "testGroups.0.type", None),
            ("mdm_freshness.json", "testGroups.0.time", "2025-07-01T12:00:00+00:00"),
            ("mdm_freshness.json", "testGroups.0.anchors", []),
            ("mdm_freshness.json", "testGroups.0.more", 1),
            ("mdm_freshness.json", f"{FIRST}.more", 1),
            ("mdm_freshness.json", f"{FIRST}.token", "A"),
            ("mdm_freshness.json", f"{FIRST}.name", "Nonce of octets"),
            ("mdm_freshness.json", f"{FIRST}.comment", ""),
            ("mdm_freshness.json", f"{FIRST}.flags", []),
            ("mdm_freshness.json", f"{FIRST}.response", "-_-_"),
            ("mdm_freshness.json", f"{FIRST}.nonce", ""),
            ("mdm_freshness.json", f"{FIRST}.nonce", "AAAA" * 12),
            ("mdm_freshness.json", f"{FIRST}.nonce", None),
            ("mdm_freshness.json", f"{FIRST}.previousNonces", [{"nonce": "AAAA"}]),
            ("mdm_freshness.json", f"{FIRST}.result", "invalid"),
            ("mdm_freshness.json", f"{FIRST}.result", "perhaps"),
            ("mdm_freshness.json", f"{FIRST}.reason", "expired"),
            ("mdm_freshness.json", f"{FIRST}.device", None),
            ("mdm_freshness.json", f"{FIRST}.device.raw", {}),
            ("mdm_freshness.json", f"{FIRST}.device.sip", "on"),
            ("mdm_freshness.json", f"{FIRST}.freshness", "earlier"),
            ("mdm_freshness.json", f"{FIRST}.freshness", "unmatched"),
            ("mdm_freshness.json", f"{FIRST}.requestedAt", "2025-07-01T12:00:00Z"),
            ("mdm_freshness.json", f"{FIRST}.spkiSha256", "00"),
            ("acme_object.json", f"{FIRST}.attObj", ""),
            ("acme_object.json", f"{FIRST}.cbor", None),
            ("acme_object.json", f"{FIRST}.token", "a" * 20 + ".b"),
            ("acme_object.json", f"{FIRST}.token", "a" * 21),
            ("acme_challenge.json", "testGroups.0.type", "AcmeVerify"),
            ("acme_challenge.json", "testGroups.0.anchors", None),
            ("acme_challenge.json", f"{FIRST}.payload", "AAAA"),
            ("acme_challenge.json", f"{FIRST}.payloadText", None),
            ("acme_challenge.json", f"{FIRST}.token", None),
            ("acme_challenge.json", f"{FIRST}.identifier.type", "dns"),
            ("acme_challenge.json", f"{FIRST}.identifier", None),
            ("acme_challenge.json", f"{FIRST}.mayAnswer", None),
            ("acme_challenge.json", f"{FIRST}.mayAnswer", "anybody"),
            ("acme_challenge.json", f"{FIRST}.mayAnswer", []),
            ("acme_challenge.json", f"{FIRST}.mayAnswer", [""]),
            ("acme_challenge.json", f"{FIRST}.element", "fmt"),
            ("acme_challenge.json", f"{FIRST}.result", "invalid"),
            ("acme_challenge.json", f"{FIRST}.discrepancies", []),
            ("acme_challenge.json", f"{FIRST}.nonce", "AAAA"),
            ("mdm_device.json", "testGroups.0.type", "MdmVerify"),
            ("mdm_device.json", "testGroups.0.time", None),
            ("mdm_device.json", f"{FIRST}.response", None),
            ("mdm_device.json", f"{FIRST}.knownDevice", None),
            ("mdm_device.json", f"{FIRST}.knownDevice", {}),
            ("mdm_device.json", f"{FIRST}.knownDevice.serialNumber", ""),
            ("mdm_device.json", f"{FIRST}.knownDevice.serial_number", "A"),
            ("mdm_device.json", f"{FIRST}.knownDevice.spki", ""),
            ("mdm_device.json", f"{FIRST}.discrepancies", None),
            ("mdm_device.json", f"{FIRST}.discrepancies", [{"kind": "UDID"}]),
            (
                "mdm_device.json",
                f"{FIRST}.discrepancies",
                [{"kind": "Name", "said": "A", "attested": "B", "explainedByAge": False}],
            ),
            ("mdm_device.json", f"{FIRST}.element", "spki"),
            ("mdm_device.json", f"{FIRST}.device", None),
            ("chain_issuers.json", f"{FIRST}.sha256Of", "AAAA"),
            ("chain_issuers.json", f"{FIRST}.chain", ["?"]),
            ("chain_issuers.json", f"{FIRST}.chain", None),
            ("chain_issuers.json", "testGroups.0.type", "CsrValidate"),
            ("acme_csr_names.json", "testGroups.0.type", "IdentifierRead"),
            ("acme_csr_names.json", "testGroups.0.time", "2025-07-01T12:00:00Z"),
            ("acme_csr_names.json", "testGroups.0.attestedKey", None),
            ("acme_csr_names.json", "testGroups.0.attestedKey", ""),
            ("acme_csr_names.json", f"{FIRST}.csr", None),
            ("acme_csr_names.json", f"{FIRST}.csrText", "MII"),
            ("acme_csr_names.json", f"{FIRST}.token", "A"),
            ("acme_csr_names.json", f"{FIRST}.identifier.type", "dns"),
            ("acme_csr_names.json", f"{FIRST}.identifier.value", ""),
            ("acme_csr_names.json", f"{FIRST}.identifier.more", "x"),
            ("acme_csr_names.json", f"{FIRST}.binding", "never"),
            ("acme_csr_names.json", f"{FIRST}.binding", None),
            ("acme_csr_names.json", f"{FIRST}.allowedNames", None),
            ("acme_csr_names.json", f"{FIRST}.allowedNames", ["a.example"]),
            ("acme_csr_names.json", f"{FIRST}.names", None),
            ("acme_csr_names.json", f"{FIRST}.names", [{"kind": "iPAddress", "value": "a"}]),
            ("acme_csr_names.json", f"{FIRST}.names", [{"kind": "attribute", "value": "a"}]),
            (
                "acme_csr_names.json",
                f"{FIRST}.names",
                [{"kind": "dNSName", "value": "a", "oid": "1.2"}],
            ),
            ("acme_csr_names.json", f"{FIRST}.foundIn", "subject"),
            ("acme_csr_names.json", f"{FIRST}.foundIn", None),
            ("acme_csr_names.json", f"{FIRST}.result", "invalid"),
            ("acme_csr_names.json", f"{FIRST}.reason", "malformed-csr"),
            ("identifiers.json", "testGroups.0.attestedKey", "AAAA"),
            ("identifiers.json", f"{FIRST}.identifier", None),
            ("identifiers.json", f"{FIRST}.identifier.value", 1),
            ("identifiers.json", f"{FIRST}.otherName", {"oid": "1.2.3", "value": ""}),
            ("identifiers.json", f"{FIRST}.parts", None),
            ("identifiers.json", f"{FIRST}.parts.value", ""),
            ("identifiers.json", f"{FIRST}.parts.assigner", "1.02"),
            (
                "identifiers.json",
                f"{FIRST}.parts",
                {"value": "a", "assigner": "1.2", "hwType": "1.2"},
            ),
            ("identifiers.json", f"{FIRST}.text", None),
            ("identifiers.json", f"{FIRST}.der", ""),
        ],
    )
    def test_it_refuses_what_no_file_says(self, file: str, path: str, new: Any) -> None:
        value = loaded(file)

        assert SCHEMA.is_valid(value)
        assert not SCHEMA.is_valid(changed(value, path, new))

    @pytest.mark.parametrize("file", ["acme_challenge.json", "mdm_device.json"])
    def test_it_wants_an_element_beside_a_reason(self, file: str) -> None:
        value = loaded(file)
        place = [test["result"] for test in value["testGroups"][0]["tests"]].index("invalid")
        path = f"testGroups.0.tests.{place}"

        assert SCHEMA.is_valid(changed(value, f"{path}.element", "UDID"))
        assert not SCHEMA.is_valid(changed(value, f"{path}.element", ""))
        assert not SCHEMA.is_valid(changed(value, f"{path}.element", None))
        assert not SCHEMA.is_valid(changed(value, f"{path}.reason", None))
        assert not SCHEMA.is_valid(changed(value, f"{path}.discrepancies", []))

    def test_it_wants_a_reason_of_what_is_invalid_and_nothing_read(self) -> None:
        value = loaded("mdm_freshness.json")
        place = [test["result"] for test in value["testGroups"][0]["tests"]].index("invalid")
        path = f"testGroups.0.tests.{place}"

        assert not SCHEMA.is_valid(changed(value, f"{path}.reason", None))
        assert not SCHEMA.is_valid(changed(value, f"{path}.reason", "policy"))
        assert not SCHEMA.is_valid(changed(value, f"{path}.device", {}))
        assert not SCHEMA.is_valid(changed(value, f"{path}.result", "valid"))
        assert SCHEMA.is_valid(changed(value, f"{path}.result", "acceptable"))

    @pytest.mark.parametrize(
        ("file", "read"),
        [
            ("mdm_freshness.json", "device"),
            ("acme_csr_names.json", "foundIn"),
            ("identifiers.json", "parts"),
        ],
    )
    def test_what_is_acceptable_is_read_or_refused_and_never_both(
        self, file: str, read: str
    ) -> None:
        value = changed(loaded(file), f"{FIRST}.result", "acceptable")
        refused = changed(value, f"{FIRST}.reason", "too-large")

        assert SCHEMA.is_valid(value)
        assert not SCHEMA.is_valid(refused)
        assert not SCHEMA.is_valid(changed(value, f"{FIRST}.{read}", None))

    @pytest.mark.parametrize(
        ("further", "valid"),
        [
            ({"sip": [None, "unrecognized"]}, True),
            ({"os_version": ["TEST "]}, True),
            ({}, False),
            ({"sip": []}, False),
            ({"sip": ["on"]}, False),
            ({"raw": [None]}, False),
        ],
    )
    def test_further_readings_are_of_properties(self, further: Any, valid: bool) -> None:
        value = changed(loaded("mdm_freshness.json"), f"{FIRST}.result", "acceptable")

        assert SCHEMA.is_valid(changed(value, f"{FIRST}.alsoRead", further)) is valid


class TestReadme:
    def test_the_table_of_flags_is_complete(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["flags"]) == 0
        rows = capsys.readouterr().out.splitlines()

        assert len(rows) == len(Flag)
        _, table = README.split("| effect of the bug | result |\n|---|---|---|---|---|\n")
        assert table.partition("\n\n")[0].splitlines() == rows

    def test_every_field_is_explained(self) -> None:
        definitions = DESCRIPTION["$defs"]
        fields = set(DESCRIPTION["properties"]) | set(definitions["device"]["properties"])
        for name, definition in definitions.items():
            if name.endswith(("Test", "Group")):
                fields |= set(definition["properties"])

        explained = set(re.findall(r"^\| `(\w+)` \|", README, re.MULTILINE))
        assert fields - explained == set()

    def test_every_result_and_group_is_explained(self) -> None:
        for word in ("valid", "invalid", "acceptable"):
            assert f"| `{word}` |" in README
        for word in GROUP_TYPES:
            assert f"`{word}`" in README

    def test_everything_about_who_answers_is_explained(self) -> None:
        definitions = DESCRIPTION["$defs"]
        words, _ = definitions["challengeTest"]["properties"]["mayAnswer"]["anyOf"]
        for word in words["enum"]:
            assert f'| `"{word}"` |' in README
        for field in definitions["knownDevice"]["properties"]:
            assert re.search(rf"^\| .*`{field}`.* \|", README, re.MULTILINE)
        for kind in DiscrepancyKind:
            assert f"| `{kind}` |" in README
        for field in definitions["discrepancy"]["properties"]:
            assert f"`{field}`" in README

    def test_what_has_no_vectors_is_among_the_known_ways_in(self) -> None:
        _, section = README.split("## What has no vectors\n")
        rows = re.findall(r"^\| ([\d, ]+) \|", section, re.MULTILINE)

        items = [int(item) for row in rows for item in row.split(",")]
        assert items == sorted(set(items))
        assert set(items) < set(range(1, 32))
        assert f"`{Reason.POLICY}`" in section

    def test_every_mode_and_kind_of_name_is_explained(self) -> None:
        (names,) = re.findall(r"### Names\n(.*?)###", README, re.DOTALL)
        for kind in DESCRIPTION["$defs"]["certificateName"]["properties"]["kind"]["enum"]:
            assert f"`{kind}`" in names
        for mode in CSRBinding:
            assert f"| `{mode}` |" in README

    def test_its_adapter_passes(self, tmp_path: Path) -> None:
        (code,) = re.findall(r"```python\n(.*?)```", README, re.DOTALL)
        adapter = tmp_path / "adapter.py"
        adapter.write_text(code, "utf-8")

        assert all(f"--type {each}" in README.replace("\n", " ") for each in OF_CHAINS)
        verdicts = list(runner.run([sys.executable, str(adapter)], PATHS, OF_CHAINS))

        # It gives no times for earlier nonces, so none is compared.
        assert [v.test["name"] for v in verdicts if v.failure] == []
