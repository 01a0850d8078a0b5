"""The build directory inside a root: unpacking, running dpkg's tools as the builder, results."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from farm.build.bubblewrap import BUILDER
from farm.build.deb.progress import Progress
from farm.build.deb.source import SourcePackage, listed_files
from farm.build.phases import Phases
from farm.build.sandbox import Overlay
from farm.build.source_archive import write_source_archive

BUILD = "/build"
"""Builds always happen here: paths that get into packages are the same on every machine."""


class BuildTree:
    """The sources of one package in an overlay, owned by the unprivileged user.

    :param options: DEB_BUILD_OPTIONS.
    """

    def __init__(self, overlay: Overlay, source: SourcePackage, phases: Phases, options: str = ""):
        self._overlay = overlay
        self._source = source
        self._phases = phases
        self._progress = Progress(phases)
        self._env = {"DEB_BUILD_OPTIONS": options} if options else {}
        self.path = f"{BUILD}/{source.directory}"

    @property
    def tested(self) -> bool:
        """Tests ran."""
        return self._progress.tested

    def unpack(self, archive: Path) -> None:
        """Put the upstream tarball into the build directory and unpack it."""
        build = self._overlay.path / BUILD.lstrip("/")
        build.mkdir()
        os.chown(build, BUILDER.uid, BUILDER.gid)
        shutil.copyfile(archive, build / self._source.archive)
        self.run("unpack the source", ["tar", "-xf", self._source.archive], cwd=BUILD)

    def unpack_again(self, below: str) -> str:
        """Unpack the tarball once more, untouched by the build; return the directory."""
        parent = f"{BUILD}/{below}"
        script = 'mkdir "$1" && tar -xf "$2" -C "$1"'
        self.run(
            "unpack the source",
            ["sh", "-c", script, "sh", parent, self._source.archive],
            cwd=BUILD,
        )
        return f"{parent}/{self._source.directory}"

    def copy_packaging(self, debian: Path) -> None:
        """Copy a component's own debian/ into the unpacked source."""
        with tempfile.TemporaryDirectory() as scratch:
            packed = Path(scratch, "debian.tar.xz")
            write_source_archive(
                debian, packed, top="debian", timestamp=self._source.timestamp, exclude=()
            )
            packed.chmod(0o644)
            inside = "/run/debian.tar.xz"
            self.run("unpack the packaging", ["tar", "-xf", inside], bind={packed: inside})

    def write_packaging(self, files: Mapping[str, str], tree: str = "") -> None:
        """Write files below debian/ of the unpacked source (or of another copy of it)."""
        self._overlay.put(
            f"{tree or self.path}/debian", files, user=BUILDER, mtime=self._source.timestamp
        )

    def dpkg_buildpackage(self, what: str, *arguments: str) -> None:
        """Run dpkg-buildpackage, unsigned, in the unpacked source."""
        self.run(what, ["dpkg-buildpackage", "-us", "-uc", *arguments])

    def run(
        self,
        what: str,
        argv: list[str],
        *,
        cwd: str = "",
        bind: Mapping[Path, str] | None = None,
    ) -> None:
        """Run a program as the builder, in the unpacked source unless `cwd` says otherwise.

        :raises BuildFailure: it fails, or the time is over; with the phase the output is in.
        """
        with self._phases.verdict(self._overlay.is_full):
            self._overlay.run(
                what,
                argv,
                user=BUILDER,
                cwd=cwd or self.path,
                env=self._env,
                bind=bind,
                output=self._progress.line,
                timeout_s=self._phases.remaining_s(),
            )

    def ask(self, what: str, argv: list[str]) -> str:
        """Run a program as the builder and return what it prints."""
        with self._phases.verdict(self._overlay.is_full):
            return self._overlay.run(what, argv, user=BUILDER, timeout_s=self._phases.remaining_s())

    def collect(self, listing: str, out: Path) -> tuple[str, ...]:
        """Copy a .changes or .dsc file and everything it lists to `out`; return the file names."""
        self._overlay.fetch(f"{BUILD}/{listing}", out / listing)
        names = listed_files((out / listing).read_text())
        for name in names:
            self._overlay.fetch(f"{BUILD}/{name}", out / name)
        return (*names, listing)
