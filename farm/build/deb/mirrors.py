"""Where a suite's packages come from: `Root.mirror`, or whatever the machine's own apt uses."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from farm.errors import FarmError, InfrastructureError
from farm.model import Distro, Root
from farm.run import clean_environment, run

_TARGET_FORMAT = "$(REPO_URI)|$(RELEASE)|$(COMPONENT)"
_ALIASES = ("stable", "oldstable", "testing", "unstable")
"""What a release may be called in sources.list instead of by its codename."""

_PROXY_VARIABLES = ("http_proxy", "https_proxy", "no_proxy")


@dataclass(frozen=True)
class Target:
    """One archive area that the machine's apt knows."""

    uri: str
    release: str
    area: str


def sources_for(distro: Distro) -> tuple[str, ...]:
    """The lines of sources.list for a distro's root.

    :raises InfrastructureError: no mirror is given, and apt on this machine has none either.
    """
    if distro.root.mirror:
        return given_mirror(distro.root)
    try:
        codename = platform.freedesktop_os_release().get("VERSION_CODENAME", "")
    except OSError:
        codename = ""
    lines = sources_of_host(distro.root, host_targets(), codename)
    if not lines:
        raise InfrastructureError(
            f"no mirror for {distro.name}: say `mirror:` in its root, or configure apt here"
        )
    return lines


def given_mirror(root: Root) -> tuple[str, ...]:
    """The one line for a mirror that components.yml names; a directory is read through ``copy:``.

    (With ``file:`` apt leaves packages where they are, out of sight of dpkg inside a root.)
    """
    mirror = (root.mirror or "").removeprefix("file://")
    where = f"copy://{mirror}" if mirror.startswith("/") else mirror
    return (f"deb {where} {root.suite} {' '.join(root.areas)}",)


def mirror_directory(root: Root) -> str:
    """The directory that a mirror on this machine is in; empty for any other."""
    mirror = (root.mirror or "").removeprefix("file://")
    return mirror if mirror.startswith("/") else ""


def sources_of_host(root: Root, targets: Iterable[Target], codename: str) -> tuple[str, ...]:
    """Lines for a suite, from what apt on this machine uses.

    Its own suite is taken with updates and security updates, as configured; any other from the
    mirror that has the machine's own release.

    :param codename: the machine's release, ``bookworm``.
    """
    known = [t for t in targets if t.area in root.areas]
    suite, areas = root.suite or "", " ".join(root.areas)
    same = [t for t in known if t.release == suite or t.release.startswith(f"{suite}-")]
    if any(t.release == suite for t in same):
        releases = dict.fromkeys((t.uri, t.release) for t in same)
    else:
        base = [t for t in known if t.release in (codename, *_ALIASES)]
        releases = dict.fromkeys((t.uri, suite) for t in base[:1])
    return tuple(f"deb {uri} {release} {areas}" for uri, release in releases)


def host_targets() -> tuple[Target, ...]:
    """What this machine's apt is configured to use; empty where there is no apt."""
    # fmt: off
    argv = ["apt-get", "indextargets", "--no-release-info", "--format", _TARGET_FORMAT,
            # Reading the lists takes half a second, and nothing in them is asked for.
            "-oDir::State::lists=/nonexistent", "-oDir::State::status=/dev/null",
            "Created-By: Packages"]
    # fmt: on
    try:
        return parse_targets(run("read apt's configuration", argv, env=clean_environment()))
    except FarmError:
        return ()


def parse_targets(text: str) -> tuple[Target, ...]:
    """Read lines of ``uri|release|area``."""
    rows = [line.split("|") for line in text.splitlines()]
    return tuple(Target(*row) for row in rows if len(row) == len(_TARGET_FORMAT.split("|")))


def network_environment(environ: Mapping[str, str] | None = None) -> dict[str, str]:
    """What programs that fetch packages get to know of the way to the network: proxies."""
    environ = os.environ if environ is None else environ
    found = {name: environ[name] for name in _PROXY_VARIABLES if environ.get(name)}
    if "http_proxy" not in found and (proxy := _proxy_of_apt()):
        found["http_proxy"] = proxy
    return found


def _proxy_of_apt() -> str:
    argv = ["apt-config", "--format", "%v%n", "dump", "Acquire::http::Proxy"]
    try:
        said = run("read apt's configuration", argv, env=clean_environment())
    except FarmError:
        return ""
    return said.strip() if said.startswith("http") else ""
