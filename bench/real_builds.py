"""Real builds of the demo's stack, one by one: what `farm job` does, without a farm around it."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from demo.paths import TOP, Paths
from demo.rpm_distribution import build_distribution
from demo.stack import load_definition, make_repository, releases
from demo.tarballs import TarballCache, find_mirror
from farm import pool as pool_on_disk
from farm.digest import is_debug_package
from farm.git import Mirror
from farm.heads import Head, read_head
from farm.job.build import build
from farm.job.fetch import fetch_tree
from farm.job.model import BuildResult, Job, JobInput
from farm.job.workspace import Cache, Workspace
from farm.model.load import load_stack
from farm.run import clean_environment, run

EXAMPLE = TOP / "examples" / "demo" / "components.yml"
FIRST_COMMIT_AT = 1_700_000_000
"""Seconds since 1970 of the first commit made here; each later one is a minute younger."""

Edit = Callable[[Path], None]
"""Changes files of a component's tree."""


def prepare_sources(base: Path, cache: Path, components: Iterable[str]) -> dict[str, str]:
    """Have some of the demo's repositories and its RPM distribution below `base`.

    Each repository has the release that the demo's branch main stops at.

    :param cache: keeps downloads.
    :returns: the variables with which the demo's components.yml is read.
    :raises DemoError: the sources cannot be had.
    """
    paths = Paths(base)
    paths.demo.mkdir(parents=True, exist_ok=True)
    definition = load_definition()
    store = TarballCache(cache / "upstream", find_mirror, lambda _line: None)
    for tarball in store.fetch(definition.main, components):
        if not (paths.repositories / f"{tarball.source}.git").exists():
            found = releases([tarball], definition.suites)
            make_repository(paths.repositories, tarball.source, found, definition, store.path)
    distribution = paths.demo / "rpm-distribution"
    if not distribution.is_symlink():
        distribution.symlink_to(build_distribution(cache / "demo-rpm", log=io.StringIO()))
    return {"demo": str(paths.demo)}


@dataclass
class RealBuilds:
    """The demo's components for one distro, built in clean roots into a pool below `base`."""

    base: Path
    distro: str
    cache: Path
    """Roots, layers and downloads, kept between runs."""
    seconds: float = 0.0
    """Spent in the phases of all builds so far."""
    _heads: dict[str, Head] = field(default_factory=dict)
    _commits: int = 0
    _tags: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.base.mkdir(parents=True, exist_ok=True)
        self.stack = load_stack(
            EXAMPLE, prepare_sources(self.base, self.cache, load_definition().components)
        )
        self.pool = self.base / "pool"
        self.pool.mkdir(exist_ok=True)

    def tree(self, component: str) -> Path:
        """A work tree of the component's main branch; a commit there is what is built next."""
        tree = self.base / "work" / component
        if not tree.exists():
            url = self.stack.components[component].git
            run("clone", ["git", "clone", "-q", "-b", "main", url, tree])
        return tree

    def commit(self, component: str, edit: Edit, *, tag: str = "") -> None:
        """Change a component and push."""
        tree = self.tree(component)
        edit(tree)
        when = f"@{FIRST_COMMIT_AT + 60 * self._commits} +0000"
        self._commits += 1
        who = {
            f"GIT_{role}_{what}": text
            for role in ("AUTHOR", "COMMITTER")
            for what, text in (("NAME", "Ada"), ("EMAIL", "ada@example.invalid"), ("DATE", when))
        }
        environment = clean_environment(GIT_CONFIG_GLOBAL="/dev/null", **who)

        def git(*arguments: str) -> None:
            run("commit", ["git", "-C", tree, *arguments], env=environment)

        git("add", "--all")
        git("commit", "-q", "-m", "Change")
        if tag:
            git("tag", tag)
            self._tags.append(tag)
        git("push", "-q", "origin", "main", *([tag] if tag else []))

    def go_back(self, component: str) -> None:
        """Forget all commits and tags that were made here."""
        git = ["git", "-C", self.tree(component)]
        first = ["rev-list", "--max-count=1", "--author=Upstream", "HEAD"]
        run("reset", [*git, "reset", "-q", "--hard", run("ask", [*git, *first]).strip()])
        run("push", [*git, "push", "-q", "--force", "origin", "main"])
        for tag in self._tags:
            run("push", [*git, "push", "-q", "--delete", "origin", tag])
            run("forget", [*git, "tag", "--delete", tag])
        self._tags.clear()
        self._heads.pop(component, None)

    def build(self, component: str, *inputs: BuildResult) -> BuildResult:
        """Build the newest commit with the packages of other builds; the pool's result.

        :raises BuildFailure: it does not build.
        """
        job = self._job(component, inputs)
        if known := pool_on_disk.result(self.pool, job.key):
            return known
        cache = Cache(self.cache)
        for package in job.inputs:
            place = cache.package(package)
            if not place.exists():
                place.parent.mkdir(parents=True, exist_ok=True)
                kept = pool_on_disk.directory(self.pool, package.key) / package.filename
                shutil.copyfile(kept, place)
        with tempfile.TemporaryDirectory(dir=self.base) as scratch:
            workspace = Workspace(Path(scratch))
            fetch_tree(job, workspace.tree, cache, io.StringIO())
            with Path(os.devnull).open("wb") as terminal:
                result = build(job, workspace, cache, terminal)
            pool_on_disk.add(self.pool, job.key, workspace.out)
        self.seconds += sum(result.phases.values())
        return result

    def packages(self, result: BuildResult) -> list[Path]:
        """The binary packages of a build."""
        place = pool_on_disk.directory(self.pool, result.key)
        return [place / file.filename for file in result.files if file.kind == "binary"]

    def _job(self, name: str, inputs: Sequence[BuildResult]) -> Job:
        component = self.stack.components[name]
        mirror = Mirror(self.base / "mirrors" / name, component.git)
        mirror.update()
        head = self._heads[name] = read_head(mirror, component, "main", self._heads.get(name))
        given = tuple(
            JobInput(
                component=result.component,
                package=file.package,
                version=file.version,
                filename=file.filename,
                key=result.key,
                sha256=file.sha256,
                size=file.size,
                direct=result.component in component.depends,
            )
            for result in inputs
            for file in result.files
            if file.kind == "binary" and not is_debug_package(file.package)
        )
        said = [name, self.distro, head.commit, head.upstream_version, *(i.sha256 for i in given)]
        return Job(
            key=hashlib.sha256("\n".join(said).encode()).hexdigest(),
            component=component,
            distro=self.stack.distros[self.distro],
            channel="development",
            maintainer=self.stack.maintainer,
            commit=head.commit,
            upstream_version=head.upstream_version,
            rebuild=0,
            timestamp=head.timestamp,
            changes=(head.subject,),
            inputs=given,
            pool_url="http://127.0.0.1:1",
        )
