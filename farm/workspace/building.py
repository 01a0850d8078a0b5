"""Building one component: tree, configure, build, test, install; the prefix last, or not at all."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from farm.errors import FarmError
from farm.workspace import prefix as installing
from farm.workspace.assessment import Assessment
from farm.workspace.configure_log import read_logs, runs_programs
from farm.workspace.errors import Stopped, WorkspaceError
from farm.workspace.facts import is_library
from farm.workspace.isolation import Isolation
from farm.workspace.leftovers import end_leftovers
from farm.workspace.observer import Observer, source_directories
from farm.workspace.records import (
    ComponentFiles,
    Evidence,
    Record,
    load_evidence,
    observable,
    save_evidence,
)
from farm.workspace.redo import Redo, decide
from farm.workspace.steps import StepRunner
from farm.workspace.tree import Disturbed, check_copy, populate, renew, snapshot
from farm.workspace.view import update_view

BOOT = Path("/proc/sys/kernel/random/boot_id")
PASSED, NO_TESTS, NOT_RUN = "passed", "none", "not run"


@dataclass(frozen=True)
class Built:
    """A finished build."""

    record: Record
    changed: int
    """How many files of the prefix changed."""
    fresh: bool
    """The build tree was made afresh."""
    kept: int
    """How many files of an earlier build were still right."""


@dataclass
class ComponentBuild:
    """One build of one component.

    :param owners: which component installed each file of the prefix; kept up to date.
    :param installing: held while the prefix changes.
    :param isolation: shows the steps only what the component may see of the prefix.
    :param used: other components depend on it.
    :param run_tests: test before the install.
    :param insist: start from nothing, whatever could be kept.
    """

    assessment: Assessment
    files: ComponentFiles
    source: Path
    prefix: Path
    time_s: int
    runner: StepRunner
    owners: dict[str, str]
    installing: AbstractContextManager[object]
    isolation: Isolation
    used: bool
    run_tests: bool = True
    insist: bool = False

    def build(self) -> Built:
        """Build and install.

        :raises StepFailed: a line failed; the prefix is as it was.
        :raises WorkspaceError: the disk, the prefix or the source is not as it has to be.
        :raises Stopped: the user stopped the command.
        """
        began = time.time()
        system = self.assessment.system
        redo, before = self._decide()
        try:
            evidence, kept = self._prepare(redo, before)
            with self._shown():
                if evidence.phase == "configuring":
                    evidence = self._configure(evidence)
                evidence = self._build(evidence)
                tests = NO_TESTS if not system.test else PASSED if self.run_tests else NOT_RUN
                if self.run_tests:
                    self._guarded(lambda: evidence, lambda: self.runner.run("test", system.test))
                self._stage_files(evidence)
            record, changed = self._put_into_prefix(tests, began)
            save_evidence(self.files, replace(evidence, phase="done"))
        except OSError as error:
            raise WorkspaceError(
                f"{self.assessment.name}: {error.filename or self.files.root}: {error.strerror}"
            ) from error
        finally:
            self._clean_stage()
        return Built(record, changed, redo.fresh, kept)

    def test(self) -> str:
        """Run the tests of an up-to-date component again, in its tree; return what came out.

        :raises StepFailed: they failed.
        """
        with self._shown():
            self.runner.run("test", self.assessment.system.test)
        return PASSED if self.assessment.system.test else NO_TESTS

    def _decide(self) -> tuple[Redo, Evidence | None]:
        before = load_evidence(self.files)
        if before is not None and before.phase != "done" and not before.stopped:
            end_leftovers(self.files.tree)
        redo = decide(
            before if self.files.tree.is_dir() else None,
            self.assessment.inputs,
            self.assessment.sweep.files,
            self.assessment.outputs,
            kind=self.assessment.system.kind,
            boot=_boot(),
            insist=self.insist,
        )
        return redo, before

    def _prepare(self, redo: Redo, before: Evidence | None) -> tuple[Evidence, int]:
        """Bring the tree to the state in which its first step can run."""
        files = dict(self.assessment.sweep.files)
        kept = 0
        if before is not None and not redo.fresh:
            # An end while the tree is renewed leaves one of which nothing is known.
            save_evidence(self.files, replace(before, phase="configuring", stopped=0.0))
            try:
                found = renew(
                    self.source, self.files.tree, files, before, redo, self.prefix, self.time_s
                )
            except Disturbed as error:
                redo = Redo(True, f"the build changed {error}, which configure made")
            else:
                check_copy(
                    self.files.tree,
                    {p: what for p, what in files.items() if before.files.get(p) != what},
                )
                kept = found.objects
                self._note(
                    f"kept: configure's results and {kept} files of object code"
                    + (f"; {found.all_dropped}" if found.all_dropped else "")
                )
                evidence = replace(
                    before,
                    inputs=self.assessment.inputs,
                    files=files,
                    outputs=self.assessment.outputs,
                    phase="building",
                    stopped=0.0,
                    failed=False,
                    kept=True,
                    boot=_boot(),
                )
                save_evidence(self.files, evidence)
                return evidence, kept
        self._note(f"made afresh: {redo.why}")
        lines = self.assessment.system
        evidence = Evidence(
            inputs=self.assessment.inputs,
            files=files,
            outputs=self.assessment.outputs,
            phase="configuring",
            boot=_boot(),
        )
        save_evidence(self.files, evidence)
        populate(self.source, self.files.tree, files, self.time_s)
        check_copy(self.files.tree, files)
        if not lines.configure:
            evidence = replace(
                evidence,
                phase="building",
                configure_opened=[],
                prefix_opened=[],
                build_opened=[],
                runs_programs=False,
            )
            save_evidence(self.files, evidence)
        else:
            evidence = replace(evidence, build_opened=[])
        return evidence, kept

    def _configure(self, evidence: Evidence) -> Evidence:
        """Run configure, and note what it read."""
        own = Observer(source_directories(self.files.tree, evidence.files))
        seen_as = self._view if self.isolation.available else self.prefix
        theirs = Observer(source_directories(seen_as, self._visible))

        def collect() -> None:
            own.collect()
            theirs.collect()

        try:
            self.runner.run(
                "configure", self.assessment.system.configure, parallel=True, meanwhile=collect
            )
            opened, prefix_opened = own.opened(), theirs.opened()
        finally:
            own.close()
            theirs.close()
        libraries = {path.rpartition("/")[2] for path in self._visible if is_library(path)}
        evidence = replace(
            evidence,
            phase="building",
            configured=snapshot(self.files.tree, evidence.files),
            configure_opened=_sorted(opened, evidence.files),
            prefix_opened=_sorted(prefix_opened, self._visible),
            runs_programs=bool(libraries)
            and runs_programs(read_logs(self.files.tree), libraries, str(self.prefix)),
        )
        save_evidence(self.files, evidence)
        return evidence

    def _build(self, evidence: Evidence) -> Evidence:
        """Run the build, and note which sources it read."""
        own = Observer(source_directories(self.files.tree, evidence.files))

        def seen() -> Evidence:
            opened, before = own.opened(), evidence.build_opened
            known = None if opened is None or before is None else {*opened, *before}
            return replace(evidence, build_opened=_sorted(known, evidence.files))

        try:
            line = self.assessment.system.build
            self._guarded(
                seen, lambda: self.runner.run("build", line, parallel=True, meanwhile=own.collect)
            )
            return seen()
        finally:
            own.close()

    def _guarded(self, evidence: Callable[[], Evidence], work: Callable[[], None]) -> None:
        """Do something after configure; however it ends, what is known of the tree is kept."""
        try:
            work()
        except Stopped:
            save_evidence(self.files, replace(evidence(), stopped=time.time()))
            raise
        except FarmError:
            save_evidence(self.files, replace(evidence(), phase="done", failed=True))
            raise

    def _stage_files(self, evidence: Evidence) -> None:
        """Run the install step into the staging directory."""
        shutil.rmtree(self._stage, ignore_errors=True)
        self._stage.mkdir(parents=True)
        line, extra = self.assessment.system.install, {"DESTDIR": str(self._stage)}
        self._guarded(lambda: evidence, lambda: self.runner.run("install", line, extra=extra))

    def _put_into_prefix(self, tests: str, began: float) -> tuple[Record, int]:
        """Bring what was staged into the prefix; return the record, and how many files changed."""
        staged = installing.scan_stage(self._stage, self.prefix)
        if staged.outside and not staged.files:
            raise WorkspaceError(
                f"{self.assessment.name} installs nothing below the prefix {self.prefix}, but "
                f"{staged.outside[0]}: its commands must use $PREFIX"
            )
        old = self.assessment.record.installed if self.assessment.record else {}
        stage_root = self._stage / str(self.prefix).lstrip("/")
        installed = installing.describe_installed(
            stage_root, self.prefix, staged.files, old, used=self.used
        )
        record = Record(
            inputs=self.assessment.inputs,
            output=installing.output_digest(installed, observable(installed)),
            tests=tests,
            installed=installed,
            directories=list(staged.directories),
            built=time.time(),
            seconds=time.time() - began,
            outside=list(staged.outside),
        )
        with self.installing:
            plan = installing.plan_install(
                staged.files,
                old,
                installing.present_in(self.prefix, {*staged.files, *old}),
                self.owners,
                self.assessment.name,
            )
            record = installing.commit(self.files, stage_root, self.prefix, plan, record)
            self.owners.update(dict.fromkeys(record.installed, self.assessment.name))
            for path in plan.removes:
                self.owners.pop(path, None)
        return record, len(plan.moves) + len(plan.removes)

    @contextmanager
    def _shown(self) -> Iterator[None]:
        """Let the steps see in the prefix only what the component's dependencies installed."""
        if self.isolation.available:
            update_view(self._view, self.prefix, self._visible)
        with self.isolation.showing(self._view, self.prefix):
            yield

    @cached_property
    def _visible(self) -> set[str]:
        return {path for output in self.assessment.outputs.values() for path in output}

    @cached_property
    def _beside(self) -> Path:
        """A directory on the prefix's file system, so that installing is renaming or linking."""
        self.files.root.mkdir(parents=True, exist_ok=True)
        self.prefix.mkdir(parents=True, exist_ok=True)
        if self.files.root.stat().st_dev == self.prefix.stat().st_dev:
            return self.files.root
        return self.prefix / ".farm" / self.assessment.name

    @property
    def _stage(self) -> Path:
        """DESTDIR."""
        return self._beside / "stage"

    @property
    def _view(self) -> Path:
        """What is shown in place of the prefix."""
        return self._beside / "view"

    def _clean_stage(self) -> None:
        with suppress(OSError):
            shutil.rmtree(self._stage, ignore_errors=True)

    def _note(self, text: str) -> None:
        self.runner.note(f"farm: {text}")


def _sorted(opened: set[str] | None, known: Iterable[str]) -> list[str] | None:
    return None if opened is None else sorted(opened & set(known))


def _boot() -> str:
    try:
        return BOOT.read_text().strip()
    except OSError:
        return ""
