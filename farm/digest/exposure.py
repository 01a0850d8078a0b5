"""Which dependencies a build hands on to whoever is built with it.

Whoever installs the packages of a build gets with them what they need. A component that only
helped to build them is not installed, so that its changes reach nobody but through the packages
themselves, whose output digest says so.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from farm.digest.package import Capabilities, PackageUnreadable, family_of, is_debug_package


def exposes(
    packages: Iterable[Capabilities], inputs: Iterable[tuple[str, Capabilities]]
) -> tuple[str, ...]:
    """The components among the inputs whose packages can fulfil a need of `packages`.

    Versions are not compared and all alternatives count, so that the answer may name one component
    too many and never one too few. Siblings need no attention of their own: the needs of all are
    put together.

    :param packages: all packages of the build; debug packages, which no build installs, are
        passed over.
    :param inputs: component and capabilities of each package that was there to build with.
    :returns: sorted names of components. What these expose in turn is for their builds to say.
    """
    needs: set[str] = set()
    for package in packages:
        if not is_debug_package(package.name):
            needs |= package.needs
    return tuple(sorted({component for component, one in inputs if needs & one.offers}))


def exposed_components(
    files: Iterable[Path], inputs: Iterable[tuple[str, Path]]
) -> tuple[str, ...]:
    """As `exposes`, of package files.

    :param files: everything the build made; all but binary packages is passed over.
    :param inputs: component and file of each package that was there to build with.
    :raises PackageUnreadable: a package is damaged, or an input is none.
    """
    packages = [
        family.capabilities(path) for path in files if (family := family_of(path)) is not None
    ]
    return exposes(packages, ((component, capabilities(path)) for component, path in inputs))


def capabilities(path: Path) -> Capabilities:
    """What a .deb or .rpm offers and needs.

    :raises PackageUnreadable: it is neither, or damaged.
    """
    family = family_of(path)
    if family is None:
        raise PackageUnreadable(path, "it is not a binary package")
    return family.capabilities(path)
