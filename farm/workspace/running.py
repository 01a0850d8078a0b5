"""Building many components: in order, in parallel, only what is stale, and on after a failure."""

from __future__ import annotations

import shutil
import threading
import time
from collections.abc import Callable, Collection
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass
from enum import StrEnum
from graphlib import TopologicalSorter
from heapq import heappop, heappush

from farm.errors import FarmError
from farm.workspace.assessment import Assessment, Assessor
from farm.workspace.building import Built, ComponentBuild
from farm.workspace.entries import with_dependencies
from farm.workspace.environment import build_environment
from farm.workspace.errors import Stopped
from farm.workspace.isolation import Isolation
from farm.workspace.jobserver import Jobserver
from farm.workspace.prefix import finish_journal, remove_installed
from farm.workspace.records import ComponentFiles, load_record
from farm.workspace.steps import StepRunner
from farm.workspace.workspace import Workspace


class Outcome(StrEnum):
    """What became of a component."""

    CURRENT = "up to date"
    BUILT = "built"
    TESTED = "tested"
    FAILED = "failed"
    BLOCKED = "blocked"
    REMOVED = "removed"


@dataclass(frozen=True)
class Result:
    """The result for one component."""

    name: str
    outcome: Outcome
    reasons: tuple[str, ...] = ()
    """Why it was built; or why it was not."""
    seconds: float = 0.0
    tests: str = ""
    changed: int = 0
    """How many files of the prefix changed."""
    message: str = ""
    """What failed."""
    outside: tuple[str, ...] = ()
    """Files outside the prefix that were not installed."""
    submodules: tuple[str, ...] = ()
    """Submodules in its source: they are not fetched, so their directories are empty in builds."""


@dataclass(frozen=True)
class Options:
    """How components are built."""

    jobs: int
    tests: bool = True
    insist: frozenset[str] = frozenset()
    """Components that are built from nothing even when they are up to date."""
    retest: frozenset[str] = frozenset()
    """Components whose tests are run even when they are up to date."""


Report = Callable[[Result], None]
Begin = Callable[[str, tuple[str, ...]], None]


class BuildRun:
    """One command's builds. The workspace's lock must be held.

    :param begin: told of each component that starts, and why.
    :param report: told of each component that is done.
    """

    def __init__(self, workspace: Workspace, options: Options, begin: Begin, report: Report):
        self._workspace = workspace
        self._options = options
        self._begin = begin
        self._report = report
        self.assessor = Assessor(workspace)
        self._installing = threading.Lock()
        self._isolation = Isolation()
        self._owners: dict[str, str] | None = None
        self._jobserver = Jobserver(options.jobs)
        self._used = {one for entry in workspace.entries.values() for one in entry.depends}

    def run(self, names: Collection[str]) -> list[Result]:
        """Build those of the components, and of what they are built with, that are stale.

        :return: a result for every component, in the order in which they were done.
        :raises Stopped: the user stopped the command.
        """
        results = self._tidy()
        chosen = self._workspace.from_source(with_dependencies(self._workspace.entries, names))
        graph = {
            name: [d for d in self._workspace.entries[name].depends if d in chosen]
            for name in sorted(chosen)
        }
        try:
            self._build_all(graph, results)
        finally:
            self._jobserver.close()
        return results

    def _build_all(self, graph: dict[str, list[str]], results: list[Result]) -> None:
        order = TopologicalSorter(graph)
        order.prepare()
        after = self._remaining(graph)
        waiting: list[tuple[float, str, Assessment]] = []
        running: dict[Future[Result], str] = {}
        unusable: dict[str, str] = {}

        def done(result: Result) -> None:
            results.append(result)
            if result.outcome in (Outcome.FAILED, Outcome.BLOCKED):
                unusable[result.name] = result.name
            self._report(result)
            order.done(result.name)

        with ThreadPoolExecutor(self._options.jobs) as pool:
            try:
                while order.is_active():
                    for name in order.get_ready():
                        found = self._look(name, [d for d in graph[name] if d in unusable])
                        if isinstance(found, Result):
                            done(found)
                        else:
                            heappush(waiting, (-after[name], name, found))
                    while waiting and len(running) < self._options.jobs:
                        _, name, assessment = heappop(waiting)
                        running[pool.submit(self._one, assessment)] = name
                    if running:
                        finished, _ = wait(running, return_when=FIRST_COMPLETED)
                        for future in finished:
                            running.pop(future)
                            done(future.result())
            except BaseException as error:
                self._workspace.processes.stop()
                if isinstance(error, KeyboardInterrupt):
                    raise Stopped from error
                raise

    def _look(self, name: str, broken: list[str]) -> Result | Assessment:
        """The result of a component that is not built now, or what to build it from."""
        if broken:
            return Result(name, Outcome.BLOCKED, tuple(f"needs {one}" for one in broken))
        try:
            assessment = self.assessor.assess(name)
        except FarmError as error:
            return Result(name, Outcome.FAILED, message=str(error))
        forced = name in self._options.insist or name in self._options.retest
        if assessment.reasons or forced:
            return assessment
        tests = assessment.record.tests if assessment.record else ""
        return Result(name, Outcome.CURRENT, tests=tests)

    def _one(self, assessment: Assessment) -> Result:
        """Build one component, on a thread of its own."""
        name = assessment.name
        stopping = self._workspace.processes
        if not self._jobserver.acquire(lambda: stopping.stopping):
            raise Stopped
        began = time.time()
        try:
            if assessment.reasons or name in self._options.insist:
                reasons = assessment.reasons or ("asked for",)
                self._begin(name, reasons)
                return self._built(assessment, reasons, self._build(assessment))
            self._begin(name, ("tests asked for",))
            tests = self._retest(assessment)
            return Result(name, Outcome.TESTED, (), time.time() - began, tests)
        except Stopped:
            raise
        except FarmError as error:
            return Result(
                name, Outcome.FAILED, assessment.reasons, time.time() - began, message=str(error)
            )
        finally:
            self._jobserver.release()

    def _build(self, assessment: Assessment) -> Built:
        with self._runner(assessment.name) as runner:
            return self._component(assessment, runner).build()

    def _retest(self, assessment: Assessment) -> str:
        with self._runner(assessment.name) as runner:
            return self._component(assessment, runner).test()

    def _component(self, assessment: Assessment, runner: StepRunner) -> ComponentBuild:
        workspace = self._workspace
        return ComponentBuild(
            assessment,
            self.assessor.files(assessment.name),
            workspace.source_of(assessment.name),
            workspace.settings.prefix_path,
            workspace.settings.created,
            runner,
            self._all_owners(),
            self._installing,
            self._isolation,
            assessment.name in self._used,
            self._options.tests,
            assessment.name in self._options.insist,
        )

    def _runner(self, name: str) -> StepRunner:
        workspace, files = self._workspace, self.assessor.files(name)
        environment = build_environment(
            workspace.settings.prefix_path,
            workspace.environment,
            workspace.settings.created,
            self._options.jobs,
        )
        return StepRunner(
            name, files.tree, files.log, environment, workspace.processes, self._jobserver
        )

    def _built(self, assessment: Assessment, reasons: tuple[str, ...], built: Built) -> Result:
        self.assessor.built(assessment.name, built.record)
        return Result(
            assessment.name,
            Outcome.BUILT,
            reasons,
            built.record.seconds,
            built.record.tests,
            built.changed,
            outside=tuple(built.record.outside),
            submodules=tuple(assessment.sweep.submodules),
        )

    def _tidy(self) -> list[Result]:
        """Finish what an earlier command could not, and remove what the stack has no more."""
        workspace, removed = self._workspace, []
        place = workspace.layout.state / "components"
        for directory in sorted(place.iterdir()) if place.is_dir() else ():
            files = ComponentFiles(directory)
            if files.journal.exists():
                finish_journal(files, workspace.settings.prefix_path)
            name = directory.name
            if name in workspace.entries:
                continue
            record = load_record(files)
            if record is not None:
                prefix = workspace.settings.prefix_path
                remove_installed(prefix, record, self._all_owners(), name)
                removed.append(Result(name, Outcome.REMOVED, ("gone from the stack",)))
                self._report(removed[-1])
            shutil.rmtree(directory, ignore_errors=True)
        return removed

    def _all_owners(self) -> dict[str, str]:
        """Which component installed each file of the prefix."""
        with self._installing:
            if self._owners is None:
                self._owners = {}
                place = self._workspace.layout.state / "components"
                for directory in sorted(place.iterdir()) if place.is_dir() else ():
                    record = self.assessor.record(directory.name)
                    if record is not None:
                        self._owners.update(dict.fromkeys(record.installed, directory.name))
            return self._owners

    def _remaining(self, graph: dict[str, list[str]]) -> dict[str, float]:
        """The longest path of builds that starts with each component, from recorded times."""
        users: dict[str, list[str]] = {name: [] for name in graph}
        for name, needed in graph.items():
            for one in needed:
                users[one].append(name)
        result: dict[str, float] = {}
        for name in reversed(list(TopologicalSorter(graph).static_order())):
            record = self.assessor.record(name)
            own = record.seconds if record else 1.0
            result[name] = own + max((result[user] for user in users[name]), default=0.0)
        return result


def without_checkout(workspace: Workspace, names: Collection[str]) -> list[str]:
    """Those of the components, and of what they are built with, that are not checked out."""
    chosen = workspace.from_source(with_dependencies(workspace.entries, names))
    return sorted(name for name in chosen if not workspace.checkouts[name].exists)
