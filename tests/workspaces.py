"""Builders of workspaces for tests: upstream repositories, a components file, a workspace."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

from farm.workspace.settings import Settings
from farm.workspace.workspace import Workspace, make_workspace, open_workspace
from tests.repositories import Repository
from tests.stacks import debian

DISTROS = {"bookworm": debian()}


class World:
    """Upstream repositories below `root`/upstream, a components file, and workspaces beside it."""

    def __init__(self, root: Path):
        self.root = root
        self.file = root / "components.yml"
        self.components: dict[str, dict[str, Any]] = {}
        self.upstream: dict[str, Repository] = {}

    def component(
        self, name: str, depends: tuple[str, ...] = (), /, *, repository: str = "", **fields: Any
    ) -> Repository:
        """Add a component in an empty repository of its own, or in another's; write the file."""
        where = repository or name
        if where not in self.upstream:
            upstream = Repository(self.root / "upstream" / where)
            upstream.git("init", "-q", "-b", "main")
            self.upstream[where] = upstream
        url = str(self.upstream[where].path)
        self.components[name] = {"git": url, "depends": list(depends), **fields}
        self.write()
        return self.upstream[where]

    def change(self, name: str, **fields: Any) -> None:
        """Change fields of a component's entry."""
        self.components[name] |= fields
        self.write()

    def remove(self, name: str) -> None:
        """Take a component out of the file."""
        del self.components[name]
        self.write()

    def write(self) -> None:
        """Write the components file; a new file each time, as editors do."""
        content = {"channels": {"development": None}, "distros": DISTROS}
        new = self.root / "components.new"
        self.root.mkdir(parents=True, exist_ok=True)
        YAML().dump({**content, "components": self.components}, new)
        new.replace(self.file)

    def workspace(self, name: str = "ws", **settings: Any) -> Workspace:
        """A new workspace."""
        place = self.root / name
        made = Settings(str(self.file), str(place / "prefix"), **settings)
        make_workspace(place, str(self.file), made)
        return self.open(name)

    def open(self, name: str = "ws", *, offline: bool = False, **extra: str) -> Workspace:
        """The workspace, as a new command finds it."""
        return open_workspace(self.root / name, environment(**extra), offline=offline)


def environment(**extra: str) -> Mapping[str, str]:
    """The test's environment with a git that nobody configured."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {
        **kept,
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_AUTHOR_NAME": "Ada",
        "GIT_AUTHOR_EMAIL": "ada@example.org",
        "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@example.org",
        **extra,
    }
