"""Whether AWS-LC can be had, and what to install where it cannot."""

from __future__ import annotations

from typing import Final

import pytest

from appleattest.signatures import AWSLC


def _missing() -> str | None:
    try:
        AWSLC()
    except ImportError as error:
        return str(error)
    return None


MISSING: Final = _missing()
needs_aws_lc: Final = pytest.mark.skipif(MISSING is not None, reason=MISSING or "")
