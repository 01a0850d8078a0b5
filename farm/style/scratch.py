"""A scratch copy of a component, built step by step: in a throw-away view of this machine's root.

As root the steps run in an overlay of ``/``, as an unprivileged user without network: whatever a
broken install rule does, it does to the overlay. Otherwise they run in a temporary directory with
the caller's own rights; since the prefix lies in that directory too, a rule that ignores DESTDIR
still hurts nothing.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from farm.build.bubblewrap import BUILDER, settle
from farm.build.sandbox import Overlay
from farm.buildsystem import BUILD_DIRECTORY
from farm.errors import CommandError, FarmError, InfrastructureError
from farm.git_process import run_git
from farm.packaging.manifest import Manifest, scan
from farm.run import clean_environment, run
from farm.style.project import GIT_TIMEOUT_S
from farm.style.trial import Failure, Trial

STEP_TIMEOUT_S = 1800.0
_ANY_PATHS = {"GIT_LITERAL_PATHSPECS": "0"}
"""git check-ignore refuses to work with the setting that every other git command here has."""

_PLACE = "/farm-check"
"""Where everything lies in the sandbox."""
_SETTLE = """set -e
cp -a /mnt/. source
mkdir home prefix staging
"""

Run = Callable[[str, str, Mapping[str, str]], None]
"""Runs one step: its name, its shell line, variables besides the clean environment's."""
Say = Callable[[str], None]


def try_out(
    directory: Path,
    files: Iterable[str],
    commands: Mapping[str, str],
    say: Say,
) -> Trial:
    """Build, test and install a copy of the component's files.

    :param files: the paths to copy, as git has them.
    :param commands: the shell lines of configure, build, test and install, in this order, as
        `farm.buildsystem` has them; an empty one means that there is nothing to do.
    :param say: told before each step.
    """
    with tempfile.TemporaryDirectory(prefix="farm-check-") as scratch:
        copy = Path(scratch, "copy")
        _copy(directory, files, copy)
        before = _contents(copy)
        with _place(Path(scratch), copy, say) as (place, inside, execute):
            return _follow(before, commands, place, inside, execute, say)


def _follow(
    before: Mapping[str, str],
    commands: Mapping[str, str],
    place: Path,
    inside: str,
    execute: Run,
    say: Say,
) -> Trial:
    failures: list[Failure] = []
    variables = {"DESTDIR": f"{inside}/staging", "PREFIX": f"{inside}/prefix"}
    for step, command in commands.items():
        if not command or any(failure.step in ("configure", "build") for failure in failures):
            continue
        say(f"{step}: {command}")
        try:
            execute(step, command, variables)
        except FarmError as error:
            output = error.output if isinstance(error, CommandError) else str(error)
            failures.append(Failure(step, command, output))
    source = place / "source"
    after = _contents(source)
    new = [path for path in after if path not in before]
    made = whole_directories([p for p in new if not p.startswith(f"{BUILD_DIRECTORY}/")], before)
    installed = all(failure.step == "test" for failure in failures)
    manifest, beside = _installed(place, inside) if installed else (None, ())
    return Trial(
        failures=tuple(failures),
        escaped=tuple(sorted(_contents(place / "prefix"))),
        beside=beside,
        made=_not_ignored(made, source, before),
        changed=tuple(sorted(p for p, d in before.items() if p in after and after[p] != d)),
        manifest=manifest,
    )


def whole_directories(paths: Iterable[str], before: Iterable[str]) -> tuple[str, ...]:
    """New paths, where a directory that is itself new stands for all in it: ``build/``."""
    known = {"", *(str(parent) for path in before for parent in Path(path).parents)}
    found: dict[str, None] = {}
    for path in sorted(paths):
        parents = [str(parent) for parent in reversed(Path(path).parents)]
        new = next((parent for parent in parents if parent not in known and parent != "."), "")
        found[f"{new}/" if new else path] = None
    return tuple(found)


def _installed(place: Path, inside: str) -> tuple[Manifest | None, tuple[str, ...]]:
    """What was staged, as for the prefix /usr, and the staged paths beside the prefix."""
    try:
        manifest = scan(place / "staging")
    except FarmError:
        return None, ()
    prefix = f"{inside}/prefix"
    beside = tuple(f.path for f in manifest.files if not f.path.startswith(f"{prefix}/"))
    return manifest.with_prefix(prefix, "/usr"), beside


@contextmanager
def _place(scratch: Path, copy: Path, say: Say) -> Iterator[tuple[Path, str, Run]]:
    """Where the steps run: as this process sees it, as they see it, and what runs them."""
    with ExitStack() as stack:
        try:
            overlay = stack.enter_context(Overlay([Path("/")], scratch / "mnt"))
        except InfrastructureError as error:
            say(f"without a sandbox, with your rights and network: {error}")
            made = _plain(scratch, copy)
        else:
            made = _sandboxed(overlay, copy)
        yield made


def _sandboxed(overlay: Overlay, copy: Path) -> tuple[Path, str, Run]:
    place = overlay.path / _PLACE.lstrip("/")
    settle(overlay.path)
    place.mkdir()
    os.chown(place, BUILDER.uid, BUILDER.gid)
    overlay.run("copy", ["sh", "-c", _SETTLE], user=BUILDER, cwd=_PLACE, bind={copy: "/mnt"})

    def execute(step: str, command: str, variables: Mapping[str, str]) -> None:
        overlay.run(
            step,
            ["sh", "-ec", command],
            user=BUILDER,
            cwd=f"{_PLACE}/source",
            env=clean_environment(HOME=f"{_PLACE}/home", **variables),
            timeout_s=STEP_TIMEOUT_S,
        )

    return place, _PLACE, execute


def _plain(scratch: Path, copy: Path) -> tuple[Path, str, Run]:
    place = scratch / "place"
    for name in ("home", "prefix", "staging"):
        (place / name).mkdir(parents=True)
    copy.rename(place / "source")

    def execute(step: str, command: str, variables: Mapping[str, str]) -> None:
        run(
            step,
            ["sh", "-ec", command],
            cwd=place / "source",
            env=clean_environment(HOME=str(place / "home"), **variables),
            timeout_s=STEP_TIMEOUT_S,
        )

    return place, str(place), execute


def _copy(directory: Path, files: Iterable[str], target: Path) -> None:
    """Copy files; all get one time, as a farm's checkout does (git keeps none)."""
    target.mkdir()
    for path in files:
        source = directory / path
        if not source.is_symlink() and not source.is_file():
            continue  # deleted, and not yet committed
        (target / path).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(source, target / path, follow_symlinks=False)
    now = int(target.stat().st_mtime)
    for copied in (target, *target.rglob("*")):
        os.utime(copied, (now, now), follow_symlinks=False)


def _contents(directory: Path) -> dict[str, str]:
    """Digest of every file below a directory, by its path; of a link its target."""
    found = {}
    for folder, folders, names in os.walk(directory):
        for name in (*names, *(f for f in folders if Path(folder, f).is_symlink())):
            file = Path(folder, name)
            found[file.relative_to(directory).as_posix()] = _digest(file)
    return found


def _digest(file: Path) -> str:
    mode = file.lstat().st_mode
    if stat.S_ISLNK(mode):
        return f"link to {file.readlink()}"
    if not stat.S_ISREG(mode):
        return "neither file nor link"
    with file.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _not_ignored(
    paths: tuple[str, ...], source: Path, before: Mapping[str, str]
) -> tuple[str, ...]:
    """The paths that no .gitignore of the component names.

    git looks at a copy of those files alone: a built tree may hold a git configuration that runs
    programs.
    """
    if not paths:
        return ()
    with tempfile.TemporaryDirectory(prefix="farm-check-") as scratch:
        rules = Path(scratch)
        run_git(["init", "--quiet", "--template=", "--", scratch], GIT_TIMEOUT_S)
        for path in before:
            file = source / path
            if Path(path).name == ".gitignore" and file.is_file() and not file.is_symlink():
                (rules / path).parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(file, rules / path)
        try:
            argv = ["-C", scratch, "check-ignore", "--", *paths]
            said = run_git(argv, GIT_TIMEOUT_S, _ANY_PATHS)
        except CommandError:  # it names none of them
            return paths
    ignored = set(said.splitlines())
    return tuple(path for path in paths if path not in ignored)
