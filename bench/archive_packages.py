"""Many small real packages for benchmarks of archives: made once, kept, the same in every run."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from repo_publish.model import Published
from tests.packages import Rpm, build_deb, build_rpms, store

DISTROS = {"deb": "bookworm", "rpm": "el9"}
ARCHITECTURES = {"deb": "amd64", "rpm": "x86_64"}
PACKAGES_PER_COMPONENT = 5
"""Binary packages of a source package, as a library has them (runtime, -dev, -doc, tools)."""

_PER_CALL = 50


@dataclass(frozen=True)
class Build:
    """One component's build in the pool, and where its files lie."""

    published: Published
    files: tuple[Path, ...]
    """The source package's files first."""

    @property
    def binaries(self) -> list[Path]:
        """The binary packages."""
        return [p for p in self.files if p.suffix in (".deb", ".rpm") and ".src." not in p.name]


class PackageStore:
    """A pool of builds below a directory that outlives the run."""

    def __init__(self, directory: Path, family: str):
        self.directory = directory / family
        self.pool = self.directory / "pool"
        self._index = self.directory / "index.json"
        self._work = self.directory / "work"
        self.family = family
        self._known: dict[str, dict[str, str]] = (
            json.loads(self._index.read_text()) if self._index.exists() else {}
        )

    def components(self, packages: int) -> list[Build]:
        """Builds that have so many binary packages in all."""
        names = [f"component{number:04}" for number in range(packages // PACKAGES_PER_COMPONENT)]
        missing = [name for name in names if name not in self._known]
        for start in range(0, len(missing), _PER_CALL):
            some = missing[start : start + _PER_CALL]
            self._make([(name, "1.0", _binaries(name)) for name in some])
            print(f"\r{self.family}: {start + len(some)} of {len(missing)} made", end="")
        if missing:
            print()
        return [self._build(name) for name in names]

    def changed(self, version: str) -> Build:
        """A component of one binary package, in that version."""
        if f"changed {version}" not in self._known:
            self._make([("changed", version, ("changed",))], tag=f" {version}")
        return self._build(f"changed {version}")

    def _make(self, wanted: Sequence[tuple[str, str, tuple[str, ...]]], tag: str = "") -> None:
        shutil.rmtree(self._work, ignore_errors=True)
        for name, version, files in self._built(wanted):
            published = store(self.pool, name, DISTROS[self.family], version, files)
            self._known[f"{name}{tag}"] = published.model_dump()
        shutil.rmtree(self._work)
        self._index.write_text(json.dumps(self._known))

    def _built(
        self, wanted: Sequence[tuple[str, str, tuple[str, ...]]]
    ) -> Iterator[tuple[str, str, list[Path]]]:
        if self.family == "deb":
            for name, version, binaries in wanted:
                files = build_deb(self._work, name, f"{version}-1", binaries=binaries)
                yield name, f"{version}-1", files
            return
        rpms = [Rpm(name, version, binaries=binaries) for name, version, binaries in wanted]
        made = build_rpms(self._work, *rpms)
        for name, version, _binaries in wanted:
            yield name, f"{version}-1.el9", made[name]

    def _build(self, name: str) -> Build:
        published = Published.model_validate(self._known[name])
        directory = self.pool / published.key[:2] / published.key
        files = sorted(
            (path for path in directory.iterdir() if path.name != "result.json"),
            key=lambda path: (path.suffix != ".dsc" and ".src." not in path.name, path.name),
        )
        return Build(published, tuple(files))


def _binaries(name: str) -> tuple[str, ...]:
    return tuple(f"{name}-{number}" for number in range(PACKAGES_PER_COMPONENT))
