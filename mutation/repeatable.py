"""A pytest plugin: every run of a test in mutmut's processes is like the last."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

if TYPE_CHECKING:
    from _pytest.python import Metafunc


def pytest_configure() -> None:
    """Make Hypothesis draw the same examples each time, and be patient with a busy machine."""
    settings.register_profile(
        "mutants",
        database=None,
        deadline=None,
        derandomize=True,
        max_examples=25,
        suppress_health_check=list(HealthCheck),
    )
    settings.load_profile("mutants")


@pytest.hookimpl(tryfirst=True)
def pytest_generate_tests(metafunc: Metafunc) -> None:
    """Forget the names that the last collection gave to the parameters.

    pytest keeps them with the mark and escapes them whenever it collects, so a second
    collection in one process calls tests by other names than the first.
    """
    for mark in metafunc.definition.iter_markers("parametrize"):
        object.__setattr__(mark._param_ids_from or mark, "_param_ids_generated", None)
