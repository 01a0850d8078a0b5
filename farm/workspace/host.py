"""What this machine is: which distro of the components file, and how its packages are named."""

from __future__ import annotations

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from farm.model import Stack

OS_RELEASE = Path("/etc/os-release")
_FAMILIES = {
    "deb": ("debian", "ubuntu"),
    "rpm": ("fedora", "rhel", "centos", "suse", "opensuse"),
}


@dataclass(frozen=True)
class Host:
    """The operating system that the workspace is on."""

    family: str
    """``deb``, ``rpm``, or empty for anything else."""
    codename: str
    """Debian's and Ubuntu's name of the release; empty elsewhere."""
    version: str
    architecture: str
    """As uname says it: x86_64."""


def host_of(os_release: str, machine: str) -> Host:
    """The host that an os-release(5) file describes."""
    fields: dict[str, str] = {}
    for line in os_release.splitlines():
        key, equals, value = line.partition("=")
        if equals:
            fields[key.strip()] = value.strip().strip("\"'")
    likes = {fields.get("ID", ""), *fields.get("ID_LIKE", "").split()}
    family = next((name for name, ids in _FAMILIES.items() if likes & set(ids)), "")
    return Host(family, fields.get("VERSION_CODENAME", ""), fields.get("VERSION_ID", ""), machine)


def this_host() -> Host:
    """The machine that this runs on."""
    try:
        text = OS_RELEASE.read_text(errors="replace")
    except OSError:
        text = ""
    return host_of(text, platform.machine())


def matching_distro(stack: Stack, host: Host) -> str:
    """The distro of the stack that the host is; empty when none fits for certain.

    A deb distro fits by its suite. An rpm distro fits by a version at the end of its name (el9 on
    9.4, fedora40 on 40), or by being the only one.
    """
    own = [d for d in stack.distros.values() if d.family.value == host.family]
    if host.family == "deb":
        fitting = [d.name for d in own if d.root.suite == host.codename and host.codename]
    else:
        major = host.version.split(".", 1)[0]
        fitting = [d.name for d in own if major and _ends_in(d.name, major)]
        if not fitting and len(own) == 1:
            fitting = [own[0].name]
    return fitting[0] if fitting else ""


def _ends_in(name: str, number: str) -> bool:
    rest = name.removesuffix(number)
    return rest != name and not rest[-1:].isdigit()
