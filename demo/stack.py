"""The demo's upstream software as local git repositories: a commit and a tag per release."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from debian.debian_support import Version
from pydantic import BaseModel, ConfigDict
from ruamel.yaml import YAML

from demo.errors import DemoError
from demo.paths import Paths
from demo.tarballs import Tarball, TarballCache, find_mirror
from farm.errors import FarmError
from farm.model.names import ComponentName, DistroName
from farm.run import clean_environment, run

DEFINITION = Path(__file__).with_name("stack.yml")
PARALLEL_SUITES = 2

Say = Callable[[str], None]


class _Plain(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Upstream(_Plain):
    """What is special about one component's tarballs."""

    placeholders: tuple[str, ...] = ()
    """Files that the tarball lacks and its makefiles insist on; made empty."""


class Definition(_Plain):
    """stack.yml."""

    suites: tuple[DistroName, ...]
    """Debian suites to take versions from, oldest first."""
    main: DistroName
    """Branch ``main`` stops at this suite's version."""
    components: dict[ComponentName, Upstream]


@dataclass(frozen=True)
class Release:
    """One version of a component, with every suite that carries it."""

    tarball: Tarball
    suites: tuple[str, ...]

    @property
    def tag(self) -> str:
        """The git tag; git knows no ``~``, so Debian's ``1.2~rc1`` becomes ``v1.2-rc1``."""
        return "v" + self.tarball.version.replace("~", "-")


def load_definition(path: Path = DEFINITION) -> Definition:
    """Read stack.yml."""
    return Definition.model_validate(YAML(typ="safe").load(path))


def releases(tarballs: Sequence[Tarball], suites: Sequence[str]) -> list[Release]:
    """The distinct versions among one component's tarballs, oldest first.

    Suites with the same version share a release, with the tarball of the oldest of them.
    """
    by_version: dict[str, list[Tarball]] = {}
    for tarball in sorted(tarballs, key=lambda t: suites.index(t.suite)):
        by_version.setdefault(tarball.version, []).append(tarball)
    return [
        Release(same[0], tuple(t.suite for t in same))
        for _, same in sorted(by_version.items(), key=lambda item: Version(item[0]))
    ]


def main_index(found: Sequence[Release], suites: Sequence[str], main: str) -> int:
    """Which release branch ``main`` stops at: the suite's own, else the nearest older, else newer.

    :param found: at least one release, oldest first.
    """
    here = suites.index(main)
    for suite in [*reversed(suites[: here + 1]), *suites[here + 1 :]]:
        for index, release in enumerate(found):
            if suite in release.suites:
                return index
    return 0


def prepare(paths: Paths, say: Say) -> list[str]:
    """Make every repository of the stack that is not there yet.

    Repositories that exist are never touched: people push to them.

    :return: the names of those that were made.
    :raises DemoError: the software cannot be had.
    """
    definition = load_definition()
    wanted = [c for c in definition.components if not (paths.repositories / f"{c}.git").exists()]
    if not wanted:
        return []
    store = TarballCache(paths.cache, find_mirror, say)
    tarballs = _fetch_all(store, definition, wanted, say)
    for component in wanted:
        own = [t for t in tarballs if t.source == component]
        found = releases(own, definition.suites)
        if not found:
            raise DemoError(
                f"no suite of this machine's mirror has the tarball of {component}",
                f"Try by hand: apt-get source --download-only {component}",
            )
        make_repository(paths.repositories, component, found, definition, store.path)
        say(f"{component}: {', '.join(release.tag for release in found)}")
    return wanted


def _fetch_all(
    store: TarballCache, definition: Definition, sources: Sequence[str], say: Say
) -> list[Tarball]:
    """All tarballs of all suites that can be reached; the main suite has to be."""

    def fetch(suite: str) -> list[Tarball]:
        try:
            return store.fetch(suite, sources)
        except FarmError as error:
            if suite == definition.main or isinstance(error, DemoError):
                raise DemoError(
                    f"the sources of {suite} cannot be had: {error}",
                    getattr(error, "advice", "")
                    or "Does apt-get update work on this machine? Then run make demo again.",
                ) from error
            say(f"{suite} is left out, its versions are not needed: {str(error).splitlines()[-1]}")
            return []

    say(f"upstream releases from the Debian suites {', '.join(definition.suites)}")
    with ThreadPoolExecutor(PARALLEL_SUITES) as pool:
        return [tarball for found in pool.map(fetch, definition.suites) for tarball in found]


def make_repository(
    directory: Path,
    component: str,
    found: Sequence[Release],
    definition: Definition,
    tarball_path: Callable[[Tarball], Path],
) -> None:
    """Turn the releases of one component into the bare repository ``<component>.git``.

    It appears complete or not at all. The same tarballs give the same commit ids.
    """
    directory.mkdir(parents=True, exist_ok=True)
    stop = main_index(found, definition.suites, definition.main)
    with tempfile.TemporaryDirectory(dir=directory, prefix=".new-") as work:
        bare = Path(work) / "git"
        tree = Path(work) / "tree"
        _git(bare, "init", "-q", "--bare", "-b", "main", str(bare))
        # Upstream's files as they are, whatever the machine's git or their own attributes say.
        (bare / "info").mkdir(exist_ok=True)
        (bare / "info" / "attributes").write_text("* -text -filter -ident -export-subst\n", "utf-8")
        for index, release in enumerate(found):
            _unpack(tarball_path(release.tarball), tree)
            added = _add_placeholders(tree, definition.components[component].placeholders)
            if index == stop + 1:
                _git(bare, "branch", "next", "main")
                _git(bare, "symbolic-ref", "HEAD", "refs/heads/next")
            # Files of two releases can have one size and one time: git must not compare by these.
            (bare / "index").unlink(missing_ok=True)
            _commit(bare, tree, component, release, added)
        _git(bare, "symbolic-ref", "HEAD", "refs/heads/main")
        for leftover in ("index", "COMMIT_EDITMSG"):
            (bare / leftover).unlink(missing_ok=True)
        _git(bare, "gc", "-q", "--prune=now")
        bare.rename(directory / f"{component}.git")


def _unpack(tarball: Path, tree: Path) -> None:
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir()
    run(
        f"unpack {tarball.name}",
        ["tar", "-xf", tarball, "-C", tree, "--strip-components=1", "--no-same-owner"],
    )
    for nested in tree.rglob(".git"):
        shutil.rmtree(nested, ignore_errors=True)


def _add_placeholders(tree: Path, names: Sequence[str]) -> list[str]:
    added = [name for name in names if not (tree / name).exists()]
    for name in added:
        (tree / name).parent.mkdir(parents=True, exist_ok=True)
        (tree / name).touch()
    return added


def _commit(
    bare: Path, tree: Path, component: str, release: Release, placeholders: Sequence[str]
) -> None:
    tarball = release.tarball
    placed = {tree / name for name in placeholders}
    when = max(int(p.lstat().st_mtime) for p in tree.rglob("*") if p.is_file() and p not in placed)
    lines = [f"Imported from {tarball.filename}", f"sha256 {tarball.sha256}"]
    if placeholders:
        lines.append(f"empty placeholders added: {' '.join(placeholders)}")
    inside = [
        "--work-tree",
        str(tree),
        "-c",
        "core.bare=false",
        "-c",
        "core.logAllRefUpdates=false",
    ]
    _git(bare, *inside, "add", "--all", "--force", ".")
    _git(
        bare,
        *inside,
        *("commit", "-q", "--no-verify", "--allow-empty"),
        *("-m", f"{component} {release.tag.removeprefix('v')}", "-m", "\n".join(lines)),
        when=when,
    )
    _git(bare, "tag", release.tag)


def _git(bare: Path, *arguments: str, when: int = 0) -> str:
    environment = clean_environment(
        TZ="UTC",
        GIT_CONFIG_GLOBAL="/dev/null",
        GIT_CONFIG_SYSTEM="/dev/null",
        GIT_AUTHOR_NAME="Upstream",
        GIT_AUTHOR_EMAIL="upstream@example.invalid",
        GIT_COMMITTER_NAME="Importer",
        GIT_COMMITTER_EMAIL="importer@example.invalid",
        GIT_AUTHOR_DATE=f"@{when} +0000",
        GIT_COMMITTER_DATE=f"@{when} +0000",
    )
    return run(
        f"import into {bare}",
        ["git", f"--git-dir={bare}", *arguments],
        cwd=bare.parent,
        env=environment,
    )
