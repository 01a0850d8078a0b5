"""Publishing one changed package, beside the tools that people use for it.

    python bench/publish.py [--packages 100 1000 5000] [--families deb rpm] [--times 3]

The farm's row is a whole `farm archive publish`: find the packages, gate, assemble, sign, read
everything back as a client would, write to disk, flip; a second row tries the upgrade, too. Beside
it, on the same packages in the same run: aptly (repo add, snapshot create, publish switch),
reprepro (includedsc, includedeb, with signing) and createrepo_c --update (without any signing).
Each is run as its user would, as commands; CPU time and bytes written are those of all their
processes.
"""

from __future__ import annotations

import argparse
import json
import os
import resource
import shutil
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from bench.archive_packages import ARCHITECTURES, DISTROS, Build, PackageStore
from bench.graphs import print_json, table
from farm.run import clean_environment

STATE = Path(__file__).resolve().parents[1] / "build" / "bench-publish"
TOOLS = Path(sys.executable).parent
SIZES = (100, 1000, 5000)


@dataclass(frozen=True)
class Cost:
    """What one publication took."""

    wall_s: float
    cpu_s: float
    written_mb: float


class Peer:
    """An archive of one tool below a directory of its own."""

    name = ""

    def __init__(self, directory: Path, store: PackageStore):
        self.directory = directory
        self.store = store
        self.home = directory / "home"
        self.home.mkdir(parents=True, mode=0o700)
        self.environment = clean_environment(HOME=str(self.home), PATH=os.environ["PATH"])

    def run(self, *argv: str | Path) -> None:
        """Run one of the tool's commands."""
        done = subprocess.run(
            argv, env=self.environment, cwd=self.directory, capture_output=True, text=True
        )
        if done.returncode:
            what = " ".join(map(str, argv[:4]))
            raise SystemExit(f"{what} exited with {done.returncode}:\n{done.stdout}{done.stderr}")

    def make_key(self) -> None:
        """A signing key of the farm's kind in the home directory."""
        self.run(
            *("gpg", "--batch", "--quiet", "--pinentry-mode", "loopback", "--passphrase", ""),
            *("--quick-generate-key", "Benchmark", "rsa3072", "sign", "never"),
        )

    def fill(self, builds: Sequence[Build]) -> None:
        """Publish everything for the first time."""
        raise NotImplementedError

    def publish(self, build: Build) -> None:
        """Publish one changed component."""
        raise NotImplementedError

    def close(self) -> None:
        """Stop what still runs."""
        self.run("gpgconf", "--kill", "all")


class FarmArchive(Peer):
    """`farm archive publish`, without the upgrade test: no peer has one."""

    name = "farm"
    upgrade_test = "never"

    def fill(self, builds: Sequence[Build]) -> None:
        """Publish everything for the first time."""
        self.content = {build.published.component: build.published for build in builds}
        self._publish()

    def publish(self, build: Build) -> None:
        """The same content with one other build."""
        self.content[build.published.component] = build.published
        self._publish()

    def _publish(self) -> None:
        publication = {
            "channel": "development",
            "distribution": self._distribution(),
            "distro": DISTROS[self.store.family],
            "family": self.store.family,
            "architecture": ARCHITECTURES[self.store.family],
            "upgrade_test": self.upgrade_test,
            "packages": [published.model_dump() for published in self.content.values()],
        }
        path = self.directory / "publication.json"
        path.write_text(json.dumps(publication))
        self.run(
            *(TOOLS / "farm", "archive", "publish", path, "--pool", self.store.pool),
            *("--archive", self.directory / "archive", "--keys", self.directory / "keys"),
            *("--url", "http://localhost:1", "--json", "--cache", self.store.directory / "gate"),
        )

    def _distribution(self) -> dict[str, Any]:
        """What the gate checks the packages with: Debian itself, and for rpm an empty repository,
        since none can be had everywhere."""
        root: dict[str, Any] = {"suite": "bookworm"}
        if self.store.family == "rpm":
            repository = self.store.directory / "distribution"
            if not repository.exists():
                repository.mkdir()
                self.run(TOOLS / "createrepo_c", "--quiet", repository)
            root = {"repositories": {"base": repository.as_uri()}}
        return {
            "name": DISTROS[self.store.family],
            "family": self.store.family,
            "release": "of the benchmark",
            "architecture": ARCHITECTURES[self.store.family],
            "version_suffix": "~bench",
            "root": root,
        }


class TriedArchive(FarmArchive):
    """The same with an upgrade in a clean root; rpm has no distribution here to make one of."""

    name = "farm, upgrade tried"
    upgrade_test = "always"


class Aptly(Peer):
    """aptly with its defaults, but without the Contents files that the others do not write."""

    name = "aptly"

    def fill(self, builds: Sequence[Build]) -> None:
        """A repository of all packages, its first snapshot, published."""
        self.make_key()
        settings = {"rootDir": str(self.directory / "aptly"), "skipContentsPublishing": True}
        (self.home / ".aptly.conf").write_text(json.dumps(settings))
        self.run("aptly", "repo", "create", "-distribution=bookworm", "farm")
        self.run("aptly", "repo", "add", "farm", *(build.files[0].parent for build in builds))
        self.run("aptly", "snapshot", "create", "first", "from", "repo", "farm")
        self.run(
            *("aptly", "publish", "snapshot", "-batch", "-architectures=amd64,source"),
            *("-acquire-by-hash", "first"),
        )

    def publish(self, build: Build) -> None:
        """Add to the repository, make a snapshot, switch to it."""
        name = build.published.key
        packages = [path for path in build.files if path.suffix in (".dsc", ".deb")]
        self.run("aptly", "repo", "add", "farm", *packages)
        self.run("aptly", "snapshot", "create", name, "from", "repo", "farm")
        self.run("aptly", "publish", "switch", "-batch", "bookworm", name)


class Reprepro(Peer):
    """reprepro on the live tree, signing."""

    name = "reprepro"

    def fill(self, builds: Sequence[Build]) -> None:
        """Include everything, and export once."""
        self.make_key()
        conf = self.directory / "conf"
        conf.mkdir()
        (conf / "distributions").write_text(
            "Codename: bookworm\nArchitectures: amd64 source\nComponents: main\nSignWith: default\n"
        )
        for build in builds:
            self._add(build, "--export=silent-never")
        self.run("reprepro", "--basedir", self.directory, "export")

    def publish(self, build: Build) -> None:
        """Include the source package and the binary packages."""
        self._add(build)

    def _add(self, build: Build, *options: str) -> None:
        dscs = [path for path in build.files if path.suffix == ".dsc"]
        reprepro = ["reprepro", "--basedir", str(self.directory), *options]
        self.run(*reprepro, "includedsc", "bookworm", *dscs)
        self.run(*reprepro, "includedeb", "bookworm", *build.binaries)


class Createrepo(Peer):
    """createrepo_c --update on the live tree, unsigned packages, unsigned metadata."""

    name = "createrepo_c"

    def fill(self, builds: Sequence[Build]) -> None:
        """Copy everything into a directory and index it."""
        (self.directory / "archive").mkdir()
        for build in builds:
            self.publish(build, index=False)
        self._index()

    def publish(self, build: Build, *, index: bool = True) -> None:
        """Copy the packages into the directory, and bring its metadata up to date."""
        for path in build.files:
            shutil.copy(path, self.directory / "archive" / path.name)
        if index:
            self._index()

    def _index(self) -> None:
        self.run(TOOLS / "createrepo_c", "--quiet", "--update", self.directory / "archive")


PEERS: Mapping[str, tuple[type[Peer], ...]] = {
    "deb": (FarmArchive, TriedArchive, Aptly, Reprepro),
    "rpm": (FarmArchive, Createrepo),
}


def cost_of(action: Callable[[], None]) -> Cost:
    """What all processes that an action starts and waits for cost."""
    wall, cpu, written = time.monotonic(), _cpu_s(), _written()
    action()
    return Cost(time.monotonic() - wall, _cpu_s() - cpu, (_written() - written) / 1e6)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def _written() -> int:
    """Bytes that this process and the children it waited for had written to storage."""
    fields = dict(line.split(": ") for line in Path("/proc/self/io").read_text().splitlines())
    return int(fields["write_bytes"])


def measure(family: str, packages: int, times: int, state: Path) -> dict[str, Cost]:
    """The median cost of publishing one changed package, for each tool."""
    store = PackageStore(state, family)
    builds = store.components(packages)
    changes = [store.changed(f"1.{number}") for number in range(times + 1)]
    work = state / "archives"
    shutil.rmtree(work, ignore_errors=True)
    peers = [kind(work / kind.name, store) for kind in PEERS[family]]
    try:
        for peer in peers:
            peer.fill([*builds, changes[0]])
        costs: dict[str, list[Cost]] = {peer.name: [] for peer in peers}
        for change in changes[1:]:
            for peer in peers:
                costs[peer.name].append(cost_of(lambda p=peer, c=change: p.publish(c)))  # type: ignore[misc]
    finally:
        for peer in peers:
            peer.close()
    shutil.rmtree(work)
    return {name: _median(some) for name, some in costs.items()}


def _median(costs: Sequence[Cost]) -> Cost:
    return Cost(
        statistics.median(cost.wall_s for cost in costs),
        statistics.median(cost.cpu_s for cost in costs),
        statistics.median(cost.written_mb for cost in costs),
    )


def main() -> None:
    """Run the benchmark and print its figures."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--packages", type=int, nargs="+", default=SIZES)
    parser.add_argument("--families", nargs="+", choices=sorted(PEERS), default=sorted(PEERS))
    parser.add_argument("--times", type=int, default=3)
    parser.add_argument("--state", type=Path, default=STATE)
    options = parser.parse_args()
    options.state.mkdir(parents=True, exist_ok=True)
    figures: dict[str, Any] = {}
    rows = []
    for family in options.families:
        for packages in options.packages:
            costs = measure(family, packages, options.times, options.state.resolve())
            ours = costs["farm"]
            for name, cost in costs.items():
                ratios = (
                    {}
                    if name.startswith("farm")
                    else {
                        "wall_ratio": ours.wall_s / cost.wall_s,
                        "cpu_ratio": ours.cpu_s / cost.cpu_s,
                    }
                )
                figures[f"{family} {packages} {name}"] = {**vars(cost), **ratios}
                rows.append(
                    [
                        f"{family} {packages} {name}",
                        *(f"{v:.2f}" for v in (cost.wall_s, cost.cpu_s, cost.written_mb)),
                        *(f"{v:.2f}" for v in ratios.values()),
                        *([""] * (2 - len(ratios))),
                    ]
                )
    print(table(["", "wall s", "CPU s", "MB written", "farm ÷ it, wall", "CPU"], rows))
    print_json(figures)


if __name__ == "__main__":
    main()
