"""Proof that a published archive serves its users, once for each snapshot."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import TextIO

from demo.errors import DemoError
from demo.paths import Paths
from demo.prove_deb import prove_deb
from demo.prove_rpm import prove_rpm
from demo.published import Published, fetch_published
from demo.where import Archive
from farm.build.deb.roots import root_for
from farm.build.rpm.roots import root_in_use
from farm.errors import FarmError
from farm.model import Family

Say = Callable[[str], None]


def prove(paths: Paths, archive: Archive, say: Say, *, again: bool = False) -> None:
    """Use an archive as its users would, unless this very snapshot was proved before.

    That it can be reached and its signature is good is checked every time.

    :param again: prove it in any case.
    :raises DemoError: it does not serve; the message names what failed and where its log is.
    """
    try:
        published = fetch_published(archive)
    except DemoError:
        raise
    except FarmError as error:
        raise DemoError(f"the archive of {archive.line}: {error}") from error
    record = paths.demo / "proved" / f"{archive.channel}-{archive.distro.name}.json"
    name = f"{archive.distro.name}, snapshot {published.manifest.number}"
    if not again and _recorded(record) == published.identity:
        say(f"{name}: proved before; it is served, and its signature is good")
        return
    log_path = paths.logs / f"proof-{archive.channel}-{archive.distro.name}.log"
    log_path.parent.mkdir(parents=True, exist_ok=True)
    try:
        with log_path.open("w", encoding="utf-8") as log:
            found = _try_out(published, paths, log)
    except FarmError as error:
        raise DemoError(
            f"{name}: {error}",
            f"Everything that was done is in {log_path}.\n"
            "Try again without building anew: make demo",
        ) from error
    for fact in found:
        say(f"{name}: {fact}")
    record.parent.mkdir(parents=True, exist_ok=True)
    record.write_text(json.dumps({"identity": published.identity}), encoding="utf-8")


def _try_out(published: Published, paths: Paths, log: TextIO) -> list[str]:
    distro = published.archive.distro
    cache = paths.state / "cache"  # the workers' own: the roots are there already
    work = paths.demo / "work"
    if distro.family is Family.RPM:
        with root_in_use(distro, cache, log) as root:
            return prove_rpm(published, root.path, root.dnf, work, log)
    return prove_deb(published, root_for(distro, cache, log).tree, work, log)


def _recorded(record: Path) -> str:
    try:
        return str(json.loads(record.read_text(encoding="utf-8"))["identity"])
    except (OSError, ValueError, KeyError, TypeError):
        return ""
