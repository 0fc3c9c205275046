"""What importing costs: nothing for who does not ask, and no network for who does."""

from __future__ import annotations

import json
import subprocess
import sys


def modules_after(statement: str) -> set[str]:
    program = f"import json, sys\n{statement}\nprint(json.dumps(sorted(sys.modules)))"
    done = subprocess.run(
        [sys.executable, "-c", program], check=True, capture_output=True, text=True
    )
    return set(json.loads(done.stdout))


def test_the_package_does_not_import_the_protocol() -> None:
    modules = modules_after("import appleattest")
    assert not {name for name in modules if name.startswith("appleattest.mdm")}
    assert not {name for name in modules if name.startswith("appleattest.policy")}


def test_the_protocol_needs_no_network_and_nothing_more() -> None:
    """`cryptography` itself brings in bcrypt, where that is installed."""
    plain = modules_after("import appleattest")
    modules = modules_after("from appleattest import mdm, policy")
    new = {name.partition(".")[0] for name in modules - plain}
    assert new - sys.stdlib_module_names <= {"appleattest", "cryptography", "bcrypt"}
    assert not modules & {"ssl", "http.client", "urllib.request", "asyncio", "tomllib"}
