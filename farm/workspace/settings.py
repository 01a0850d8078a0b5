"""What a workspace remembers of `farm init` and of later choices."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass, field, fields, replace
from pathlib import Path

from farm.workspace.errors import WorkspaceError
from farm.workspace.files import read_json, write_json
from farm.workspace.layout import Layout

VERSION = 1


@dataclass(frozen=True)
class Settings:
    """One workspace's settings."""

    source: str
    """The components file: an absolute path, or a URL."""
    prefix: str
    """The absolute path that components are installed below."""
    variables: dict[str, str] = field(default_factory=dict)
    """What ``${name}`` stands for in the components file."""
    distro: str = ""
    """The distro of the components file that this machine runs; empty when it has none."""
    family: str = ""
    """``deb`` or ``rpm``: how this machine names packages."""
    mirror: str = ""
    """A directory that `farm mirror` filled, to clone from."""
    offline: bool = False
    """Never use the network."""
    binary: dict[str, str] = field(default_factory=dict)
    """Components that are taken as packages instead of source: name to where from."""
    archive: str = ""
    """Base URL or directory of the published archive of this machine's distro."""
    farm: str = ""
    """URL of the web UI of the farm that topics are pushed to."""
    created: int = 0
    """Seconds since 1970. The time that every source file in a build tree has."""
    known: tuple[str, ...] = ()
    """Components that the file had at the last clone or sync."""
    version: int = VERSION

    @property
    def is_url(self) -> bool:
        """Whether the components file comes from the network."""
        return "://" in self.source

    @property
    def prefix_path(self) -> Path:
        """The prefix as a path."""
        return Path(self.prefix)


def load_settings(layout: Layout) -> Settings:
    """The settings of a workspace.

    :raises WorkspaceError: they are damaged, or a newer farm wrote them.
    """
    data = read_json(layout.settings)
    if not isinstance(data, dict) or "source" not in data:
        raise WorkspaceError(
            f"{layout.settings} is damaged: run `farm init` again in {layout.root}"
        )
    if data.get("version", 0) > VERSION:
        raise WorkspaceError(f"{layout.root} was made by a newer farm: update this one")
    names = {one.name for one in fields(Settings)}
    known = tuple(data.get("known", ()))
    return Settings(**{**{k: v for k, v in data.items() if k in names}, "known": known})


def save_settings(layout: Layout, settings: Settings) -> None:
    """Remember the settings.

    :raises WorkspaceError: they cannot be written.
    """
    if not settings.created:
        settings = replace(settings, created=int(time.time()))
    write_json(layout.settings, asdict(settings))
