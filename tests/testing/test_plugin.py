"""The pytest plugin, as a project has it that uses the library."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import pytest_appleattest
from appleattest.testing import AttestationAuthority, strategies

pytest_plugins = ["pytester"]

# Loaded before pytester remembers the modules: else it would unload Hypothesis after a test, and
# leave the strategies that were made with it.
assert strategies.__all__

ROOT = Path(__file__).resolve().parents[2]
GUIDE = ROOT / "docs" / "guide-test-your-server.md"
FIXTURES = {
    "attestation_authority",
    "attestation_trust",
    "attestation_verifier",
    "attestation_clock",
    "make_simulated_device",
    "simulated_device",
}


def run(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch, *arguments: str) -> str:
    """Run pytest with our plugin alone; its output, when nothing failed."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    result = pytester.runpytest_inprocess("-p", "pytest_appleattest", "-p", "no:xdist", *arguments)
    assert result.ret == 0, result.stdout.str()
    return result.stdout.str()


def test_a_test_costs_one_fixture_name(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytester.makepyfile(
        """
        import plistlib

        COMMAND = plistlib.dumps({"CommandUUID": "1", "Command": {
            "RequestType": "DeviceInformation", "DeviceAttestationNonce": b"nonce",
            "Queries": ["DevicePropertiesAttestation"]}})

        def test_now(simulated_device, attestation_verifier):
            response = simulated_device.answer(COMMAND)
            assert attestation_verifier.verify_mdm(response, nonce=b"nonce").is_current

        def test_the_parts(attestation_authority, attestation_trust, attestation_verifier,
                           attestation_clock, make_simulated_device, simulated_device):
            assert attestation_trust is attestation_authority.trust
            assert attestation_verifier is not attestation_authority.verifier
            assert make_simulated_device.authority is attestation_authority
            devices = [simulated_device, make_simulated_device(), make_simulated_device()]
            assert len({device.model.serial_number for device in devices}) == 3
            assert all(device.clock is attestation_clock for device in devices)
            other = make_simulated_device(simulated_device.model, user_enrolled=True, clock=None)
            assert other.model is simulated_device.model
            assert other.user_enrolled
            assert other.clock is not attestation_clock
        """
    )
    assert re.search(r"\b2 passed\b", run(pytester, monkeypatch))


def test_the_keys_are_the_same_in_every_run(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = AttestationAuthority(pytest_appleattest.SEED).issuer.der.hex()
    pytester.makepyfile(
        f"""
        def test_the_intermediate(attestation_authority):
            assert attestation_authority.issuer.der.hex() == {expected!r}
        """
    )
    assert "1 passed" in run(pytester, monkeypatch)


def test_the_code_of_the_guide_passes_as_tests(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"))
    # The blocks are one module, but for the fixture that the page has the reader put elsewhere.
    module = "".join(block for block in blocks if "def attestation_clock" not in block)
    (conftest,) = (block for block in blocks if "def attestation_clock" in block)
    assert conftest.startswith("from appleattest.testing import ManualClock")
    pytester.makepyfile(module)
    tests = re.findall(r"(?m)^def (test_\w+)", module)
    output = run(pytester, monkeypatch, "-v")
    assert len(tests) >= 10
    assert [test for test in tests if f"::{test}" not in output] == []


def test_a_fixed_clock_takes_the_place_of_the_present(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = re.findall(r"(?ms)^```python\n(.*?)^```", GUIDE.read_text(encoding="utf-8"))
    (conftest,) = (block for block in blocks if "def attestation_clock" in block)
    pytester.makeconftest("import pytest\n" + conftest)
    pytester.makepyfile(
        """
        from appleattest.testing import ISSUED_AT

        def test_the_time(attestation_clock, simulated_device):
            assert simulated_device.clock is attestation_clock
            assert attestation_clock() == ISSUED_AT
        """
    )
    assert "1 passed" in run(pytester, monkeypatch)


def test_the_fixtures_are_shown_with_their_documentation(
    pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch
) -> None:
    shown = run(pytester, monkeypatch, "--fixtures")
    documented = set(re.findall(r"(?m)^(\w+)(?: \[session scope\])? -- .*\n    \S", shown))
    assert documented >= FIXTURES
    ours = re.findall(r"(?m)^(\w+)(?: \[session scope\])? -- \S*pytest_appleattest\.py", shown)
    assert set(ours) == FIXTURES


def test_the_guide_lists_the_fixtures() -> None:
    listed = re.findall(r"(?m)^\| `(\w+)` \|", GUIDE.read_text(encoding="utf-8"))
    assert set(listed) == FIXTURES


def test_loading_the_plugin_imports_nothing_of_ours() -> None:
    program = (
        "import sys, pytest_appleattest\n"
        "print(*(each for each in sys.modules if each.partition('.')[0] in "
        "{'appleattest', 'asn1crypto', 'cbor2', 'cryptography', 'hypothesis'}))"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    assert done.stdout.split() == []


def test_the_entry_point_is_the_plugin() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["entry-points"]["pytest11"] == {"appleattest": pytest_appleattest.__name__}
