"""What most cases about chains share: a chain with one certificate changed, and orders."""

from __future__ import annotations

from itertools import permutations
from typing import TYPE_CHECKING

from vectors.case import ChainInput

if TYPE_CHECKING:
    from appleattest.testing import AttestationAuthority, Deviation


def with_leaf(authority: AttestationAuthority, *deviations: Deviation) -> ChainInput:
    """``root -> intermediate -> [leaf]``: the leaf departs from a genuine one."""
    return ChainInput(authority.attest(deviations=deviations))


def with_intermediate(authority: AttestationAuthority, *deviations: Deviation) -> ChainInput:
    """``root -> [intermediate] -> leaf``: the intermediate departs from a genuine one."""
    return ChainInput(authority.attest(intermediate_deviations=deviations))


def orders(*names: str) -> dict[str, tuple[int, ...]]:
    """Every order of these, as places, by a label that names them in that order."""
    return {
        "-".join(names[place] for place in order): order
        for order in permutations(range(len(names)))
    }
