"""`farm job build`: one component for one distro, from its tree to packages with a result."""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from pathlib import Path
from typing import BinaryIO

from farm.build.backends import backend_for
from farm.build.interface import BuildOutcome, BuildRequest, InputPackage
from farm.digest import exposed_components, header, is_debug_package, output_digest
from farm.errors import BuildFailure, FarmError, InfrastructureError
from farm.failure.verdict import explained
from farm.git import without_credentials
from farm.job.lint import lint_build
from farm.job.log import BuildLog
from farm.job.model import BuildResult, Job, JobInput, LintCounts, PoolFile
from farm.job.workspace import Cache, Workspace
from farm.packaging.details import tree_details
from farm.packaging.info import PackagingInfo
from farm.packaging.tree import own_packaging, tree_facts
from farm.pool import RESULT, sha256_of
from farm.version import SourceVersion

DEVELOPMENT_SUFFIXES = ("-dev", "-devel")


def build(job: Job, workspace: Workspace, cache: Cache, terminal: BinaryIO) -> BuildResult:
    """Build what `fetch` has brought; packages, log and result.json end up in `workspace.out`.

    :param terminal: gets the log as it comes.
    :raises BuildFailure: the component does not build.
    :raises InfrastructureError: anything else went wrong.
    """
    for folder in (workspace.out, workspace.made):
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
    workspace.failure.unlink(missing_ok=True)
    try:
        outcome, lint = _run(job, workspace, cache, terminal)
    except BuildFailure as failure:
        found = explained(failure, workspace.log, job.key, workspace.failure)
        raise _with_hint(found, workspace.tree) from failure
    for name in _names(outcome):
        (workspace.made / name).rename(workspace.out / name)
    result = build_result(job, outcome, workspace.out, cache).model_copy(update={"lint": lint})
    (workspace.out / RESULT).write_text(result.model_dump_json(indent=1) + "\n")
    return result


def _run(
    job: Job, workspace: Workspace, cache: Cache, terminal: BinaryIO
) -> tuple[BuildOutcome, LintCounts | None]:
    with BuildLog(workspace.log, terminal) as log:
        log.write(f"{job.component.name} {job.upstream_version} for {job.distro.name}\n")
        for package in job.inputs:
            log.write(f"with {package.package} {package.version}\n")
        try:
            request = build_request(job, workspace, cache)
            outcome = backend_for(job.distro).build(request, log)
        except BuildFailure as failure:
            log.write(f"{failure}\n")
            raise
        return outcome, lint_build(job.distro.family, workspace.made, outcome, log)


def build_request(job: Job, workspace: Workspace, cache: Cache) -> BuildRequest:
    """The job as the build backends understand it.

    :raises BuildFailure: the component wants packaging of its own, and has none.
    :raises InfrastructureError: something of `fetch` is missing.
    """
    if not workspace.tree.is_dir():
        raise InfrastructureError(f"{workspace.tree} is missing; farm job fetch makes it")
    component = job.component
    try:
        own = own_packaging(workspace.tree, job.distro.family, component.packaging)
    except FarmError as error:
        raise BuildFailure("package", str(error)) from error
    has_configure, test_target = tree_facts(workspace.tree, component.commands)
    info = PackagingInfo(
        name=component.name,
        version=SourceVersion(job.upstream_version, job.rebuild),
        version_suffix=job.distro.version_suffix,
        summary=component.summary,
        description=component.description,
        licence=component.licence,
        homepage=component.homepage or "",
        vcs=without_credentials(component.git),
        commit=job.commit,
        maintainer=job.maintainer,
        timestamp=job.timestamp,
        changes=job.changes,
        build_depends=(*component.packages_for(job.distro), *dependency_packages(job.inputs)),
        commands=component.commands,
        configure_arguments=component.configure_arguments,
        has_configure=has_configure,
        test_target=test_target,
        details=tree_details(workspace.tree),
    )
    return BuildRequest(
        info=info,
        tree=workspace.tree,
        own_packaging=own,
        distro=job.distro,
        inputs=tuple(_input(package, cache) for package in job.inputs),
        cache=cache.backend,
        out=workspace.made,
        timeout_s=job.timeout_minutes * 60,
    )


def dependency_packages(inputs: Iterable[JobInput]) -> tuple[str, ...]:
    """The packages a build needs of the components it is directly built with.

    Those are a component's development packages, or all its packages when it has none.
    """
    by_component: dict[str, list[str]] = {}
    for package in inputs:
        if package.direct and not is_debug_package(package.package):
            by_component.setdefault(package.component, []).append(package.package)
    needed: set[str] = set()
    for names in by_component.values():
        needed.update([n for n in names if n.endswith(DEVELOPMENT_SUFFIXES)] or names)
    return tuple(sorted(needed))


def build_result(job: Job, outcome: BuildOutcome, out: Path, cache: Cache) -> BuildResult:
    """What the pool is to know of a build whose files lie in `out`.

    :raises FarmError: a package cannot be read.
    """
    kinds = {
        **dict.fromkeys(outcome.source, "source"),
        **dict.fromkeys(outcome.binaries, "binary"),
        **dict.fromkeys(outcome.other, "other"),
        **{path.name: "log" for path in out.glob("*.log")},
    }
    binaries = [out / name for name in outcome.binaries]
    return BuildResult(
        key=job.key,
        component=job.component.name,
        distro=job.distro.name,
        commit=job.commit,
        version=outcome.version,
        upstream_version=job.upstream_version,
        rebuild=job.rebuild,
        files=tuple(_pool_file(out / name, kind) for name, kind in sorted(kinds.items())),
        tests=outcome.tests,
        output_digest=output_digest(
            binaries, {package.package for package in job.inputs}, job.timestamp
        ),
        exposes=exposed_components(
            binaries, ((package.component, cache.package(package)) for package in job.inputs)
        ),
        root_identity=outcome.root_identity,
        phases=outcome.phases,
    )


def _names(outcome: BuildOutcome) -> tuple[str, ...]:
    return (*outcome.source, *outcome.binaries, *outcome.other)


def _pool_file(path: Path, kind: str) -> PoolFile:
    package = {}
    if kind == "binary":
        head = header(path)
        package = {"package": head.name, "version": head.version}
        package["architecture"] = head.architecture
    return PoolFile(
        filename=path.name, kind=kind, sha256=sha256_of(path), size=path.stat().st_size, **package
    )


def _input(package: JobInput, cache: Cache) -> InputPackage:
    path = cache.package(package)
    if not path.is_file():
        raise InfrastructureError(f"the input {path} is missing; farm job fetch brings it")
    return InputPackage(
        component=package.component,
        package=package.package,
        version=package.version,
        path=path,
        direct=package.direct,
    )


def _with_hint(failure: BuildFailure, tree: Path) -> BuildFailure:
    """The failure, and what probably explains it."""
    if not (tree / ".gitmodules").is_file():
        return failure
    message = str(failure).removeprefix(f"{failure.phase} failed: ")
    hint = "The repository has submodules, which the farm does not fetch."
    return BuildFailure(failure.phase, f"{message}\n{hint}")
