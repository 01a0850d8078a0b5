"""What the name of a suite or a mock configuration says of a release."""

from __future__ import annotations

import re
from dataclasses import dataclass

from farm.model import Family

_DEBIAN = {"bullseye": 11, "bookworm": 12, "trixie": 13, "forky": 14, "duke": 15}
_UBUNTU = {
    "focal": "20.04",
    "jammy": "22.04",
    "noble": "24.04",
    "plucky": "25.04",
    "questing": "25.10",
}
_ENTERPRISE = ("rhel", "rocky", "alma", "almalinux", "centos-stream", "oraclelinux", "el", "epel")
_MOCK = re.compile(
    r"^(?P<vendor>[a-z-]+?)(?:[+-]epel)?-(?P<version>\d+)(?:-(?P<architecture>[a-z0-9_]+))?$"
)


@dataclass(frozen=True)
class Release:
    """What is known of a release; empty where the name does not tell."""

    called: str = ""
    """What people call it: ``Debian 12``."""
    suffix: str = ""
    """Ends the version of a package: ``~deb12``, ``.fc43``; sorts as the releases do."""
    architecture: str = ""


def release_of(name: str, family: Family, *, suite: str = "", mock: str = "") -> Release:
    """What the suite, the mock configuration, or else the distro's own name tells."""
    if family is Family.DEB:
        return _deb(suite or name)
    found = _rpm(mock) if mock else Release()
    return found if found.called else _rpm(name)


def _deb(suite: str) -> Release:
    if number := _DEBIAN.get(suite):
        return Release(f"Debian {number}", f"~deb{number}", "amd64")
    if version := _UBUNTU.get(suite):
        return Release(f"Ubuntu {version}", f"~ubuntu{version}", "amd64")
    return Release(architecture="amd64")


def _rpm(name: str) -> Release:
    match = _MOCK.match(name) or re.match(r"^(?P<vendor>el|fc|f)(?P<version>\d+)$", name)
    if match is None:
        return Release(architecture="x86_64")
    vendor, version = match["vendor"], match["version"]
    architecture = match.groupdict().get("architecture") or "x86_64"
    if vendor in ("fedora", "fc", "f"):
        return Release(f"Fedora {version}", f".fc{version}", architecture)
    if vendor in _ENTERPRISE:
        return Release(f"EL {version}", f".el{version}", architecture)
    return Release(architecture=architecture)
