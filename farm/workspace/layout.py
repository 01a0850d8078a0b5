"""Where things are in a workspace, and how the workspace is found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.workspace.errors import NoWorkspace, WorkspaceError

STATE = ".farm"
SETTINGS = "workspace.json"
VARIABLE = "FARM_WORKSPACE"
"""Names the workspace when the current directory is not in it."""


@dataclass(frozen=True)
class Layout:
    """The paths of one workspace. Checkouts are directly below `root`."""

    root: Path

    @property
    def state(self) -> Path:
        """Everything that the farm keeps: never edited by hand, safe to delete when idle."""
        return self.root / STATE

    @property
    def settings(self) -> Path:
        """What `farm init` was told."""
        return self.state / SETTINGS

    @property
    def downloaded(self) -> Path:
        """The components file, when it came from a URL."""
        return self.state / "components.yml"

    @property
    def catalogue(self) -> Path:
        """The components file in the form that is read quickly."""
        return self.state / "catalogue.json"

    @property
    def checkouts(self) -> Path:
        """Which directory each component was cloned into."""
        return self.state / "checkouts.json"

    @property
    def lock(self) -> Path:
        """Held by every command that changes something."""
        return self.state / "lock"

    @property
    def scratch(self) -> Path:
        """Unfinished clones and downloads; emptied by whoever takes the lock."""
        return self.state / "scratch"

    @property
    def quick(self) -> Path:
        """What was found up to date last."""
        return self.state / "quick.json"

    def component(self, name: str) -> Path:
        """Where a component's build tree, log and records are."""
        return self.state / "components" / name


def find_workspace(start: Path, environment: Mapping[str, str]) -> Layout | None:
    """The workspace that FARM_WORKSPACE names, or the nearest one at or above `start`.

    :raises WorkspaceError: the variable names a directory that is none.
    """
    named = environment.get(VARIABLE)
    if named:
        layout = Layout(Path(named).absolute())
        if not layout.settings.is_file():
            raise WorkspaceError(f"{VARIABLE}={named}: there is no workspace")
        return layout
    for directory in (start, *start.parents):
        if (directory / STATE / SETTINGS).is_file():
            return Layout(directory)
    return None


def require_workspace(start: Path, environment: Mapping[str, str]) -> Layout:
    """As `find_workspace`.

    :raises NoWorkspace: there is none.
    """
    layout = find_workspace(start, environment)
    if layout is None:
        raise NoWorkspace(str(start))
    return layout
