"""The bounds have documented defaults, and nonsense is the caller's mistake."""

from __future__ import annotations

from dataclasses import FrozenInstanceError, asdict, fields, replace

import pytest

from appleattest import Limits

NAMES = [field.name for field in fields(Limits)]


def test_the_defaults_are_the_documented_ones() -> None:
    assert asdict(Limits()) == {
        "certificates": 5,
        "certificate_bytes": 4096,
        "chain_bytes": 5120,
        "intermediates": 2,
        "attestation_object_bytes": 16384,
        "cbor_depth": 8,
        "plist_bytes": 65536,
        "plist_elements": 1024,
        "plist_depth": 16,
        "json_bytes": 131072,
        "json_depth": 16,
        "json_elements": 1024,
    }


@pytest.mark.parametrize("name", NAMES)
def test_every_bound_is_at_least_one(name: str) -> None:
    with pytest.raises(ValueError, match=f"^Limits.{name} is at least 1$"):
        Limits(**{name: 0})
    with pytest.raises(ValueError, match=name):
        Limits(**{name: -1})

    assert getattr(Limits(**{name: 1}), name) == 1


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("bound", [True, False, 2.0, "2", None, b"2"], ids=repr)
def test_every_bound_is_an_int_and_no_bool(name: str, bound: object) -> None:
    with pytest.raises(TypeError, match=f"^Limits.{name} is a number of type int$"):
        Limits(**{name: bound})  # type: ignore[arg-type]


def test_limits_are_values_that_do_not_change() -> None:
    limits = Limits()

    with pytest.raises(FrozenInstanceError):
        limits.certificates = 6  # type: ignore[misc]

    assert not hasattr(limits, "__dict__")
    assert limits == Limits()
    assert hash(limits) == hash(Limits())
    assert replace(limits, certificates=6) == Limits(certificates=6) != limits


def test_limits_are_given_by_name() -> None:
    with pytest.raises(TypeError):
        Limits(5)  # type: ignore[call-arg]


def test_a_path_is_no_deeper_than_the_engine_can_follow() -> None:
    with pytest.raises(ValueError, match=r"^Limits.intermediates is at most 16$"):
        Limits(intermediates=17)

    assert Limits(intermediates=16).intermediates == 16
