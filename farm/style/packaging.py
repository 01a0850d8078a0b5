"""Checks of the packaging that a component brings: by the code that the farm reads it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

from farm.build.deb.source import own_source, read_packaging
from farm.build.rpm.own_spec import find_spec, with_version
from farm.errors import BuildFailure, FarmError
from farm.model import Component, Family, Packaging
from farm.packaging.info import PackagingInfo
from farm.packaging.skeleton import skeleton_info
from farm.packaging.tree import own_packaging
from farm.style import rules
from farm.style.finding import Finding

_MAINTAINER = "Style check <farm@example.invalid>"


def brings_packaging(directory: Path) -> bool:
    """Whether it has packaging of its own for every family, so that none has to be made."""
    return all(own_packaging(directory, family, Packaging.AUTO) for family in Family)


def check_own_packaging(directory: Path, component: Component) -> Iterator[Finding]:
    """Whether the farm can use the debian/ and the spec that the component brings."""
    checks: dict[Family, tuple[str, Callable[[Path, PackagingInfo], object]]] = {
        Family.DEB: ("debian/", _debian),
        Family.RPM: ("its spec", _spec),
    }
    for family, (what, use) in checks.items():
        try:
            if own_packaging(directory, family, Packaging.AUTO):
                use(directory, skeleton_info(directory, component, family, _MAINTAINER, None))
        except FarmError as error:
            message = str(error).removeprefix(f"{getattr(error, 'phase', '')} failed: ")
            yield Finding(
                rules.PACKAGING,
                f"{what} cannot be used: {message}",
                "Repair it, or remove it and let the farm write one (farm debian, farm spec).",
            )


def _debian(directory: Path, info: PackagingInfo) -> None:
    own_source(info, read_packaging(directory, "control"), read_packaging(directory, "changelog"))
    if not (directory / "debian/rules").is_file():
        raise BuildFailure("package", "debian/rules is missing")


def _spec(directory: Path, info: PackagingInfo) -> None:
    with_version(find_spec(directory).read_text(errors="replace"), info)
