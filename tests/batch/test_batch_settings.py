"""Settings: values that travel once to every worker, each of which keeps one verifier for them."""

from __future__ import annotations

import copy
import pickle
from concurrent.futures import ProcessPoolExecutor
from datetime import datetime, timedelta, timezone
from multiprocessing import get_context
from typing import Any

import pytest
from batch_rows import AT, AUTHORITY, GOOD, MDM, SERIAL, SETTINGS

from appleattest import Limits, TrustStore, Verifier
from appleattest.batch import Row, Settings, Verdict, verifier_for, verify_many, verify_row
from appleattest.policy import MinimumOSVersion, Policy, SerialNumberInInventory, SIPEnabled
from appleattest.signatures import AWSLC, Engine


class Unhashable:
    """Signatures as `Verifier` takes them, without a hash."""

    __hash__ = None  # type: ignore[assignment]

    def issuer_key(self, spki: bytes) -> None:
        """None: each leaf is the engine's."""


FULL: dict[str, Any] = {
    "trust": AUTHORITY.trust,
    "limits": Limits(plist_bytes=32 * 1024),
    "policy": Policy(SIPEnabled(), SerialNumberInInventory({SERIAL})),
    "at": AT,
    "unchecked": True,
    "any_device": True,
}
OTHERS: dict[str, Any] = {
    "trust": TrustStore.apple(),
    "limits": Limits(),
    "policy": Policy(SIPEnabled()),
    "at": AT + timedelta(seconds=1),
    "unchecked": False,
    "any_device": False,
}


def test_by_default_apple_is_trusted_and_everything_is_checked() -> None:
    settings = Settings()
    assert settings.trust == TrustStore.apple()
    assert settings.limits == Limits()
    assert (settings.policy, settings.at) == (None, None)
    assert (settings.unchecked, settings.any_device) == (False, False)
    assert settings.signatures == Engine()
    assert settings == Settings(signatures=Engine())


def test_settings_are_equal_by_value() -> None:
    again = {**FULL, "policy": Policy(SIPEnabled(), SerialNumberInInventory({SERIAL}))}
    assert Settings(**FULL) == Settings(**again)
    assert hash(Settings(**FULL)) == hash(Settings(**again))
    for name, value in OTHERS.items():
        assert Settings(**FULL) != Settings(**{**FULL, name: value}), name
    assert Settings() != Settings
    assert Settings() != 7


def test_the_time_is_in_utc_and_whole_seconds() -> None:
    berlin = timezone(timedelta(hours=2))
    at = AT.astimezone(berlin).replace(microsecond=5)
    assert Settings(at=at) == Settings(at=AT)
    assert Settings(at=at).at == AT


@pytest.mark.parametrize(
    ("name", "value", "error"),
    [
        ("trust", b"root", TypeError),
        ("limits", 7, TypeError),
        ("policy", SIPEnabled(), TypeError),
        ("signatures", "fast", TypeError),
        ("signatures", Unhashable(), TypeError),
        ("at", "2025-06-01", TypeError),
        ("at", datetime(2025, 6, 1), ValueError),  # noqa: DTZ001 - naive on purpose
        ("unchecked", None, TypeError),
        ("unchecked", 1, TypeError),
        ("any_device", "yes", TypeError),
    ],
)
def test_a_setting_that_is_none_is_named(name: str, value: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match=rf"^{name} is "):
        Settings(**{**FULL, name: value})
    assert Settings(**FULL) == Settings(**FULL)


def test_settings_do_not_change() -> None:
    settings = Settings(**FULL)
    with pytest.raises(AttributeError, match="does not change"):
        settings.unchecked = True
    assert copy.copy(settings) is settings
    assert copy.deepcopy(settings) is settings


def test_equal_settings_share_one_verifier() -> None:
    verifier = verifier_for(Settings(**FULL))
    assert isinstance(verifier, Verifier)
    assert verifier_for(Settings(**{**FULL, "unchecked": False, "policy": None})) is verifier
    assert verifier_for(pickle.loads(pickle.dumps(Settings(**FULL)))) is verifier
    assert verifier_for(Settings(**{**FULL, "limits": Limits()})) is not verifier
    assert (verifier.trust, verifier.limits) == (FULL["trust"], FULL["limits"])


def test_the_limits_of_the_settings_bound_every_carrier() -> None:
    tight = Limits(plist_bytes=100, attestation_object_bytes=100, chain_bytes=100)
    settings = Settings(trust=AUTHORITY.trust, at=AT, limits=tight)
    assert [each.reason for each in verify_many(GOOD, settings)] == ["too-large"] * 3
    assert {each.verdict for each in verify_many(GOOD, SETTINGS)} == {"verified"}


def test_the_backend_of_signatures_is_part_of_the_settings() -> None:
    pytest.importorskip("awscrt", reason="awscrt is not installed: pip install 'appleattest[fast]'")
    fast = Settings(trust=AUTHORITY.trust, at=AT, signatures=AWSLC())
    assert fast != SETTINGS
    assert pickle.loads(pickle.dumps(fast)) == fast
    assert verifier_for(fast).signatures == AWSLC()
    rows = [*GOOD, MDM._replace(nonce=b"other")]
    assert list(verify_many(rows, fast)) == list(verify_many(rows, SETTINGS))


def test_what_is_shown_tells_the_settings_apart() -> None:
    shown = repr(Settings(**FULL))
    assert "unchecked=True, any_device=True" in shown
    assert "sip-enabled" in shown
    assert str(AT) in shown


def verdicts_elsewhere(settings: Settings, rows: list[Row]) -> tuple[Settings, list[Verdict], bool]:
    """What a worker makes of the rows, and whether it kept one verifier."""
    again = pickle.loads(pickle.dumps(settings))
    verdicts = [verify_row(row, settings) for row in rows]
    return settings, verdicts, verifier_for(again) is verifier_for(settings)


def test_settings_and_verdicts_travel_to_a_spawned_process_and_back() -> None:
    policy = Policy(SIPEnabled(), MinimumOSVersion("99.0"))
    settings = Settings(trust=AUTHORITY.trust, at=AT, policy=policy)
    rows = [*GOOD, MDM._replace(nonce=b"other"), MDM._replace(nonce=None)]
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        came, verdicts, kept_one = pool.submit(verdicts_elsewhere, settings, rows).result(120)
    assert came == settings
    assert verdicts == list(verify_many(rows, settings))
    assert kept_one
