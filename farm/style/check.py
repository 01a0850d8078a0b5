"""All checks of a component, in the order of the guide."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from farm.buildsystem import BuildSystem, Kind, recognise
from farm.errors import FarmError
from farm.model import Component
from farm.run import CLEAN_PATH
from farm.style import rules
from farm.style.documents import check_history, check_licence, check_readme
from farm.style.finding import Finding
from farm.style.packaging import brings_packaging, check_own_packaging
from farm.style.project import Project, read_project
from farm.style.readme import known_sections
from farm.style.repository import check_repository
from farm.style.scratch import try_out
from farm.style.trial import check_trial

Say = Callable[[str], None]


def check(directory: Path, component: Component, say: Say, *, build: bool) -> tuple[Finding, ...]:
    """Check a component's directory by docs/style-guide.md.

    :param component: its name, and the commands that components.yml gives for it.
    :param say: told what is being done while it takes long.
    :param build: build, test and install a scratch copy, too.
    :raises FarmError: the directory cannot be read, or a tool of its build system is missing.
    """
    project = read_project(directory, component.name)
    system = recognise(directory, component.configure_arguments).with_commands(component.commands)
    findings = [*check_files(project, system), *check_own_packaging(directory, component)]
    if build and _can_build(system) and not _not_runnable(findings):
        _need(system.tools)
        trial = try_out(directory, project.files, _steps(system), say)
        packaged = brings_packaging(directory)
        findings += check_trial(trial, component.name, packaged=packaged)
    order = {rule: number for number, rule in enumerate(rules.RULES)}
    return tuple(sorted(findings, key=lambda f: (order[f.rule], f.file, f.line)))


def check_files(project: Project, system: BuildSystem) -> Iterator[Finding]:
    """The checks that read and run nothing."""
    tests = bool(system.test)
    yield from check_readme(project, known_sections(system, project.origin), tests=tests)
    yield from check_licence(project)
    yield from check_history(project)
    if not _can_build(system):
        yield Finding(
            rules.BUILD_SYSTEM,
            "there is no ./configure, Makefile, meson.build, CMakeLists.txt, dune-project, "
            "Cargo.toml or pyproject.toml at its top",
            "Add a Makefile with the targets all, test and install, or name the commands in "
            "components.yml.",
        )
    elif not tests:
        yield Finding(
            rules.TESTS,
            "there is no make target 'test' or 'check', nor tests that the build system knows",
            "Add a target 'test' that fails when the component does not do what it should.",
        )
    yield from check_repository(project)


def _can_build(system: BuildSystem) -> bool:
    return system.kind is not Kind.UNKNOWN or bool(system.install)


def _not_runnable(findings: list[Finding]) -> bool:
    """Building would only say the same again."""
    return any(finding.rule is rules.CONFIGURE_EXECUTABLE for finding in findings)


def _need(tools: tuple[str, ...]) -> None:
    missing = [tool for tool in tools if not shutil.which(tool, path=CLEAN_PATH)]
    if missing:
        raise FarmError(
            f"it is built with {' and '.join(missing)}, not installed here: install that, or "
            "check what can be checked without building (--no-build)"
        )


def _steps(system: BuildSystem) -> dict[str, str]:
    return {step: getattr(system, step) for step in ("configure", "build", "test", "install")}
