"""Which package of this machine's Debian brings a pkg-config module."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection

from farm.packaging.skeleton import distribution_packages, owners_here


def candidates(module: str) -> tuple[str, ...]:
    """Names that Debian's packagers give to the package of a module, the likeliest first."""
    plain = module.lower().replace("_", "-")
    stem = re.sub(r"-\d[\d.]*$", "", plain)
    joined = re.sub(r"-(\d)", r"\1", plain)
    names = (plain, joined, stem, f"{stem}-dev")
    bare = dict.fromkeys(name.removesuffix("-dev") for name in names)
    return tuple(
        f"{prefix}{name}-dev"
        for name in bare
        for prefix in ("lib", "")
        if not (prefix and name.startswith("lib"))
    )


def chosen(module: str, packages: Collection[str]) -> str:
    """The first candidate that the distribution has, empty when it has none."""
    return next((name for name in candidates(module) if name in packages), "")


def finder() -> Callable[[str], str]:
    """A function from module to package: by the files of this machine, then by likely names."""
    packages = distribution_packages()

    def package_of(module: str) -> str:
        return owners_here([module]).get(module) or chosen(module, packages)

    return package_of
