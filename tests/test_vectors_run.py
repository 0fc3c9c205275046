"""This library, and any other, is run over the vectors; a wrong answer is noticed."""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from runpy import run_path
from typing import Any, Final

import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID

from appleattest import TrustStore, Verifier
from appleattest.acme import Answering
from appleattest.mdm import KnownDevice
from appleattest.testing.keys import spki_of
from appleattest.testing.vectors import __main__ as vectors_main
from appleattest.testing.vectors import devices, names, runner
from appleattest.testing.vectors import judge as judging
from vector_files import FILES, PATHS, VECTORS, loaded
from vectors import __main__ as generating
from vectors import document
from vectors.case import Answerers

main = vectors_main.main
generate = generating.main


class TestThisLibrary:
    def test_it_agrees_with_every_test(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert generate(["check", "--directory", str(VECTORS)]) == 0
        count = sum(loaded(name)["numberOfTests"] for name in FILES)
        assert capsys.readouterr().out == (
            f"{count} of {count} tests as expected, 0 refused for a reason with another name\n"
        )

    def test_a_verifier_that_is_kept_agrees_too(self, monkeypatch: pytest.MonkeyPatch) -> None:
        kept: dict[TrustStore, Verifier] = {}

        def keep(trust: TrustStore) -> Verifier:
            return kept.setdefault(trust, Verifier(trust=trust))

        monkeypatch.setattr(judging, "Verifier", keep)
        verdicts = [
            runner.compare(file, test, judging.judge(runner.question(test)))
            for file, test in runner.tests_in(PATHS)
        ]

        assert [v.test["name"] for v in verdicts if v.failure or v.other_reason] == []
        assert [v.test["name"] for v in verdicts if runner.kept(v.test, v.answer)] == []
        assert len(kept) < len(verdicts)

    def test_it_passes_as_any_implementation_does(self, capsys: pytest.CaptureFixture[str]) -> None:
        own = [sys.executable, "-m", "appleattest.testing.vectors", "answer"]

        assert main(["run", "--directory", str(VECTORS), "--reasons", "--", *own]) == 0
        assert ", 0 refused for a reason" in capsys.readouterr().out


CHOSEN: Final = ("nonce-of-octets-1", "earlier-nonce-1-of-3", "code-missing-absent")


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """A directory with one file of three tests: current, earlier, invalid."""
    value = loaded("mdm_freshness.json")
    (group, *_) = value["testGroups"]
    group["tests"] = [test for test in group["tests"] if test["name"] in CHOSEN]
    directory = tmp_path / "few"
    directory.mkdir()
    value["testGroups"] = [group]
    (directory / "mdm_freshness.json").write_text(json.dumps(value), "utf-8")
    assert [test["name"] for test in group["tests"]] == [CHOSEN[0], CHOSEN[2], CHOSEN[1]]
    return directory


ADAPTER: Final = """
import json, sys
from appleattest.testing.vectors.judge import judge
for line in sys.stdin:
    test = json.loads(line)
    answer = judge(test)
    {lie}
    print(json.dumps(answer), flush=True)
"""


def implementation(directory: Path, code: str) -> list[str]:
    script = directory / "implementation.py"
    script.write_text(code, "utf-8")
    return [sys.executable, str(script)]


def ran(few: Path, code: str, *options: str) -> int:
    command = implementation(few, code)
    return main(["run", "--directory", str(few), *options, "--", *command])


GOOD: Final = {"sip": "enabled", "secure_boot": "full", "third_party_kexts": "none-allowed"}
"""The good value of each status."""


class TestRunner:
    def test_the_question_does_not_give_the_answer_away(self) -> None:
        test = {"tcId": 1, "type": "MdmVerify", "time": "t", "anchors": [], "result": "valid"}
        told = dict.fromkeys(("reason", "device", "freshness", "requestedAt", "spkiSha256"), "x")
        told |= dict.fromkeys(("foundIn", "names", "parts", "text", "der"), "x")
        told |= dict.fromkeys(("element", "discrepancies", "because", "alsoRead"), "x")

        assert runner.question({**test, **told}).keys() == {"tcId", "type", "time", "anchors"}

    @pytest.mark.parametrize(
        ("lie", "said"),
        [
            ("answer = {'result': 'valid'}", ["invalid was expected, valid came"]),
            ("answer = {'result': 'invalid'}", ["valid was expected, invalid came"] * 2),
            ("answer['result'] = 'maybe'", ["answered 'maybe', which is neither"] * 3),
            ("answer = {}", ["answered None, which is neither"] * 3),
            ("answer['device'] = {}", ["device {'serial_number'"] * 2),
            ("answer['device'] = None", ["device {'serial_number'"] * 2),
            ("answer['freshness'] = 'current'", ["freshness 'earlier' was expected"]),
            ("answer['spkiSha256'] = '00'", ["spkiSha256 '"] * 2),
            ("answer['requestedAt'] = '2025-07-01T12:00:00Z'", ["requestedAt '2025"]),
        ],
    )
    def test_a_lie_is_noticed(
        self, few: Path, capsys: pytest.CaptureFixture[str], lie: str, said: list[str]
    ) -> None:
        assert ran(few, ADAPTER.format(lie="pass")) == 0
        assert ran(few, ADAPTER.format(lie=lie)) == 1
        _, *lines, summary = capsys.readouterr().out.splitlines()
        assert summary.startswith(f"{3 - len(said)} of 3 tests as expected")
        assert len(lines) == len(said)
        for line, words in zip(lines, said, strict=True):
            assert line.startswith("mdm_freshness.json tcId ")
            assert words in line

    def test_what_is_not_told_is_not_compared(self, few: Path) -> None:
        assert ran(few, ADAPTER.format(lie="answer = {'result': answer['result']}")) == 0

    def test_another_reason_is_no_failure_unless_asked(
        self, few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        code = ADAPTER.format(
            lie="answer.update({'reason': 'stale'} if 'reason' in answer else {})"
        )

        assert ran(few, code) == 0
        assert "1 refused for a reason with another name" in capsys.readouterr().out
        assert ran(few, code, "--reasons") == 1
        said = capsys.readouterr().out
        assert "(code-missing-absent): reason freshness-missing was expected, stale came" in said

    @pytest.mark.parametrize(
        ("code", "said"),
        [
            ("", "the command gave no answer to mdm_freshness.json, tcId "),
            ("input()", "the command gave no answer to mdm_freshness.json, tcId "),
            ("print('yes')", "is no JSON object: 'yes"),
            ("print('[1]')", "is no JSON object: '[1]"),
            ("print()", "is no JSON object: "),
            ("print('[' * 100_000)", "is no JSON object: '[["),
            (r"import sys; sys.stdout.buffer.write(b'{\"a\": \"\xff\"}\n')", "is not UTF-8"),
            (ADAPTER.format(lie="sys.exit() if answer['result'] == 'invalid' else 0"), "gave no"),
        ],
        ids=[
            *("nothing", "reads alone", "no JSON", "an array", "empty line", "deep", "no UTF-8"),
            "dies later",
        ],
    )
    def test_an_implementation_that_does_not_answer(
        self, few: Path, capsys: pytest.CaptureFixture[str], code: str, said: str
    ) -> None:
        assert ran(few, code) == 1
        assert said in capsys.readouterr().out

    def test_an_implementation_that_does_not_read(
        self, few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """The question is larger than a pipe holds, so writing it fails."""
        file = few / "mdm_freshness.json"
        value = json.loads(file.read_text("utf-8"))
        value["testGroups"][0]["tests"][0]["response"] = "AAAA" * 500_000
        file.write_text(json.dumps(value), "utf-8")

        assert ran(few, "") == 1
        assert "the command gave no answer" in capsys.readouterr().out

    def test_one_file_may_be_chosen(self, few: Path, capsys: pytest.CaptureFixture[str]) -> None:
        answering = ADAPTER.format(lie="pass")

        assert ran(few, answering, "--file", "mdm_freshness.json") == 0
        assert "3 of 3" in capsys.readouterr().out
        assert ran(few, answering, "--file", "other.json") == 0
        assert "0 of 0" in capsys.readouterr().out

    def test_one_type_may_be_chosen_and_the_others_are_counted(
        self, few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        answering = ADAPTER.format(lie="pass")

        assert ran(few, answering, "--type", "CsrValidate", "--type", "MdmVerify") == 0
        assert capsys.readouterr().out.startswith("3 of 3 tests as expected")
        assert ran(few, answering, "--type", "CsrValidate") == 0
        out = capsys.readouterr().out.splitlines()
        assert out[0].startswith("0 of 0 tests as expected")
        assert out[1] == "3 tests of other types were not asked"

    def test_a_type_that_is_none_is_no_choice(
        self, few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with pytest.raises(SystemExit, match="2"):
            ran(few, "", "--type", "Csr")
        assert "invalid choice: 'Csr'" in capsys.readouterr().err

    @pytest.mark.parametrize(
        ("file", "lie"),
        [
            ("acme_csr_key.json", "foundIn"),
            ("acme_csr_key.json", "names"),
            ("acme_csr_key.json", "spkiSha256"),
            ("identifiers.json", "parts"),
            ("identifiers.json", "text"),
            ("identifiers.json", "der"),
            ("mdm_device.json", "discrepancies"),
        ],
    )
    def test_what_is_read_beside_the_attestation_is_compared(self, file: str, lie: str) -> None:
        (_, test), *_ = runner.tests_in([VECTORS / file])
        answer = judging.judge(runner.question(test))

        assert runner.compare(file, test, answer).failure is None
        failure = runner.compare(file, test, {**answer, lie: "x"}).failure
        assert failure is not None
        assert failure.startswith(f"{lie} ")

    @pytest.mark.parametrize(
        ("expected", "given", "differs"),
        [
            ("spki", "spki", False),
            ("spki", "1.2", True),
            ("spki", None, True),
            (None, None, False),
            (None, "spki", True),
        ],
    )
    def test_another_element_is_another_reason(
        self, expected: str | None, given: str | None, differs: bool
    ) -> None:
        test = {"result": "invalid", "reason": "key-mismatch", "element": expected}
        answer = {"result": "invalid", "reason": "key-mismatch"}

        verdict = runner.compare("f", test, {**answer, "element": given})
        assert (verdict.failure, verdict.other_reason) == (None, differs)
        assert not runner.compare("f", test, answer).other_reason
        del test["element"]
        assert not runner.compare("f", test, {**answer, "element": given}).other_reason

    def test_an_element_is_said_with_its_reason(self) -> None:
        said = {"reason": "key-mismatch", "element": "spki"}

        assert runner.refusal(said) == "key-mismatch (spki)"
        assert runner.refusal({**said, "element": None}) == "key-mismatch"

    @pytest.mark.parametrize("result", ["valid", "invalid"])
    def test_acceptable_is_either(self, result: str) -> None:
        test = {"result": "acceptable", "reason": "too-large"}

        assert runner.compare("f", test, {"result": result}).failure is None

    @pytest.mark.parametrize(
        ("device", "right"),
        [
            ({"udid": "A"}, True),
            ({"udid": "A", "sip": "unrecognized"}, True),
            ({"udid": "A", "sip": "enabled"}, False),
            ({"udid": "A", "secure_boot": "full"}, False),
            ({"sip": "unrecognized"}, False),
            ({}, False),
            (None, False),
        ],
    )
    def test_further_readings_are_right(self, device: Any, right: bool) -> None:
        test = {
            "result": "acceptable",
            "device": {"udid": "A"},
            "alsoRead": {"sip": ["unrecognized"]},
        }

        failure = runner.compare("f", test, {"result": "valid", "device": device}).failure
        assert (failure is None) is right

    def test_a_malformed_property_that_is_read_as_good_is_noticed(self) -> None:
        flags = {"MalformedProperty", "NonCanonicalInteger", "Spaces"}
        tests = [
            (file, test)
            for file, test in runner.tests_in(PATHS)
            if flags & set(test["flags"]) and "device" in test
        ]

        noticed = Counter(
            name
            for file, test in tests
            for name, good in GOOD.items()
            if test["device"].get(name) != good
            and runner.compare(
                file, test, {"result": "valid", "device": {**test["device"], name: good}}
            ).failure
        )
        assert all(noticed[name] > len(tests) / 2 for name in GOOD)
        assert all(
            runner.compare(file, test, {"result": "valid", "device": test["device"]}).failure
            is None
            and runner.compare(file, test, {"result": "invalid"}).failure is None
            for file, test in tests
        )
        assert len(tests) > 70

    def test_absent_is_a_reading_too(self) -> None:
        test = {"result": "acceptable", "device": {"sip": "unrecognized"}}
        absent = {"result": "valid", "device": {}}

        assert runner.compare("f", test, absent).failure
        test["alsoRead"] = {"sip": [None]}
        assert runner.compare("f", test, absent).failure is None

    def test_further_readings_are_of_the_device_alone(self) -> None:
        test = {"result": "acceptable", "freshness": "current", "alsoRead": {"freshness": ["x"]}}

        assert runner.compare("f", test, {"result": "valid", "freshness": "x"}).failure

    @pytest.mark.parametrize(
        ("reason", "given", "said"),
        [
            ("too-large", "invalid", None),
            ("too-large", "valid", "a refusal was told, valid came"),
            (None, "valid", None),
            (None, "invalid", "acceptance was told, invalid came"),
        ],
    )
    def test_the_author_does_what_an_acceptable_test_says(
        self, reason: str | None, given: str, said: str | None
    ) -> None:
        test = {"result": "acceptable", **({"reason": reason} if reason else {})}

        assert runner.kept(test, {"result": given}) == said
        assert runner.kept({"result": "valid"}, {"result": "invalid"}) is None

    def test_acceptable_is_not_anything(self) -> None:
        test = {"result": "acceptable", "device": {}}

        assert runner.compare("f", test, {"result": "valid", "device": {"sip": "enabled"}}).failure
        assert runner.compare("f", test, {"result": "acceptable"}).failure


class TestNames:
    """Names of a request, in the JSON."""

    @pytest.mark.parametrize(
        "name",
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, "A"),
            x509.DNSName("a.example"),
            x509.RFC822Name("a@a.example"),
            x509.UniformResourceIdentifier("https://a.example"),
            x509.OtherName(x509.ObjectIdentifier("1.2.3"), b"\x0c\x01a"),
        ],
        ids=lambda name: type(name).__name__,
    )
    def test_a_name_is_read_as_it_was_written(self, name: names.Name) -> None:
        assert names.read(names.written(name)) == name

    def test_a_name_of_another_kind_has_no_form(self) -> None:
        with pytest.raises(ValueError, match="RegisteredID has no form"):
            names.written(x509.RegisteredID(x509.ObjectIdentifier("1.2.3")))


class TestDevices:
    """Who may answer, and what is known of a device, in the JSON."""

    @pytest.mark.parametrize("known", [{"serial_number": "A"}, {"udid": "A", "spki": True}])
    def test_a_device_is_read_as_it_was_written(self, known: dict[str, Any]) -> None:
        key = spki_of(document.authority().attested_key.public_key())
        device = KnownDevice(**known | ({"spki": key} if "spki" in known else {}))

        written = document.known_written(device)
        assert written is not None
        assert len(written) == len(known)
        assert devices.known_read(written) == device

    def test_nothing_known_is_null(self) -> None:
        assert document.known_written(None) is None

    @pytest.mark.parametrize("who", [*Answering, ["A", "B"]])
    def test_who_may_answer_is_read_as_it_was_written(self, who: Answerers) -> None:
        assert devices.answerers_read(document.answerers_written(who)) == who


class TestCommands:
    @pytest.fixture
    def generated(self, few: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
        """What the cases generate: the three tests alone."""
        texts = {"mdm_freshness.json": (few / "mdm_freshness.json").read_text("utf-8")}
        monkeypatch.setattr(document, "documents", lambda: texts)
        return texts

    def test_list_names_every_case(self, capsys: pytest.CaptureFixture[str]) -> None:
        cases = document.all_cases()

        assert generate(["list"]) == 0
        lines = [line.split() for line in capsys.readouterr().out.splitlines()]

        assert [(file, name) for file, *_, name in lines] == [(c.file, c.name) for c in cases]
        assert {reason for *_, reason, _ in lines} >= {"-", "expired"}

    def test_answer_answers_line_by_line(
        self, few: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        tests = [test for _, test in runner.tests_in(few.iterdir())]
        asked = [json.dumps(runner.question(test)) for test in tests]
        monkeypatch.setattr(sys, "stdin", asked)

        assert main(["answer"]) == 0
        answers = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
        assert [answer["result"] for answer in answers] == [test["result"] for test in tests]

    def test_write_makes_the_directory(
        self, generated: dict[str, str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        directory = tmp_path / "a" / "b"

        assert generate(["write", "--directory", str(directory)]) == 0
        assert capsys.readouterr().out == "wrote 1 files\n"
        assert {path.name: path.read_text("utf-8") for path in directory.iterdir()} == generated

    def test_write_removes_what_is_generated_no_longer(
        self, generated: dict[str, str], tmp_path: Path
    ) -> None:
        for name in ("old.json", "mdm_freshness.json", runner.SCHEMA, "README.md"):
            (tmp_path / name).write_text("old", "utf-8")

        assert generate(["write", "--directory", str(tmp_path)]) == 0
        left = {path.name: path.read_text("utf-8") for path in tmp_path.glob("*.*")}
        assert left == {**generated, runner.SCHEMA: "old", "README.md": "old"}

    def test_check_is_content_with_what_write_wrote(
        self, generated: dict[str, str], few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        assert generate(["check", "--directory", str(few)]) == 0
        assert capsys.readouterr().out.startswith("3 of 3 tests as expected")

    def test_check_notices_a_byte(
        self, generated: dict[str, str], few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        with (few / "mdm_freshness.json").open("a", encoding="utf-8") as file:
            file.write("\n")

        assert generate(["check", "--directory", str(few)]) == 1
        assert "mdm_freshness.json is not what the cases generate" in capsys.readouterr().out

    def test_check_notices_a_missing_file_and_one_too_many(
        self, generated: dict[str, str], few: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (few / "mdm_freshness.json").rename(few / "other.json")

        assert generate(["check", "--directory", str(few)]) == 1
        said = capsys.readouterr().out
        assert "mdm_freshness.json is not what" in said
        assert "other.json is not what" in said

    @pytest.mark.parametrize(
        ("old", "new", "said"),
        [
            ('"result": "invalid"', '"result": "valid"', "valid was expected, invalid came"),
            ("freshness-missing", "expired", "reason expired was expected, freshness-missing came"),
            ('"freshness": "current"', '"freshness": "unchecked"', "freshness 'unchecked' was"),
        ],
    )
    def test_check_notices_an_expectation_that_this_library_does_not_meet(
        self,
        generated: dict[str, str],
        few: Path,
        capsys: pytest.CaptureFixture[str],
        old: str,
        new: str,
        said: str,
    ) -> None:
        wrong = generated["mdm_freshness.json"].replace(old, new)
        generated["mdm_freshness.json"] = wrong
        (few / "mdm_freshness.json").write_text(wrong, "utf-8")

        assert generate(["check", "--directory", str(few)]) == 1
        out = capsys.readouterr().out
        assert said in out
        assert "is not what the cases generate" not in out

    @pytest.mark.parametrize(
        ("name", "told"),
        [
            (CHOSEN[0], {"reason": "too-large"}),
            (CHOSEN[2], {}),
        ],
    )
    def test_check_notices_an_acceptable_test_that_tells_something_else(
        self, few: Path, capsys: pytest.CaptureFixture[str], name: str, told: dict[str, str]
    ) -> None:
        path = few / "mdm_freshness.json"
        value = json.loads(path.read_text("utf-8"))
        (test,) = [each for each in value["testGroups"][0]["tests"] if each["name"] == name]
        test.pop("reason", None)
        test.update(result="acceptable", **told)
        path.write_text(json.dumps(value), "utf-8")

        assert generate(["check", "--directory", str(few)]) == 1
        was = "a refusal" if told else "acceptance"
        assert f"({name}): {was} was told" in capsys.readouterr().out

    def test_it_runs_as_a_module(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "argv", ["vectors", "flags"])

        with pytest.raises(SystemExit, match="0"):
            run_path(str(generating.__file__), run_name="__main__")
        assert "`Genuine`" in capsys.readouterr().out

    def test_a_command_is_required(self, capsys: pytest.CaptureFixture[str]) -> None:
        with pytest.raises(SystemExit, match="2"):
            main([])
        assert "usage: python -m appleattest.testing.vectors" in capsys.readouterr().err

    def test_it_answers_as_a_program(
        self, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        test = loaded("mdm_freshness.json")
        (group, *_) = test["testGroups"]
        shared = {key: value for key, value in group.items() if key != "tests"}
        asked = runner.question({**shared, **group["tests"][0]})
        monkeypatch.setattr(sys, "argv", ["vectors", "answer"])
        monkeypatch.setattr(sys, "stdin", [json.dumps(asked)])

        with pytest.raises(SystemExit, match="0"):
            run_path(str(vectors_main.__file__), run_name="__main__")
        assert json.loads(capsys.readouterr().out) == judging.judge(asked)
