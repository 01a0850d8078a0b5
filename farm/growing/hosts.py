"""What a worker's machine needs, by the kind of machine and what is built on it."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from pathlib import Path

from farm.errors import FarmError
from farm.model import Distro, Family
from farm.run import clean_environment, run

ALWAYS = "always"
DEB, DEB_SBUILD, RPM, RPM_MOCK = "deb", "deb sbuild", "rpm", "rpm mock"
"""What is built, and how."""
NEEDS: dict[str, dict[str, tuple[str, ...]]] = {
    "apt": {
        ALWAYS: ("bubblewrap", "ca-certificates", "git", "mount", "xz-utils", "bzip2", "zstd"),
        DEB: ("debian-archive-keyring", "dpkg-dev", "mmdebstrap"),
        DEB_SBUILD: ("debian-archive-keyring", "dpkg-dev", "mmdebstrap", "sbuild", "uidmap"),
        RPM: (
            "cpio",
            "createrepo-c",
            "debugedit",
            "dnf",
            "dnf-plugins-core",
            "dwz",
            "elfutils",
            "file",
            "patch",
            "rpm",
        ),
    },
    "dnf": {
        ALWAYS: ("bubblewrap", "ca-certificates", "git", "util-linux", "xz", "bzip2", "zstd"),
        DEB: ("debian-keyring", "dpkg-dev", "mmdebstrap"),
        RPM: (
            "cpio",
            "createrepo_c",
            "debugedit",
            "dnf",
            "dnf-plugins-core",
            "dwz",
            "elfutils",
            "file",
            "patch",
            "rpm-build",
        ),
        RPM_MOCK: ("mock", "rpm-build"),
    },
}
"""Package manager to what has to be installed for what. What is missing cannot be built there."""
TOOLS: dict[str, tuple[str, ...]] = {
    ALWAYS: ("git", "bwrap", "setpriv", "mount", "zstd", "xz"),
    DEB: ("mmdebstrap", "dpkg-source"),
    DEB_SBUILD: ("mmdebstrap", "dpkg-source", "sbuild", "newuidmap"),
    RPM: ("dnf", "rpmbuild", "cpio", "file", "patch"),
    RPM_MOCK: ("mock", "rpmbuild"),
}
"""The same as commands, to see whether it is there."""

_UNIT = """\
# Written by farm worker join.
[Unit]
Description=Worker {name} of {title}
After=network-online.target
Wants=network-online.target

[Service]
Environment=PATH={path}
ExecStart={twistd} --nodaemon --pidfile=twistd.pid --python=buildbot.tac
WorkingDirectory={directory}
Restart=always
RestartSec=10
# SIGHUP: take no more builds, and end when those that run have.
ExecReload=/bin/kill -HUP $MAINPID
KillMode=mixed

[Install]
WantedBy=multi-user.target
"""
_RENEWAL = """\
# Written by farm worker join.
[Unit]
Description=New certificate of worker {name}, when it is due

[Service]
Type=oneshot
ExecStart={farm} worker renew --directory {directory}
"""
_TIMER = """\
# Written by farm worker join.
[Unit]
Description=Daily look at the certificate of worker {name}

[Timer]
OnCalendar=daily
RandomizedDelaySec=1h
Persistent=true

[Install]
WantedBy=timers.target
"""


@dataclass(frozen=True)
class Host:
    """A machine, as far as packages go."""

    manager: str
    """``apt`` or ``dnf``."""
    called: str


def kind_of(distro: Distro) -> str:
    """What builds for a distro need."""
    if distro.family is Family.DEB:
        return DEB_SBUILD if distro.build_backend == "sbuild" else DEB
    return RPM_MOCK if distro.build_backend == "mock" else RPM


def host_of(os_release: str) -> Host:
    """The kind of a machine.

    :param os_release: the text of /etc/os-release.
    :raises FarmError: none that is known.
    """
    fields = dict(re.findall(r'^([A-Z_]+)="?([^"\n]*)"?$', os_release, re.MULTILINE))
    like = {fields.get("ID", ""), *fields.get("ID_LIKE", "").split()}
    called = fields.get("PRETTY_NAME", "an unknown system")
    if like & {"debian", "ubuntu"}:
        return Host("apt", called)
    if like & {"fedora", "rhel", "centos"}:
        return Host("dnf", called)
    raise FarmError(f"{called} is neither Debian, Ubuntu, Fedora nor Enterprise Linux")


def packages_for(host: Host, distros: Iterable[Distro]) -> tuple[str, ...]:
    """What has to be installed on a machine to build for these distros.

    :raises FarmError: one of them cannot be built there.
    """
    table = NEEDS[host.manager]
    wanted = set(table[ALWAYS])
    for distro in distros:
        kind = kind_of(distro)
        if kind not in table:
            raise FarmError(
                f"{distro.name} is built with {distro.build_backend}, which {host.called} does not "
                "have: use a machine with Fedora or Enterprise Linux"
                if kind == RPM_MOCK
                else f"{distro.name} is built with {distro.build_backend}, which {host.called} "
                "does not have: use a machine with Debian"
            )
        wanted |= set(table[kind])
    return tuple(sorted(wanted))


def missing_tools(
    distros: Iterable[Distro], which: Callable[[str], str | None] = shutil.which
) -> tuple[str, ...]:
    """Commands that builds for these distros need and that are not there."""
    wanted = {*TOOLS[ALWAYS], *(tool for one in distros for tool in TOOLS[kind_of(one)])}
    return tuple(sorted(tool for tool in wanted if which(tool) is None))


def install(host: Host, packages: Collection[str], say: Callable[[str], None]) -> None:
    """Install packages with the machine's own package manager.

    :raises FarmError: it fails.
    """
    say(f"installing with {host.manager}: {' '.join(packages)}")
    environment = clean_environment(
        DEBIAN_FRONTEND="noninteractive",
        **{name: os.environ[name] for name in ("http_proxy", "https_proxy") if name in os.environ},
    )
    if host.manager == "apt":
        run("refresh apt's package lists", ["apt-get", "-q", "update"], env=environment)
        options = ["-q", "-y", "--no-install-recommends"]
        run("install packages", ["apt-get", *options, "install", *packages], env=environment)
    else:
        run("install packages", ["dnf", "-q", "-y", "install", *packages], env=environment)


def units(name: str, title: str, directory: Path, programs: Path) -> dict[str, str]:
    """The systemd units of a worker: itself, and the renewal of its certificate.

    :param programs: where `farm` and `twistd` are.
    """
    fields = {
        "name": name,
        "title": title,
        "directory": directory,
        "twistd": programs / "twistd",
        "farm": programs / "farm",
        "path": f"{programs}:/usr/sbin:/usr/bin:/sbin:/bin",
    }
    return {
        f"farm-worker-{name}.service": _UNIT.format(**fields),
        f"farm-worker-{name}-renew.service": _RENEWAL.format(**fields),
        f"farm-worker-{name}-renew.timer": _TIMER.format(**fields),
    }
