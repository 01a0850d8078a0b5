"""libsolv, used as rpm and dnf use it: what can be installed of a universe of packages."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import solv

from farm.errors import FarmError

_INSTALL = solv.Job.SOLVER_INSTALL | solv.Job.SOLVER_SOLVABLE


@dataclass(frozen=True)
class Reason:
    """One of the reasons why a package cannot be installed."""

    text: str
    """In libsolv's words."""
    package: str
    """``name-version-release.architecture`` that it is about."""
    other: str = ""
    """The other one, of a conflict."""
    missing: str = ""
    """What `package` requires and nothing offers, if it is that."""


class Universe:
    """Packages of RPM repositories: the distribution's and those in question.

    Versions and architectures are rpm's whatever this machine's packages are; Debian's own
    libsolv tools would leave out noarch packages.
    """

    def __init__(self, architecture: str):
        self._pool = solv.Pool()
        self._pool.setdisttype(solv.Pool.DISTTYPE_RPM)
        self._pool.setarch(architecture)
        self._complete = False

    def add_solv(self, path: Path) -> list[int]:
        """Add a repository that `write_solv` wrote; the numbers of its packages.

        :raises FarmError: it is damaged.
        """
        repository = self._pool.add_repo(path.stem)
        self._read(path, repository.add_solv)
        return [package.id for package in repository.solvables_iter()]

    def add_metadata(self, primary: Path, filelists: Path) -> dict[str, int]:
        """Add a repository by its (uncompressed) yum metadata; its packages, by what they are
        called in a `Reason`.

        :raises FarmError: it cannot be read.
        """
        repository = self._pool.add_repo(primary.parent.name)
        self._read(primary, lambda file: repository.add_rpmmd(file, None, 0))
        more = solv.Repo.REPO_EXTEND_SOLVABLES | solv.Repo.REPO_LOCALPOOL
        self._read(filelists, lambda file: repository.add_rpmmd(file, None, more))
        return {str(package): package.id for package in repository.solvables_iter()}

    def write_solv(self, path: Path) -> None:
        """Write all packages to a file that is quick to read."""
        with _opened(path, "w") as file:
            for repository in self._pool.repos_iter():
                repository.write(file)

    def consider(self, packages: Collection[int]) -> None:
        """Go on as if there were only these packages; after the last one was added."""
        if not self._complete:
            self._pool.addfileprovides()
            self._complete = True
        self._pool.set_considered_list(list(packages))
        self._pool.createwhatprovides()

    def obsoletes(self, package: int) -> list[str]:
        """What a package says it obsoletes."""
        said = self._pool.id2solvable(package).lookup_deparray(solv.SOLVABLE_OBSOLETES)
        return [str(relation) for relation in said]

    def broken(self, packages: Sequence[int]) -> Iterator[tuple[str, list[Reason]]]:
        """Those of `packages` that cannot be installed, each for itself; with all reasons."""
        solver = self._pool.Solver()
        solver.set_flag(solv.Solver.SOLVER_FLAG_IGNORE_RECOMMENDED, 1)
        for package in self._suspects(solver, packages):
            problems = solver.solve([self._pool.Job(_INSTALL, package)])
            if problems:
                name = str(self._pool.id2solvable(package))
                yield name, [reason for problem in problems for reason in _reasons(problem)]

    def _suspects(self, solver: solv.Solver, packages: Iterable[int]) -> list[int]:
        """Without those that are installed when many are tried at once, which is quick."""
        left = list(packages)
        while left:
            wish = _INSTALL | solv.Job.SOLVER_WEAK
            solver.solve([self._pool.Job(wish, package) for package in left])
            chosen = set(solver.raw_decisions(1))
            rest = [package for package in left if package not in chosen]
            if len(rest) == len(left):
                break
            left = rest
        return left

    def _read(self, path: Path, add: Callable[[solv.SolvFp], bool]) -> None:
        with _opened(path, "r") as file:
            if not add(file):
                raise FarmError(f"{path}: libsolv cannot read it: {self._pool.errstr}")


class _opened:
    """A file of libsolv's, closed at the end of a block."""

    def __init__(self, path: Path, mode: str):
        self._file = solv.xfopen(str(path), mode)
        if self._file is None:
            raise FarmError(f"{path} cannot be opened")

    def __enter__(self) -> solv.SolvFp:
        return self._file

    def __exit__(self, *error: object) -> None:
        self._file.close()


def _reasons(problem: solv.Problem) -> Iterator[Reason]:
    for rule in problem.findallproblemrules():
        for info in rule.allinfos():
            if info.type == solv.Solver.SOLVER_RULE_JOB or info.solvable is None:
                continue
            nothing = info.type == solv.Solver.SOLVER_RULE_PKG_NOTHING_PROVIDES_DEP
            yield Reason(
                text=info.problemstr(),
                package=str(info.solvable),
                other=str(info.othersolvable) if info.othersolvable else "",
                missing=str(info.dep) if nothing else "",
            )
