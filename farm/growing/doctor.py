"""What a worker's machine lacks, each with its remedy."""

from __future__ import annotations

import datetime
import email.utils
import os
import pwd
import shutil
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import requests

from farm.errors import FarmError
from farm.growing.authority import days_left, read_certificate
from farm.growing.home import TLS
from farm.growing.hosts import DEB_SBUILD, host_of, kind_of, missing_tools, packages_for
from farm.growing.offer import Offer
from farm.model import Distro

GIB = 1 << 30
DISK_BAD, DISK_POOR = 2 * GIB, 10 * GIB
"""Free bytes: with less, builds fail; with less, large ones may."""
CLOCK_S = 120.0
"""Seconds that the clock may differ from the master's: certificates and archives have dates."""
CERTIFICATE_DAYS = 14
_State = Literal["good", "poor", "bad"]


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at."""

    state: _State
    subject: str
    said: str
    remedy: str = ""


def examine(home: Path, offer: Offer, *, smoke: bool = False) -> list[Finding]:
    """Look at everything.

    :param smoke: make the roots, and build a small package in each.
    """
    findings = [
        tools(missing_tools(offer.distros.values()), offer.distros.values()),
        *subordinate_ids(offer.distros.values(), Path("/etc")),
        disk(shutil.disk_usage(home).free, home),
        certificate(home),
        master(home, offer),
    ]
    if smoke:
        findings += smoke_builds(home, offer)
    return findings


def tools(missing: tuple[str, ...], distros: Iterable[Distro]) -> Finding:
    """Whether the programs of builds are there."""
    if not missing:
        return Finding("good", "tools", "everything is installed")
    try:
        host = host_of(Path("/etc/os-release").read_text(encoding="utf-8"))
        command = "apt-get install" if host.manager == "apt" else "dnf install"
        remedy = f"{command} {' '.join(packages_for(host, distros))}"
    except (FarmError, OSError) as error:
        remedy = str(error)
    return Finding("bad", "tools", f"missing: {', '.join(missing)}", remedy)


def subordinate_ids(distros: Iterable[Distro], etc: Path) -> Iterator[Finding]:
    """Whether there are ids for the roots of sbuild, where that builds (subuid(5))."""
    if all(kind_of(distro) != DEB_SBUILD for distro in distros):
        return
    user = pwd.getpwuid(os.getuid()).pw_name
    for name in ("subuid", "subgid"):
        file = etc / name
        lines = file.read_text().splitlines() if file.exists() else []
        if any(line.split(":")[0] in (user, str(os.getuid())) for line in lines):
            yield Finding("good", name, f"{user} has a range")
        else:
            remedy = f"usermod --add-{name}s 100000-165535 {user}"
            yield Finding("bad", name, f"{file} has no range for {user}", remedy)


def disk(free: int, place: Path) -> Finding:
    """Whether there is room for roots and builds."""
    said = f"{free / GIB:.1f} GiB free at {place}"
    if free >= DISK_POOR:
        return Finding("good", "disk", said)
    remedy = f"free some, or move {place} to a larger disk"
    return Finding("bad" if free < DISK_BAD else "poor", "disk", said, remedy)


def certificate(home: Path) -> Finding:
    """Whether the worker's certificate lasts."""
    try:
        left = days_left(
            read_certificate(home / TLS / "cert.pem"), datetime.datetime.now(datetime.UTC)
        )
    except FarmError as error:
        return Finding("bad", "certificate", str(error), "ask for an invitation, and join again")
    if left < 0:
        remedy = "ask for an invitation, and join again"
        return Finding("bad", "certificate", f"it ended {-left} days ago", remedy)
    if left < CERTIFICATE_DAYS:
        remedy = f"farm worker renew --directory {home}"
        return Finding("poor", "certificate", f"it ends in {left} days", remedy)
    return Finding("good", "certificate", f"it lasts {left} days")


def clock(difference_s: float) -> Finding:
    """Whether the clock goes as the master's."""
    said = f"{abs(difference_s):.0f} s {'ahead of' if difference_s > 0 else 'behind'} the master's"
    if abs(difference_s) <= CLOCK_S:
        return Finding("good", "clock", said)
    return Finding("bad", "clock", said, "timedatectl set-ntp true, here and on the master")


def master(home: Path, offer: Offer) -> Finding:
    """Whether the master answers over TLS; then, how the clocks differ."""
    tls = home / TLS
    try:
        answer = requests.head(
            f"{offer.url}/join/ca.pem",
            verify=str(tls / "trust" / "ca.pem"),
            cert=(str(tls / "cert.pem"), str(tls / "key.pem")),
            timeout=20,
        )
    except (requests.RequestException, OSError) as error:
        remedy = "look whether the master runs, and whether its two ports can be reached from here"
        return Finding("bad", "master", f"{offer.url} does not answer: {error}", remedy)
    said = email.utils.parsedate_to_datetime(answer.headers["Date"]).timestamp()
    return clock(time.time() - said)


def smoke_builds(home: Path, offer: Offer) -> Iterator[Finding]:
    """Make each distro's root, and build a package of a few lines in it."""
    from farm.growing.smoke import build

    for name, distro in offer.distros.items():
        began = time.monotonic()
        try:
            made = build(distro, home / "cache")
        except FarmError as error:
            lines = str(error).splitlines()
            yield Finding("bad", f"build on {name}", lines[0], "\n        ".join(lines[1:]))
        else:
            took = time.monotonic() - began
            yield Finding("good", f"build on {name}", f"{', '.join(made)} in {took:.0f} s")
