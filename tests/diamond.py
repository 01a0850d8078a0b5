"""A farm of quick builds: four components whose dependencies make a diamond, on one distro."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.farms import TestFarm, quick_repository
from tests.stacks import debian

LINE = "development/bookworm"
DEPENDS: dict[str, list[str]] = {
    "base": [],
    "left": ["base"],
    "right": ["base"],
    "top": ["left", "right"],
}
ALL_PUBLISHED = dict.fromkeys(DEPENDS, "published")


def stack_of(base: Path) -> dict[str, Any]:
    """The content of its components.yml; the repositories are made below `base`."""
    return {
        "channels": {"development": {}},
        "distros": {"bookworm": debian()},
        "components": {
            name: {"git": quick_repository(base, name), "depends": depends}
            for name, depends in DEPENDS.items()
        },
    }


@contextmanager
def diamond(
    base: Path, prepare: Callable[[dict[str, Any]], None] = lambda stack: None, **site: Any
) -> Iterator[TestFarm]:
    """The farm, with everything built; `site` are more settings.

    :param prepare: changes the stack before the farm starts.
    """
    stack = stack_of(base)
    prepare(stack)
    workers = {"one": {"builds": 2}, "two": {"builds": 1}}
    farm = TestFarm(base, stack, site={"workers": workers, **site})
    try:
        farm.start()
        farm.wait_states(LINE, **ALL_PUBLISHED)
        yield farm
    finally:
        farm.stop()
