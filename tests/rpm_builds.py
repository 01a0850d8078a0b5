"""RPMs of small projects, built in roots of the demo distribution."""

from __future__ import annotations

import io
import os
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from farm.build.bubblewrap import BUILDER
from farm.build.interface import BuildOutcome, BuildRequest, InputPackage
from farm.build.rpm.inputs import read_rpm
from farm.build.rpm.overlay import OverlayBackend
from farm.build.rpm.roots import root_in_use
from farm.build.sandbox import Overlay
from farm.errors import BuildFailure
from farm.model import Distro
from farm.run import CLEAN_PATH
from tests.packaging_data import tree_info
from tests.projects import TIMESTAMP
from tests.real.cache import CACHE

ARCHITECTURE = os.uname().machine


def distro_of(repository: Path) -> Distro:
    return Distro.model_validate(
        {
            "name": "demo-rpm",
            "family": "rpm",
            "release": "Demo 1",
            "architecture": ARCHITECTURE,
            "version_suffix": ".demo1",
            "root": {"repositories": {"demo": repository.as_uri()}},
        }
    )


@dataclass(frozen=True)
class Built:
    """A finished build, where it lies and what it printed."""

    outcome: BuildOutcome
    out: Path
    log: str

    @property
    def packages(self) -> list[Path]:
        return [self.out / name for name in self.outcome.binaries if "-debug" not in name]

    @property
    def source(self) -> Path:
        return self.out / self.outcome.source[0]

    def package(self, name: str) -> Path:
        return next(path for path in self.packages if read_rpm(path).name == name)


def build(
    distro: Distro,
    tree: Path,
    out: Path,
    *,
    version: str = "1.0",
    needs: Sequence[str] = (),
    inputs: Sequence[Path] = (),
    own: bool = False,
    timeout_s: int = 300,
) -> Built:
    info = tree_info(tree, distro, version, needs)
    given = tuple(InputPackage("dependency", read_rpm(p).name, "1", p, True) for p in inputs)
    out.mkdir(parents=True)
    request = BuildRequest(info, tree, own, distro, given, CACHE, out, timeout_s)
    log = io.StringIO()
    return Built(OverlayBackend().build(request, log), out, log.getvalue())


def failure(distro: Distro, tree: Path, **options: object) -> BuildFailure:
    with pytest.raises(BuildFailure) as caught:
        build(distro, tree, tree.parent / "failed", **options)  # type: ignore[arg-type]
    return caught.value


def query(package: Path, what: str) -> str:
    argv = ["rpm", "--query", "--package", "--nosignature", what, str(package)]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout


def rebuilt_from_source(distro: Distro, source: Path) -> dict[str, bytes]:
    """The packages that rpmbuild makes of a published source package, and of nothing else."""
    environment = {
        "PATH": CLEAN_PATH,
        "HOME": "/builddir",
        "LANG": "C.UTF-8",
        "SOURCE_DATE_EPOCH": str(TIMESTAMP),
    }
    with (
        root_in_use(distro, CACHE, io.StringIO()) as root,
        Overlay([root.path], CACHE / "rpm/work") as overlay,
    ):
        overlay.run(
            "rebuild",
            ["rpmbuild", "--rebuild", "--target", ARCHITECTURE, f"/mnt/{source.name}"],
            user=BUILDER,
            cwd="/builddir",
            env=environment,
            bind={source.parent: "/mnt"},
        )
        made = (overlay.path / "builddir/build/RPMS").glob("*.rpm")
        return {path.name: path.read_bytes() for path in made}


def packed(built: Built) -> dict[str, bytes]:
    return {name: (built.out / name).read_bytes() for name in built.outcome.binaries}


def write_program_with(tree: Path, *, install: str = "true") -> Path:
    """A program of one file with a plain Makefile."""
    tree.mkdir(parents=True)
    (tree / "hello.c").write_text(
        '#include <stdio.h>\nint main(void) { return puts("hello") < 0; }\n'
    )
    (tree / "Makefile").write_text(
        "CFLAGS = -O2 -g\n"
        "hello: hello.c\n\tcc $(CFLAGS) -o $@ hello.c\n"
        "check: hello\n\t./hello\n"
        f"install: hello\n\tinstall -Dm755 hello $(DESTDIR)/usr/bin/hello\n\t{install}\n"
    )
    return tree
