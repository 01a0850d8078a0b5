"""A real farm that builds components of the demo's stack, and machines that install from it."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import requests
from ruamel.yaml import YAML

from bench.edits import Commit
from bench.real_builds import EXAMPLE, prepare_sources
from farm.build.deb.roots import root_for
from farm.build.rpm.roots import root_in_use
from farm.build.sandbox import Overlay
from farm.digest import is_debug_package
from farm.job.model import BuildResult
from farm.model.load import load_stack
from repo_publish.manifest import MANIFEST, Manifest, ManifestComponent
from tests import projects
from tests.farms import TestFarm, git
from tests.real.cache import CACHE
from tests.real.test_farm import DEB, RPM, AptMachine, DnfMachine

LINES = {"bookworm": DEB, "demo-rpm": RPM}
TIMEOUT_S = 1800
OGGCHECK = "oggcheck"

_OGGCHECK_C = """\
#include <stdio.h>
#include <ogg/ogg.h>

int main(void)
{
    ogg_sync_state state;
    ogg_sync_init(&state);
    printf("oggcheck 1.0, %s a buffer\\n", ogg_sync_buffer(&state, 100) ? "has" : "lacks");
    return ogg_sync_clear(&state);
}
"""


class CutoffFarm:
    """Components of the demo's stack, and `oggcheck`, a small program that uses libogg."""

    def __init__(self, base: Path, components: Sequence[str]):
        variables = prepare_sources(base, CACHE, components)
        example = YAML().load(EXAMPLE.read_text().replace("${demo}", variables["demo"]))
        known, self.git = example["components"], base / "demo" / "git"
        self._write_program(base / OGGCHECK)
        stack = {
            "channels": {"development": {}},
            "distros": {name: example["distros"][name] for name in LINES},
            "components": {
                **{name: known[name] for name in components},
                OGGCHECK: {
                    "git": f"file://{base / OGGCHECK}",
                    "summary": "Says whether libogg works",
                    "licence": "MIT",
                    "depends": ["libogg"],
                    "packages": {"deb": ["pkgconf"], "rpm": ["pkgconf-pkg-config"]},
                },
            },
        }
        self.farm = TestFarm(base, stack, quick=False)
        (self.farm.state / "cache").symlink_to(CACHE)
        self.distros = load_stack(base / "components.yml").distros

    def _write_program(self, repository: Path) -> None:
        projects.write_program(repository, OGGCHECK, "ogg")
        (repository / f"{OGGCHECK}.c").write_text(_OGGCHECK_C)
        projects.commit(repository, "First release", tag="v1.0")

    def push(self, *commits: Commit) -> None:
        """Commit each to its component and push them together; the farm is told."""
        for commit in commits:
            tree = self.farm.base / "work" / commit.component
            if not tree.exists():
                bare = self.git / f"{commit.component}.git"
                tree.parent.mkdir(exist_ok=True)
                git(tree.parent, "clone", "-q", "-b", "main", str(bare), str(tree))
            commit.edit(tree)
            git(tree, "add", "--all")
            git(tree, "commit", "-q", "-m", commit.what)
            if commit.tag:
                git(tree, "tag", commit.tag)
            git(tree, "push", "-q", "origin", "main", *([commit.tag] if commit.tag else []))
        for name in {commit.component for commit in commits}:
            assert self.farm.hook(f"file://{self.git / name}.git") == 200

    def settled(self, component: str, builds: int) -> None:
        """Wait until a component was built so often on every line, and all is published."""

        def holds(distro: str, line: str) -> bool:
            state = self.farm.status()["lines"].get(line, {}).get("state")
            every = set(self.farm.states(line).values()) == {"published"}
            return state == "idle" and every and len(self.builds(component, distro)) == builds

        for distro, line in LINES.items():
            what = f"{component} has {builds} builds on {line}, and all is published"
            self.farm.wait(what, lambda d=distro, n=line: holds(d, n), TIMEOUT_S)

    def builds(self, component: str, distro: str) -> list[BuildResult]:
        """Everything that was ever built of a component."""
        results = [
            BuildResult.model_validate_json(path.read_bytes())
            for path in self.farm.state.glob("pool/*/*/result.json")
        ]
        return [r for r in results if (r.component, r.distro) == (component, distro)]

    def published(self, distro: str) -> dict[str, ManifestComponent]:
        """What the live archive says that it holds."""
        url = f"{self.farm.archive_url}{LINES[distro]}/{MANIFEST}"
        manifest = Manifest.model_validate_json(requests.get(url, timeout=20).content)
        return {one.component: one for one in manifest.components}

    @contextmanager
    def machines(self) -> Iterator[dict[str, Callable[..., str]]]:
        """A new machine of each distro; the value runs programs on it."""
        with ExitStack() as machines:
            log, work = io.StringIO(), self.farm.base / "clients"
            deb = root_for(self.distros["bookworm"], CACHE, log)
            apt = AptMachine(self.farm, machines.enter_context(Overlay([deb.tree], work)))
            rpm = machines.enter_context(root_in_use(self.distros["demo-rpm"], CACHE, log))
            dnf = DnfMachine(self.farm, machines.enter_context(Overlay([rpm.path], work)), rpm.dnf)
            apt.run("update")
            for distro, machine in (("bookworm", apt), ("demo-rpm", dnf)):
                machine.run("install", *self.everything(distro))
            yield {"bookworm": _runner(apt.client), "demo-rpm": _runner(dnf.client)}

    def everything(self, distro: str) -> list[str]:
        """Every package that the archive offers, in just that version."""
        joint = "=" if distro == "bookworm" else "-"
        return [
            f"{file.package}{joint}{file.version}"
            for one in self.published(distro).values()
            for file in one.files
            if file.kind == "binary" and not is_debug_package(file.package)
        ]


def _runner(client: Any) -> Callable[..., str]:
    return lambda *argv: str(client.run(" ".join(argv), list(argv)))
