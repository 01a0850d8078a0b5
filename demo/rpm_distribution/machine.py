"""What is read from the machine, and the copy of its files that rpmbuild packs."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from demo.rpm_distribution.catalogue import DIRECTORY_MODES, MERGED_DIRECTORIES
from demo.rpm_distribution.debs import QUERY_FORMAT, Deb, parse_installed
from demo.rpm_distribution.layout import Alternative, Kind, Layout, ListedPath
from farm.run import run

ALTERNATIVES = Path("/etc/alternatives")
ACCOUNT_MASTERS = Path("/usr/share/base-passwd")
PASSWORD_CHANGED_DAY = 19000
"""Field 3 of /etc/shadow; any fixed day will do."""


def installed_debs() -> dict[str, Deb]:
    """The packages installed on this machine, by name."""
    architecture = run("ask for the architecture", ["dpkg", "--print-architecture"]).strip()
    listing = run("list packages", ["dpkg-query", "--show", f"--showformat={QUERY_FORMAT}"])
    return parse_installed(listing, architecture)


def listed_paths(debs: Iterable[Deb]) -> Iterator[ListedPath]:
    """Every path that the packages list, as the machine has it."""
    resolved: dict[str, str] = {}
    for deb in debs:
        for listed in run("list files", ["dpkg-query", "--listfiles", deb.name]).splitlines():
            # Lines about diversions stand between the paths.
            if not listed.startswith("/") or listed == "/.":
                continue
            directory, name = os.path.split(listed)
            if directory not in resolved:
                resolved[directory] = os.path.realpath(directory)
            path = f"{resolved[directory].rstrip('/')}/{name}"
            yield ListedPath(deb.name, listed, path, _kind(Path(path)))


def _kind(path: Path) -> Kind:
    if path.is_symlink():
        return Kind.FILE
    if path.is_dir():
        return Kind.DIRECTORY
    return Kind.FILE if path.is_file() else Kind.ABSENT


def alternatives() -> Iterator[Alternative]:
    """The links that update-alternatives keeps, and the programs' links to them."""
    for link in sorted(ALTERNATIVES.iterdir()):
        target = os.path.realpath(link)
        yield Alternative(str(link), target)
        for program in (Path("/usr/bin") / link.name, Path("/usr/sbin") / link.name):
            if program.is_symlink() and program.readlink() == link:
                yield Alternative(str(program), target)


def merged_directories() -> dict[str, str]:
    """Links from ``/`` into ``/usr``: path to what the link says."""
    paths = [Path("/") / name for name in MERGED_DIRECTORIES]
    return {str(path): str(path.readlink()) for path in paths if path.is_symlink()}


def account_files() -> dict[str, str]:
    """Text of passwd, group, shadow and gshadow with the system's accounts, none of them usable."""
    texts = {}
    for name, shadow, aging in (
        ("passwd", "shadow", f":{PASSWORD_CHANGED_DAY}:0:99999:7:::"),
        ("group", "gshadow", "::"),
    ):
        master = (ACCOUNT_MASTERS / f"{name}.master").read_text().replace(":*:", ":x:")
        texts[f"/etc/{name}"] = master
        texts[f"/etc/{shadow}"] = "".join(
            f"{line.split(':')[0]}:*{aging}\n" for line in master.splitlines()
        )
    return texts


def stage(
    root: Path, layout: Layout, links: Mapping[str, str], generated: Mapping[str, str]
) -> None:
    """Copy the layout's files from the machine to `root`, with owners and modes; add the rest."""
    root.mkdir(parents=True)
    for directory in layout.directories:
        target = root / directory[1:]
        target.mkdir(parents=True, exist_ok=True)
        target.chmod(DIRECTORY_MODES.get(directory, 0o755))
    for link, to in links.items():
        (root / link[1:]).symlink_to(to)
    _copy_from_machine(root, (path for paths in layout.files.values() for path in paths))
    for path, text in generated.items():
        target = root / path[1:]
        target.write_text(text)
        target.chmod(0o640 if target.name in ("shadow", "gshadow") else 0o644)


def _copy_from_machine(root: Path, paths: Iterable[str]) -> None:
    names = "".join(f".{path}\0" for path in sorted(paths))
    copy = ["xargs", "--null", "cp", "--archive", "--parents", f"--target-directory={root}"]
    run("copy the machine's files", copy, cwd=Path("/"), stdin=names)
