"""Whom the targets trust and what they asked for: the authority, time and requests of the vectors.

Its keys are derived from a published seed, so that `resigned` can sign what was changed.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Final

from appleattest import Verifier
from appleattest.signatures import AWSLC
from appleattest.testing import AttestationAuthority
from vectors.document import authority

AUTHORITY: Final[AttestationAuthority] = authority()
AT: Final[datetime] = AUTHORITY.issued_at
NONCE: Final[bytes] = AUTHORITY.freshness_code
"""What the command asked for, and what most leaves of the vectors carry."""
PREVIOUS: Final = {b"an earlier nonce": AT - timedelta(days=3), b"\x01": AT - timedelta(days=9)}
TOKEN: Final = "evaGxfADs6pSRb2LAv9IZf17Dt3juxGJ-PCt92wr-oA"  # noqa: S105 - it stands in the vectors


def fresh() -> Verifier:
    """A verifier that remembers nothing."""
    return Verifier(trust=AUTHORITY.trust)


@cache
def warm() -> Verifier:
    """The verifier of this process. It remembers whatever the inputs made it remember."""
    return fresh()


@cache
def with_aws_lc() -> Verifier | None:
    """The verifier of this process that asks AWS-LC; None where that is not to be had."""
    try:
        return Verifier(trust=AUTHORITY.trust, signatures=AWSLC())
    except ImportError:
        return None
