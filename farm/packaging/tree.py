"""What a component's checked-out tree says about how it is built and packaged."""

from __future__ import annotations

from pathlib import Path

from farm.errors import FarmError
from farm.make_targets import test_target
from farm.model import Commands, Family, Packaging

SPEC_DIRECTORIES = (".", "rpm", "packaging")
"""Where a component keeps its spec; the first that has one counts."""


def own_packaging(tree: Path, family: Family, packaging: Packaging) -> bool:
    """Whether a component is packaged by what its repository brings.

    A ``debian/control`` counts, or exactly one ``*.spec`` at the top, in rpm/ or in packaging/.

    :raises FarmError: the component insists on its own packaging and there is none to use.
    """
    if packaging is Packaging.GENERATED:
        return False
    if family is Family.DEB:
        found = (tree / "debian" / "control").is_file()
        wanted = "there is no debian/control"
    else:
        specs = _specs(tree)
        found = len(specs) == 1
        wanted = (
            f"there are several: {', '.join(specs)}"
            if specs
            else "there is no *.spec at its top, in rpm/ or in packaging/"
        )
    if not found and packaging is Packaging.REPOSITORY:
        raise FarmError(f"packaging: repository wants the component's own, but {wanted}")
    return found


def tree_facts(tree: Path, commands: Commands) -> tuple[bool, str]:
    """Read what packaging has to know of a tree, before anything of it has run.

    :param commands: the component's; a test command of its own makes the target irrelevant.
    :return: whether there is a ./configure, and the make target that tests.
    """
    has_configure = (tree / "configure").is_file()
    if commands.test is not None:
        return has_configure, ""
    return has_configure, test_target(tree)


def _specs(tree: Path) -> list[str]:
    for directory in SPEC_DIRECTORIES:
        found = sorted((tree / directory).glob("*.spec"))
        if found:
            return [path.relative_to(tree).as_posix() for path in found]
    return []
