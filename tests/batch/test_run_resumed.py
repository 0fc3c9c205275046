"""A run that ended in whatever way goes on, and never with another source or other settings."""

from __future__ import annotations

import errno
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
import pytest
from batch_rows import AT, AUTHORITY, MDM, SETTINGS
from cryptography.hazmat.primitives.serialization import Encoding
from run_tools import ROWS, VERDICTS, read_table, told, write_parquet, write_sqlite

from appleattest import Freshness
from appleattest.batch import Row, RunError, Settings, Summary, run, runner
from appleattest.batch.destinations import open_destination
from appleattest.batch.destinations.files import ParquetFile
from appleattest.batch.running.identity import settings_digest
from appleattest.batch.running.parts import Parts
from appleattest.batch.sources import source as source_module
from appleattest.limits import Limits
from appleattest.policy import FreshnessIs, Policy, SerialNumberInInventory, SIPEnabled
from appleattest.trust import TrustStore

pytestmark = pytest.mark.usefixtures("small_chunks")


@pytest.fixture
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(source_module, "MOST_ROWS", 3)


class StoppedError(Exception):
    """Stands for the end of a process."""


def run_here(source: str, out: Path, settings: Settings = SETTINGS, **how: Any) -> Summary:
    return run(source, str(out), settings, **{"workers": 1, **how})


def stopped(source: str, out: Path, settings: Settings = SETTINGS, **how: Any) -> None:
    """A run that ends when its first part is there."""

    def stop(done: int, total: int | None) -> None:
        raise StoppedError

    with pytest.raises(StoppedError):
        run_here(source, out, settings, progress=stop, **how)
    assert not out.exists()


def test_it_goes_on_with_what_is_not_done(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(source, out)
    first = tmp_path / "out.parquet.parts" / "00000000.part"
    written = first.stat().st_mtime_ns
    seen: list[int] = []
    right = ParquetFile.write

    def write(self: ParquetFile, verdicts: Any) -> None:
        seen.append(first.stat().st_mtime_ns)
        right(self, verdicts)

    monkeypatch.setattr(ParquetFile, "write", write)
    assert run_here(source, out).rows == 8
    assert seen == [written]
    assert told(read_table(out)) == VERDICTS
    assert list(tmp_path.glob("*.parts")) == []


def test_it_goes_on_as_of_the_same_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    now = Settings(trust=AUTHORITY.trust)
    monkeypatch.setattr(runner, "_now", lambda _: "2025-07-02T12:00:00Z")
    stopped(source, out, now)
    monkeypatch.setattr(runner, "_now", lambda _: "2025-08-02T12:00:00Z")
    run_here(source, out, now)
    times = {row["verified_at"] for row in read_table(out)} - {None}
    assert [each.isoformat() for each in times] == ["2025-07-02T12:00:00+00:00"]


def test_without_a_time_it_is_the_present(tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    before = int(time.time())
    run_here(source, out, Settings(unchecked=True))
    assert runner._now(Settings()) >= time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(before))


@pytest.mark.parametrize("step", ["write", "finish", "remove"])
def test_it_ends_while_the_result_is_put_in_place(
    step: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"

    def stop(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(ParquetFile if step == "write" else Parts, step, stop)
        with pytest.raises(StoppedError):
            run_here(source, out)
    assert out.exists() is (step != "write")
    found = run_here(source, out)
    assert (found.rows, found.verified) == (8, 4)
    assert told(read_table(out)) == VERDICTS
    assert list(tmp_path.glob("*.parts")) == []


def test_a_database_that_ends_while_it_is_filled(tmp_path: Path) -> None:
    name = write_sqlite(tmp_path, ROWS)
    to = f"sqlite:{tmp_path}/rows.db#told"

    def finish(*_: object) -> None:
        raise StoppedError

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(Parts, "finish", finish)
        with pytest.raises(StoppedError):
            run(name, to, SETTINGS, workers=1)
    assert run(name, to, SETTINGS, workers=1).rows == 8
    with pytest.raises(RunError, match="is there already"):
        run(name, to, SETTINGS, workers=1)


LATER: Final = Settings(trust=AUTHORITY.trust, at=AT + timedelta(seconds=1))


@pytest.mark.parametrize(
    ("changed", "settings", "carrier"),
    [("settings", LATER, None), ("carrier", SETTINGS, "mdm"), ("source", SETTINGS, None)],
    ids=["settings", "carrier", "source"],
)
def test_what_changed_is_refused(
    changed: str, settings: Settings, carrier: str | None, tmp_path: Path
) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(source, out)
    if changed == "source":
        write_parquet(tmp_path, ROWS[1:])
    with pytest.raises(RunError, match=f"cannot go on: its {changed} changed") as refused:
        run_here(source, out, settings, carrier=carrier)
    assert str(tmp_path / "out.parquet.parts") in str(refused.value)
    assert not out.exists()


def test_a_database_with_other_rows_is_refused(tmp_path: Path) -> None:
    """Its time says nothing of one table, so every row is compared."""
    name, out = write_sqlite(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(name, out)
    (tmp_path / "rows.db").unlink()
    write_sqlite(tmp_path, [MDM._replace(nonce=b"another"), *ROWS[1:]])
    with pytest.raises(RunError, match="the source has other rows"):
        run_here(name, out)
    (tmp_path / "rows.db").unlink()
    write_sqlite(tmp_path, ROWS)
    assert run_here(name, out).rows == 8


def test_a_source_that_changes_during_the_run(tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"

    def touch(done: int, total: int | None) -> None:
        os.utime(source, ns=(1, done))

    with pytest.raises(RunError, match="the source changed during the run"):
        run_here(source, out, progress=touch)
    assert not out.exists()


@pytest.mark.parametrize("content", [None, b"x", b"[]", b"{}"], ids=["file", "text", "list", "{}"])
def test_a_folder_of_somebody_else_is_left_alone(content: bytes | None, tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    folder = tmp_path / "out.parquet.parts"
    if content is None:
        folder.write_bytes(b"mine")
    else:
        folder.mkdir()
        (folder / "manifest.json").write_bytes(content)
    with pytest.raises(RunError, match="is in the way"):
        run_here(source, out)
    if content is None:
        folder.unlink()
        folder.mkdir()
        (folder / "mine").touch()
        with pytest.raises(RunError, match="is in the way"):
            run_here(source, out)
        (folder / "mine").rename(folder / "manifest.json.tmp")  # as a run leaves it that is killed
        assert run_here(source, out).rows == 8


def test_settings_have_one_digest_in_every_process() -> None:
    program = (
        "from appleattest.batch import Settings\n"
        "from appleattest.batch.running.identity import settings_digest\n"
        "from appleattest.policy import Policy, SerialNumberInInventory\n"
        "known = SerialNumberInInventory(frozenset({'A1', 'B2', 'C3', 'D4'}))\n"
        "print(settings_digest(Settings(policy=Policy(known))))"
    )
    digests = {
        subprocess.run(
            [sys.executable, "-c", program],
            check=True,
            capture_output=True,
            text=True,
            env={**os.environ, "PYTHONHASHSEED": seed},
        ).stdout.strip()
        for seed in ("1", "2", "3")
    }
    known = SerialNumberInInventory(frozenset({"D4", "C3", "B2", "A1"}))
    assert digests == {settings_digest(Settings(policy=Policy(known)))}


def test_settings_that_differ_have_other_digests() -> None:
    apple = TrustStore.apple()
    other = apple.adding(AUTHORITY.root)
    settings = [
        Settings(),
        Settings(trust=other),
        Settings(limits=Limits(certificates=4)),
        Settings(policy=Policy(SIPEnabled())),
        Settings(policy=Policy(FreshnessIs(Freshness.CURRENT))),
        Settings(policy=Policy(FreshnessIs(Freshness.EARLIER))),
        Settings(at=AT),
        Settings(unchecked=True),
        Settings(any_device=True),
    ]
    assert len({settings_digest(each) for each in settings}) == len(settings)
    assert settings_digest(Settings(trust=apple)) == settings_digest(Settings())
    reverse = TrustStore([AUTHORITY.root, *apple.anchors])
    assert settings_digest(Settings(trust=reverse)) == settings_digest(Settings(trust=other))


def test_a_part_is_there_whole_or_not_at_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_: object) -> None:
        raise OSError(28, "No space left on device")

    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            run_here(source, out)
    (tmp_path / "out.parquet.parts" / "manifest.json.tmp").unlink()
    stopped(source, out)
    with monkeypatch.context() as patched:
        patched.setattr(os, "fsync", full)
        with pytest.raises(OSError, match="No space left"):
            run_here(source, out)
    assert run_here(source, out).rows == 8


ROUNDS: Final = 4
"""Times that the command is killed."""


def many_rows() -> Iterator[Row]:
    """Rows of which most are judged at once, and some take a verification."""
    for number in range(20_000):
        row = MDM if number % 40 == 0 else MDM._replace(nonce=None)
        yield row._replace(id=str(number))


def processes_of(folder: Path) -> list[int]:
    """The processes that were started by the command, and the command."""
    found = []
    for each in Path("/proc").glob("[0-9]*/environ"):
        try:
            if f"APPLEATTEST_RUN={folder}".encode() in each.read_bytes():
                found.append(int(each.parent.name))
        except OSError:
            continue
    return found


@pytest.mark.skipif(not Path("/proc/self/environ").exists(), reason="it looks into /proc")
def test_the_command_is_killed_at_any_moment(tmp_path: Path) -> None:
    """It goes on each time, and in the end every row has its one verdict, in order."""
    source, out = write_parquet(tmp_path, list(many_rows())), tmp_path / "out.jsonl"
    root = tmp_path / "root.pem"
    root.write_bytes(AUTHORITY.root.public_bytes(Encoding.PEM))
    command = [sys.executable, "-m", "appleattest", "batch", source, "--out", str(out)]
    command += ["--root", str(root), "--workers", "2", "--at", AT.isoformat()]
    environment = {**os.environ, "APPLEATTEST_RUN": str(tmp_path)}
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    killed = 0
    for number in range(ROUNDS):
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            wait_for_begin(out, process)
            time.sleep(chance.uniform(0, 1.5 * number / ROUNDS))  # the first one surely is too soon
            process.send_signal(signal.SIGKILL)
        killed += process.returncode == -signal.SIGKILL
        wait_for_end(tmp_path)
    if not out.exists() or out.with_name("out.jsonl.parts").exists():
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert done.returncode == 1, (seed, done.stderr)
    assert killed, seed
    rows = read_table(out)
    assert [row["id"] for row in rows] == [str(number) for number in range(20_000)], seed
    assert [row["verdict"] for row in rows] == ["verified", *["invalid"] * 39] * 500, seed
    assert list(tmp_path.glob("*.parts")) == []


def wait_for_begin(out: Path, process: subprocess.Popen[bytes]) -> None:
    """Wait until the command has begun its run, or has ended."""
    while process.poll() is None and not out.exists():
        if out.with_name(f"{out.name}.parts").exists():
            return
        time.sleep(0.05)


def wait_for_end(folder: Path) -> None:
    """Wait until every process of the command is gone: the workers end with it."""
    deadline = time.monotonic() + 60
    while found := processes_of(folder):
        assert time.monotonic() < deadline, found
        time.sleep(0.05)


def first_part(folder: Path) -> Path:
    return min((folder / "out.parquet.parts").glob("*.part"))


@pytest.mark.parametrize("damage", ["nothing", "cut", "no rows", "no digest"])
def test_a_part_that_is_damaged_is_made_again(damage: str, tmp_path: Path) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(source, out)
    part = first_part(tmp_path)
    whole = pa.ipc.open_stream(part.read_bytes()).read_all()
    if damage in ("nothing", "cut"):
        part.write_bytes(b"" if damage == "nothing" else part.read_bytes()[:-400])
    else:
        kept = whole.slice(0, 0) if damage == "no rows" else whole.replace_schema_metadata()
        with pa.ipc.new_stream(str(part), kept.schema) as stream:
            stream.write_table(kept)
    assert run_here(source, out).rows == 8
    assert told(read_table(out)) == VERDICTS


@pytest.mark.parametrize("to", ["out.parquet", "duckdb:out.duckdb"])
def test_a_verdict_that_is_missing_at_the_end(
    to: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    if to.startswith("duckdb"):
        pytest.importorskip("duckdb", reason="pip install duckdb")
    monkeypatch.chdir(tmp_path)
    source, right = write_parquet(tmp_path, ROWS), Parts.batches
    with monkeypatch.context() as patched:
        patched.setattr(Parts, "batches", lambda parts, count: right(parts, count - 1))
        with pytest.raises(RunError, match="there are 8 rows and 6 verdicts"):
            run(source, to, SETTINGS, workers=1)
    assert not open_destination(to).exists()
    assert run(source, to, SETTINGS, workers=1).rows == 8


def test_a_folder_that_others_can_write_is_not_believed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The parts are the verdicts: whoever writes one decides who is verified."""
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(source, out)
    folder = tmp_path / "out.parquet.parts"
    assert folder.stat().st_mode & 0o777 == 0o700
    for mode in (0o720, 0o702):
        folder.chmod(mode)
        with pytest.raises(RunError, match="others can write to"):
            run_here(source, out)
    folder.chmod(0o700)
    with monkeypatch.context() as patched:
        patched.setattr(os, "geteuid", lambda: folder.stat().st_uid + 1)
        with pytest.raises(RunError, match="others can write to"):
            run_here(source, out)
    folder.rename(tmp_path / "elsewhere")
    folder.symlink_to(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="is in the way"):
        run_here(source, out)
    folder.unlink()
    (tmp_path / "elsewhere").rename(folder)
    assert run_here(source, out).rows == 8


def test_where_no_user_is_known(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    stopped(source, out)
    monkeypatch.delattr(os, "geteuid")
    assert run_here(source, out).rows == 8


def test_two_runs_at_one_time(tmp_path: Path) -> None:
    pytest.importorskip("fcntl", reason="Windows locks no folder")
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"
    refused = []

    def again(done: int, total: int | None) -> None:
        with pytest.raises(RunError, match="another run is at work") as each:
            run_here(source, out, Settings(trust=AUTHORITY.trust, unchecked=True))
        refused.append(each)

    assert run_here(source, out, progress=again).rows == 8
    assert refused
    assert told(read_table(out)) == VERDICTS


@pytest.mark.parametrize("missing", ["module", "locks"])
def test_a_system_without_locks(
    missing: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def none(*_: object) -> None:
        raise OSError(errno.ENOLCK, "No locks available")

    if missing == "module":
        monkeypatch.setitem(sys.modules, "fcntl", None)
    else:
        fcntl = pytest.importorskip("fcntl", reason="Windows locks no folder")
        monkeypatch.setattr(fcntl, "flock", none)
    assert run_here(write_parquet(tmp_path, ROWS), tmp_path / "out.parquet").rows == 8


def test_a_result_that_is_gone_is_not_told_as_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source, out = write_parquet(tmp_path, ROWS), tmp_path / "out.parquet"

    def stop(*_: object) -> None:
        raise StoppedError

    with monkeypatch.context() as patched:
        patched.setattr(Parts, "remove", stop)
        with pytest.raises(StoppedError):
            run_here(source, out)
    out.rename(tmp_path / "elsewhere")
    with pytest.raises(RunError, match="its result is gone"):
        run_here(source, out)
    (tmp_path / "elsewhere").rename(out)
    assert run_here(source, out).rows == 8
