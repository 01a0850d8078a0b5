"""What a user of an apt archive does: add it, install, run, fetch the source, rebuild it."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from demo.client import HOME, Client
from demo.errors import DemoError
from demo.published import Published
from farm.build.bubblewrap import BUILDER, ROOT
from farm.build.sandbox import Overlay

PROGRAM = "vorbis-tools"
_APT = {"DEBIAN_FRONTEND": "noninteractive"}


def preferences(title: str) -> str:
    """apt preferences: what the archive has comes before the distribution's own packages.

    Debian has the stack as well, and its revision (1.3.5-3) can be above the farm's (1.3.5-1).
    """
    return f"Package: *\nPin: release o={title}\nPin-Priority: 990\n"


def foreign(installed: str, offered: dict[str, str]) -> list[str]:
    """Installed packages that the archive has too, but that came from elsewhere.

    :param installed: ``name version`` lines.
    """
    pairs = [line.split() for line in installed.splitlines() if line.strip()]
    return [
        f"{name} {version}"
        for name, version in pairs
        if name in offered and offered[name] != version
    ]


def prove_deb(published: Published, root: Path, work: Path, log: TextIO) -> list[str]:
    """Try an apt archive in a throw-away copy of a clean root; what was found.

    :raises DemoError: the archive's packages were not the ones installed.
    :raises CommandError: a command failed that a user would type.
    """
    source = published.source_of(PROGRAM)
    with Overlay([root], work) as overlay:
        client = Client(overlay, log)
        client.make_home()
        overlay.put(
            "/etc/apt",
            {
                f"sources.list.d/{published.configuration_name}": published.configuration,
                "preferences.d/farm": preferences(published.manifest.title),
            },
            user=ROOT,
        )
        apt = ["apt-get", "--quiet", "--assume-yes"]
        client.run("apt-get update", [*apt, "--error-on=any", "update"], network=True, env=_APT)
        client.run(f"apt-get install {PROGRAM}", [*apt, "install", PROGRAM], network=True, env=_APT)
        listing = client.run(
            "list what is installed", ["dpkg-query", "-W", "-f", "${Package} ${Version}\\n"]
        )
        offered = published.binaries()
        if strangers := foreign(listing, offered):
            raise DemoError(f"not from the archive: {', '.join(strangers)}")
        said = client.encode()
        wanted = f"{source.package}={source.version}"
        client.run("apt-get source", [*apt, "source", wanted], user=BUILDER, network=True, env=_APT)
        client.run("apt-get build-dep", [*apt, "build-dep", wanted], network=True, env=_APT)
        rebuild = (
            'cd "$1"-*/ && dpkg-buildpackage --build=binary --unsigned-changes --unsigned-source'
        )
        client.run(
            "rebuild the source package",
            ["sh", "-c", rebuild, "sh", source.package],
            user=BUILDER,
        )
        found = client.run("list what was rebuilt", ["sh", "-c", f"ls {HOME}/*.deb"])
    return [
        f"{PROGRAM} {offered[PROGRAM]} installed, signatures enforced",
        f"{said}: encoded and read back a file",
        f"source {source.version} rebuilt into {len(found.split())} packages",
    ]
