"""What the gate costs, beside the same tools asked without preparation.

    python bench/gate.py [--components 100 1000] [--cache DIR]

Components of one source and one binary package, each of which needs up to five earlier ones and
some packages of the distribution. Debian: dose with the whole suite, against dose with the packages
that these lead to, which is what the gate asks. RPM: dnf repoclosure (which looks for missing
packages only) against libsolv, which the gate asks; the distribution is made up. Then everything is
rebuilt against a new base library, one component fails, and as few as possible are held back.

The first run reads the suite's indices from the mirror of this machine's apt.
"""

from __future__ import annotations

import argparse
import hashlib
import random
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from io import StringIO
from pathlib import Path
from typing import Any, Literal

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import createrepo_c

from bench.graphs import print_json, table
from farm.model import Distro, Family, Root
from farm.run import clean_environment, run
from repo_publish.gate import deb_packages, rpm_packages
from repo_publish.gate.closure import needed_names, newest
from repo_publish.gate.deb import DebCheck
from repo_publish.gate.deb_background import deb_background, packages_files
from repo_publish.gate.packages import Build, Compare, Package, Relation, Relations
from repo_publish.gate.rpm import RpmCheck, write_metadata
from repo_publish.gate.rpm_packages import Record
from repo_publish.gate.search import Check, hold_back

STATE = Path(__file__).resolve().parents[1] / "build" / "bench-gate"
NEEDED = ("libc6", "perl", "python3", "libglib2.0-0", "libssl3", "zlib1g")
BUILT_WITH = ("debhelper", "cmake", "libglib2.0-dev", "libssl-dev")
BASE = "component0000"

Make = Callable[[str, int, Sequence[str], Literal["binary", "source"]], Package]


def content(size: int, make: Make, version: int, own: Sequence[str], built: Sequence[str]) -> Any:
    """So many components, the same in every run; all of them need the first one's library."""
    chance = random.Random(1)  # noqa: S311 - the same graph each time
    made: dict[str, Build] = {}
    for number in range(size):
        name = f"component{number:04}"
        earlier = chance.sample(sorted(made), min(len(made), chance.randrange(6)))
        needs = [f"{one}-lib" for one in earlier] + chance.sample(own, 3)
        if number:
            needs.append(f"base-{version}")
        made[name] = (
            make(f"{name}-lib", version, needs, "binary"),
            make(name, version, chance.sample(built, 3), "source"),
        )
    return made


def a_deb(
    name: str, version: int, needs: Sequence[str], kind: Literal["binary", "source"]
) -> Package:
    """A Debian package with its control fields."""
    fields = {
        "Package": name,
        "Version": f"{version}.0-1",
        "Architecture": "any" if kind == "source" else "amd64",
        "Build-Depends" if kind == "source" else "Depends": ", ".join(needs),
    }
    if name == f"{BASE}-lib":
        fields["Provides"] = f"base-{version}"
    return deb_packages.package_of(kind, fields)


def an_rpm(
    name: str, version: int, needs: Sequence[str], kind: Literal["binary", "source"]
) -> Package:
    """An RPM package with its metadata."""
    architecture = "src" if kind == "source" else "x86_64"
    digest = hashlib.sha256(f"{name} {version} {kind}".encode()).hexdigest()
    provides = [name, *([f"base-{version}"] if name == f"{BASE}-lib" else [])]
    identity = f'<version epoch="0" ver="{version}.0" rel="1"/>'
    primary = (
        f'<package type="rpm"><name>{name}</name><arch>{architecture}</arch>{identity}'
        f'<checksum type="sha256" pkgid="YES">{digest}</checksum><time file="1" build="1"/>'
        f'<location href="{name}.{architecture}.rpm"/><format>'
        + _entries("provides", [] if kind == "source" else provides)
        + _entries("requires", needs)
        + "</format></package>\n"
    )
    filelists = (
        f'<package pkgid="{digest}" name="{name}" arch="{architecture}">{identity}</package>\n'
    )
    relations = Relations(
        tuple((one, f"{version}.0-1") for one in provides), tuple((Relation(n),) for n in needs)
    )
    record = Record(f"{name}-{version}.0-1.{architecture}", primary, filelists)
    return Package(kind, name, f"{version}.0-1", lambda: relations, record)


def _entries(kind: str, names: Sequence[str]) -> str:
    lines = "".join(f'<rpm:entry name="{name}"/>' for name in names)
    return f"<rpm:{kind}>{lines}</rpm:{kind}>"


def cpu_of(action: Callable[[], object]) -> tuple[float, Any]:
    """CPU seconds of an action and all the processes it waits for; and its result."""
    before = _cpu_s()
    result = action()
    return _cpu_s() - before, result


def _cpu_s() -> float:
    kinds = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, kinds))


def held_back(size: int, make: Make, check: Check, compare: Compare, names: Any) -> tuple[int, int]:
    """Rebuild everything against a new base, but for one that fails."""
    live, wanted = content(size, make, 1, *names), content(size, make, 2, *names)
    wanted["component0007"] = live["component0007"]
    verdict = hold_back(wanted, live, check, compare)
    return len(verdict.held_back), verdict.questions


def deb_figures(size: int, cache: Path, work: Path) -> dict[str, float]:
    """Debian."""
    distro = Distro(
        name="bookworm",
        family=Family.DEB,
        release="Debian 12",
        architecture="amd64",
        root=Root(suite="bookworm"),
        version_suffix="~deb12",
    )
    made = content(size, a_deb, 1, NEEDED, BUILT_WITH)
    names = {n for build in made.values() for p in build for n in needed_names(p.record)}
    ask = partial(deb_background, distro, names | {"base-2"}, cache, StringIO())
    (reduced, _), place = ask(), cache / "gate"
    warm, _ = cpu_of(ask)
    [there] = place.glob("bookworm-*")
    whole = list(newest(packages_files(distro, there)).values())
    ours, broken = cpu_of(lambda: DebCheck(reduced, "amd64", work)(made))
    theirs, same = cpu_of(lambda: DebCheck(whole, "amd64", work)(made))
    if broken or same:
        raise SystemExit(f"broken: {broken[:3]} {same[:3]}")
    check = DebCheck(reduced, "amd64", work)
    search, (held, questions) = cpu_of(
        lambda: held_back(size, a_deb, check, deb_packages.compare, (NEEDED, BUILT_WITH))
    )
    return {
        "cpu_s": ours + warm,
        "peer_cpu_s": theirs,
        "ratio": (ours + warm) / theirs,
        "search_cpu_s": search,
        "held_back": held,
        "questions": questions,
    }


def rpm_figures(size: int, cache: Path, work: Path) -> dict[str, float]:
    """RPM."""
    base = [f"system{number:04}" for number in range(2000)]
    system = [an_rpm(name, 1, (), "binary") for name in base]
    names = (base[:20], base[20:40])
    made = content(size, an_rpm, 1, *names)
    both = [*made.values(), *content(size, an_rpm, 2, *names).values()]
    mine = [package for build in both for package in build]
    _repository(work / "system", system)
    _repository(work / "own", [p for build in made.values() for p in build if p.kind == "binary"])
    solv = work / "system.solv"
    _write_solv(work / "system", solv)
    scratch = work / "scratch"
    scratch.mkdir()

    def gate() -> object:
        return RpmCheck(mine, [solv], "x86_64", scratch)(made)

    argv = [
        *("dnf", "repoclosure", "--config", work / "dnf.conf", "--forcearch=x86_64"),
        *(
            "--releasever=1",
            f"--setopt=cachedir={work}/dnf",
            "--check=own",
            "--disableplugin=local",
        ),
        *(f"--repofrompath={name},{(work / name).as_uri()}" for name in ("own", "system")),
    ]
    (work / "dnf.conf").write_text("[main]\nreposdir=/nonexistent\n")
    ours, broken = cpu_of(gate)
    theirs, _ = cpu_of(
        lambda: run("ask dnf", argv, env=clean_environment(HOME=str(work), TMPDIR=str(work)))
    )
    if broken:
        raise SystemExit(f"broken: {broken}")
    check = RpmCheck(mine, [solv], "x86_64", scratch)
    search, (held, questions) = cpu_of(
        lambda: held_back(size, an_rpm, check, rpm_packages.compare, names)
    )
    return {
        "cpu_s": ours,
        "peer_cpu_s": theirs,
        "ratio": ours / theirs,
        "search_cpu_s": search,
        "held_back": held,
        "questions": questions,
    }


def _repository(directory: Path, packages: Sequence[Package]) -> None:
    repodata = directory / "repodata"
    repodata.mkdir(parents=True)
    repomd = createrepo_c.Repomd()
    for file in write_metadata([package.record for package in packages], repodata):
        record = createrepo_c.RepomdRecord(file.stem, str(file))
        record.fill(createrepo_c.SHA256)
        repomd.set_record(record)
    (repodata / "repomd.xml").write_text(repomd.xml_dump())


def _write_solv(repository: Path, solv: Path) -> None:
    from repo_publish.gate.libsolv import Universe

    universe = Universe("x86_64")
    universe.add_metadata(*(repository / f"repodata/{n}.xml" for n in ("primary", "filelists")))
    universe.write_solv(solv)


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--components", type=int, nargs="+", default=(100, 1000))
    parser.add_argument("--cache", type=Path, default=STATE, help="where indices are kept")
    options = parser.parse_args()
    figures: dict[str, dict[str, float]] = {}
    for size in options.components:
        for name, measure in (("deb", deb_figures), ("rpm", rpm_figures)):
            with tempfile.TemporaryDirectory() as work:
                began = time.monotonic()
                figures[f"{name} {size}"] = measure(size, options.cache.resolve(), Path(work))
                print(f"{name} {size}: {time.monotonic() - began:.0f} s", file=sys.stderr)
    rows = [
        [
            name,
            *(f"{row[key]:.2f}" for key in ("cpu_s", "peer_cpu_s", "ratio", "search_cpu_s")),
            f"{row['held_back']:.0f}",
            f"{row['questions']:.0f}",
        ]
        for name, row in figures.items()
    ]
    head = ["", "gate CPU s", "peer CPU s", "gate ÷ peer", "search CPU s", "held back", "questions"]
    print(table(head, rows))
    print_json(figures)


if __name__ == "__main__":
    main()
