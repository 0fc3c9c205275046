"""Fuzz one target in this process: `python -m fuzz.under_atheris TARGET libFuzzer-options…`.

Needs atheris. `python -m fuzz` starts this with seeds and bounds.
"""

from __future__ import annotations

import random
import sys

import atheris

with atheris.instrument_imports(include=["appleattest", "plistlib"]):
    from fuzz.targets import TARGETS

_OWN_SHARE = 0.5
"""How often a target's own mutation is used rather than libFuzzer's."""


def main() -> None:
    """Run until libFuzzer ends the process."""
    name, *options = sys.argv[1:]
    target = TARGETS[name]
    keywords = {}
    if target.mutate is not None:
        own = target.mutate()

        def mutate(data: bytes, longest: int, seed: int) -> bytes:
            chance = random.Random(seed)
            if chance.random() < _OWN_SHARE:
                return own(data, longest, chance, atheris.Mutate)
            return bytes(atheris.Mutate(data, longest))

        keywords["custom_mutator"] = mutate
    target.run(b"")  # whatever is made once is made before anything is measured
    atheris.Setup([sys.argv[0], *options], target.run, **keywords)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
