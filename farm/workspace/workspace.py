"""A workspace with everything that its commands need: settings, components, checkouts, git."""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from farm.workspace import entries as stack
from farm.workspace.checkouts import Checkout, load_checkouts
from farm.workspace.developer_git import DeveloperGit
from farm.workspace.entries import Entry
from farm.workspace.errors import WorkspaceError
from farm.workspace.layout import Layout, require_workspace
from farm.workspace.processes import Processes
from farm.workspace.settings import Settings, load_settings, save_settings

DOWNLOAD_TIMEOUT_S = 60


@dataclass
class Workspace:
    """One opened workspace. What it holds is read when it is first asked for."""

    layout: Layout
    settings: Settings
    environment: Mapping[str, str]
    offline: bool

    def __post_init__(self) -> None:
        self.processes = Processes()
        self.offline = self.offline or self.settings.offline
        self.git = DeveloperGit(self.processes, self.environment, offline=self.offline)

    @cached_property
    def entries(self) -> dict[str, Entry]:
        """The components.

        :raises ConfigError: the components file has mistakes.
        """
        return stack.load_entries(self.layout, self.settings)

    @cached_property
    def checkouts(self) -> dict[str, Checkout]:
        """The checkout of every component, there or not."""
        return load_checkouts(self.layout, self.entries, self.settings.prefix_path)

    @property
    def mirror(self) -> Path | None:
        """The mirror to clone from."""
        return Path(self.settings.mirror) if self.settings.mirror else None

    def change_settings(self, **changes: object) -> None:
        """Remember changed settings."""
        self.settings = replace(self.settings, **changes)  # type: ignore[arg-type]
        save_settings(self.layout, self.settings)

    def require(self, names: Iterable[str]) -> list[str]:
        """The names, each once.

        :raises UnknownComponent: one is no component.
        """
        return stack.require(self.entries, names)

    def source_of(self, name: str) -> Path:
        """The directory that a component's source is in."""
        checkout = self.checkouts[name].path
        directory = self.entries[name].directory
        return checkout if directory == "." else checkout / directory

    def from_source(self, names: Iterable[str]) -> set[str]:
        """Those of the components that are not taken as packages."""
        return {name for name in names if name not in self.settings.binary}

    def refresh_components(self) -> bool:
        """Fetch a components file that came from a URL again; return whether it changed.

        :raises WorkspaceError: it cannot be fetched; the one that is there stays.
        """
        if not self.settings.is_url or self.offline:
            return False
        text = download(self.settings.source)
        before = self.layout.downloaded.read_bytes() if self.layout.downloaded.exists() else b""
        if text == before:
            return False
        replace_components(self.layout, self.settings, text)
        self.__dict__.pop("entries", None)
        self.__dict__.pop("checkouts", None)
        return True


def open_workspace(
    start: Path, environment: Mapping[str, str], *, offline: bool = False
) -> Workspace:
    """The workspace at or above `start`.

    :raises NoWorkspace: there is none.
    """
    layout = require_workspace(start, environment)
    return Workspace(layout, load_settings(layout), environment, offline)


def make_workspace(
    directory: Path, source: str, settings: Settings, *, offline: bool = False
) -> Workspace:
    """Make a workspace in a directory, or give an existing one another components file.

    The components file is read first: with a mistake in it, nothing is made.

    :raises ConfigError: the components file has mistakes.
    :raises WorkspaceError: it cannot be had, or the directory cannot be written.
    """
    from farm.model.load import load_stack
    from farm.workspace.host import matching_distro, this_host

    layout = Layout(directory)
    if "://" in source:
        if offline:
            raise WorkspaceError(f"{source} is on the network: not available offline")
        replace_components(layout, settings, download(source))
    host = this_host()
    file = stack.components_file(layout, settings)
    loaded = load_stack(file, settings.variables)
    if settings.distro and settings.distro not in loaded.distros:
        known = ", ".join(loaded.distros)
        raise WorkspaceError(f"unknown distro '{settings.distro}'; {file} has {known}")
    distro = settings.distro or matching_distro(loaded, host)
    family = loaded.distros[distro].family.value if distro else host.family
    settings = replace(
        settings, distro=distro, family=family, created=settings.created or int(time.time())
    )
    try:
        layout.state.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise WorkspaceError(f"{layout.root} cannot be written: {error.strerror}") from error
    save_settings(layout, settings)
    return Workspace(layout, settings, dict(os.environ), offline)


def replace_components(layout: Layout, settings: Settings, text: bytes) -> None:
    """Take over a downloaded components file, when it has no mistakes.

    :raises ConfigError: it has; the one that is there stays.
    """
    from farm.model.load import load_stack

    try:
        layout.state.mkdir(parents=True, exist_ok=True)
        new = layout.state / "components.new.yml"
        new.write_bytes(text)
    except OSError as error:
        raise WorkspaceError(f"{layout.root} cannot be written: {error.strerror}") from error
    load_stack(new, settings.variables)
    new.replace(layout.downloaded)


def download(url: str) -> bytes:
    """Fetch a components file.

    :raises WorkspaceError: it cannot be had.
    """
    if url.startswith("file://"):
        try:
            return Path(url.removeprefix("file://")).read_bytes()
        except OSError as error:
            raise WorkspaceError(f"{url} cannot be read: {error.strerror}") from error
    import requests

    try:
        answer = requests.get(url, timeout=DOWNLOAD_TIMEOUT_S)
        answer.raise_for_status()
    except requests.RequestException as error:
        raise WorkspaceError(f"{url} cannot be fetched: {_cause(error)}") from error
    return answer.content


def _cause(error: BaseException) -> str:
    while error.__cause__ or error.__context__:
        error = error.__cause__ or error.__context__ or error
    return str(getattr(error, "strerror", "") or error)
