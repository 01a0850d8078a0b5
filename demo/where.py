"""What to tell people: where to look, what to try next."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from demo.paths import Paths
from farm.model import Distro, Family, Stack

_CONFIGURE = {
    Family.DEB: "curl -fsSLo /etc/apt/sources.list.d/farm.sources {url}farm.sources",
    Family.RPM: "curl -fsSLo /etc/yum.repos.d/farm.repo {url}farm.repo",
}


@dataclass(frozen=True)
class Archive:
    """One line's published archive."""

    channel: str
    distro: Distro
    url: str
    """With a slash at the end."""

    @property
    def line(self) -> str:
        """Its name in the status: ``development/bookworm``."""
        return f"{self.channel}/{self.distro.name}"


def archives(stack: Stack, archive_url: str) -> list[Archive]:
    """Every archive that a stack is published to.

    :param archive_url: of the archive server, with a slash at the end.
    """
    return [
        Archive(channel.name, distro, f"{archive_url}{channel.name}/{distro.name}/")
        for channel in stack.channels.values()
        for distro in stack.distros.values()
        if channel.distros is None or distro.name in channel.distros
    ]


def expected(stack: Stack, published: Iterable[Archive]) -> dict[str, frozenset[str]]:
    """Line to the components that have to end up in its archive."""
    return {
        archive.line: frozenset(
            name for name, c in stack.components.items() if c.builds_on(archive.distro.name)
        )
        for archive in published
    }


def summary(
    paths: Paths,
    www: str,
    published: Iterable[Archive],
    environment: Mapping[str, str] = os.environ,
) -> str:
    """The last words of ``make demo``."""
    here = _short(paths.state)
    sudo = "sudo " if environment.get("SUDO_UID") else ""
    lines = [
        "Web UI",
        f"  {www}",
        "",
        "Archives (a page each; add one to a machine of that distro)",
    ]
    for archive in published:
        lines += [
            f"  {archive.distro.release} ({archive.distro.name}): {archive.url}",
            f"    {_CONFIGURE[archive.distro.family].format(url=archive.url)}",
        ]
    lines += [
        "",
        "Logs",
        f"  {here}/master/twistd.log, {here}/workers/*/twistd.log, {here}/demo/logs/",
        f"  of each build: in the web UI, and beside its packages below {here}/pool/",
        "",
        "Push a change, and see it and what depends on it rebuilt and published",
        f"  {sudo}git -C {here}/demo/git/libogg.git push . next:main    # upstream's next release",
        f"  git clone {here}/demo/git/libogg.git                  # or work on it and push",
        "  .venv/bin/python -m demo status --follow",
        "",
        "Stop",
        "  make stop",
    ]
    return "\n".join(lines)


def _short(path: Path) -> str:
    """The path from the current directory, where it lies below that."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
