"""Calling dnf: configuration, arguments, and whose fault a failure is."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from farm.errors import BuildFailure, CommandError, FarmError, InfrastructureError
from farm.run import clean_environment

RPM_MACROS = """# Where RPM distributions keep it; Debian's rpm looks in the home directory.
%_dbpath /var/lib/rpm
%_netsharedpath /proc:/sys:/dev
"""

_UNSOLVABLE = re.compile(
    r"No matching package to install|Unable to find a match|nothing provides|conflicting requests"
    r"|Not all dependencies satisfied|Some packages could not be found|^ ?Problem(?: \d+)?:",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Dnf:
    """dnf as the farm runs it: only the given repositories, and no plugin but builddep."""

    configuration: Path
    home: Path
    """A directory with `RPM_MACROS` as its ``.rpmmacros``."""
    cache: Path
    """Where metadata and packages are kept between calls."""

    def argv(self, root: Path, *command: str | Path) -> list[str]:
        """The argument list that runs a dnf command on an installation root."""
        return [
            "dnf",
            f"--config={self.configuration}",
            f"--installroot={root}",
            # In the configuration file it would mean a directory below the root.
            f"--setopt=cachedir={self.cache}",
            "--assumeyes",
            # Debian's dnf loads a "local" plugin that rewrites packages.
            "--disableplugin=*",
            "--enableplugin=builddep",
            # Said so that dnf does not look for it in an empty root.
            "--releasever=1",
            *(str(word) for word in command),
        ]

    @property
    def environment(self) -> dict[str, str]:
        """What dnf and rpm need to see, and nothing else."""
        return clean_environment(HOME=str(self.home))


def configuration_text(repositories: Mapping[str, str], architecture: str) -> str:
    """A dnf configuration with exactly these repositories (name to base URL)."""
    lines = [
        "[main]",
        "reposdir=/nonexistent",
        "varsdir=/nonexistent",
        "pluginconfpath=/nonexistent",
        "keepcache=1",
        # A root is as old as its repositories: they are asked each time.
        "metadata_expire=0",
        "skip_if_unavailable=0",
        "gpgcheck=0",
        "best=1",
        "install_weak_deps=0",
        "max_parallel_downloads=4",
        "retries=3",
        "timeout=60",
    ]
    for name, url in sorted(repositories.items()):
        lines += ["", f"[{name}]", f"name={name}", f"baseurl={expanded_url(url, architecture)}"]
    return "\n".join([*lines, ""])


def expanded_url(url: str, architecture: str) -> str:
    """A base URL with dnf's ``$basearch`` replaced."""
    return url.replace("$basearch", architecture).replace("${basearch}", architecture)


def is_unsolvable(output: str) -> bool:
    """Whether dnf found no way to satisfy the request, as opposed to not reaching something."""
    return _UNSOLVABLE.search(output) is not None


def verdict(error: CommandError) -> FarmError:
    """What dnf's failure to resolve dependencies means: the component's fault, or the mirror's."""
    if is_unsolvable(error.output):
        return BuildFailure("dependencies", _reason(error.output))
    return InfrastructureError(str(error))


def _reason(output: str) -> str:
    lines = [line.strip() for line in output.splitlines()]
    telling = [line for line in lines if line and not re.match(r"(?:Last metadata|\()", line)]
    return "\n".join(["dnf finds no way to install the build dependencies", *telling[-12:]])
