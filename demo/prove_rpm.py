"""What a user of a yum archive does: add it, install, run, fetch the source, rebuild it."""

from __future__ import annotations

from pathlib import Path
from typing import TextIO

from demo.client import HOME, Client, direct_to_loopback
from demo.published import Published
from farm.build.bubblewrap import BUILDER, ROOT
from farm.build.rpm.dnf import Dnf
from farm.build.sandbox import Overlay

PROGRAM = "vorbis-tools"


def prove_rpm(published: Published, root: Path, dnf: Dnf, work: Path, log: TextIO) -> list[str]:
    """Try a yum archive in a throw-away copy of a clean root; what was found.

    dnf is this machine's, working on the root from outside: small roots have none.

    :raises CommandError: a command failed that a user would type.
    """
    source = published.source_of(PROGRAM)
    with Overlay([root], work) as overlay:
        client = Client(overlay, log)
        client.make_home()
        repos = "/etc/yum.repos.d"
        overlay.put(repos, {published.configuration_name: published.configuration}, user=ROOT)
        inside = overlay.mount_point

        def call(what: str, *command: str) -> str:
            # A cache of its own: what the workers have downloaded is none of a user's.
            settings = [f"reposdir={inside}{repos}", f"cachedir={inside}/var/cache/dnf"]
            options = [f"--setopt={setting}" for setting in settings]
            argv = dnf.argv(inside, *options, "--enableplugin=download", *command)
            return client.run_host(what, argv, direct_to_loopback(dnf.environment))

        call(f"dnf install {PROGRAM}", "install", PROGRAM)
        said = client.encode()
        place = f"{inside}{HOME}"
        call("dnf download --source", "download", "--source", f"--destdir={place}", PROGRAM)
        package = f"{HOME}/{source.filename}"
        client.run_host(
            "check the source package's signature",
            ["rpmkeys", f"--root={inside}", "--checksig", f"{inside}{package}"],
            dnf.environment,
        )
        call("dnf builddep", "builddep", f"{inside}{package}")
        rebuild = ["rpmbuild", "--rebuild", f"--define=_topdir {HOME}/rpmbuild", package]
        client.run("rebuild the source package", rebuild, user=BUILDER)
        found = client.run("list what was rebuilt", ["sh", "-c", f"ls {HOME}/rpmbuild/RPMS/*/*"])
    offered = published.binaries()
    return [
        f"{PROGRAM} {offered[PROGRAM]} installed, gpgcheck and repo_gpgcheck on",
        f"{said}: encoded and read back a file",
        f"source {source.version} rebuilt into {len(found.split())} packages",
    ]
