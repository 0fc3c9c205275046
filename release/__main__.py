"""Build and check a release: `make dist`, or `python -m release` in its environment."""

from __future__ import annotations

from release import ROOT, contents, environments, readme, sbom
from release.build import build, digests


def main() -> None:
    """Every step, each with a line; the first that fails ends it."""
    print("building twice", flush=True)
    wheel, sdist = build()
    contents.check(wheel, sdist)
    readme.check(wheel)
    for package in (wheel, sdist):
        for name, constraints in (("oldest", environments.OLDEST), ("newest", None)):
            print(f"installing {package.name} on the {name} dependencies", flush=True)
            environments.try_out(package, constraints)
    bill = sbom.write(wheel)
    for name, digest in digests(bill.parent).items():
        print(f"{digest}  {bill.parent.relative_to(ROOT)}/{name}")


if __name__ == "__main__":
    main()
