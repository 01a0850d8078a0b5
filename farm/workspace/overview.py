"""How a workspace stands: each component's checkout, build, and why it would be built again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from farm.errors import FarmError
from farm.workspace.assessment import Assessor
from farm.workspace.checkouts import Checkout
from farm.workspace.entries import in_order, with_dependencies, with_dependents
from farm.workspace.processes import in_parallel
from farm.workspace.records import load_evidence
from farm.workspace.standing import CheckoutState, checkout_state
from farm.workspace.workspace import Workspace

PARALLEL_QUESTIONS = 8


class Condition(StrEnum):
    """What a component's build is like."""

    BUILT = "built"
    STALE = "stale"
    FAILED = "failed"
    """Stale, and its last build failed with the very same inputs."""
    NOT_BUILT = "not built"
    ABSENT = "not cloned"
    PACKAGE = "package"
    """It is taken as a package, not from source."""
    UNKNOWN = "unknown"
    """Its checkout cannot be read."""


@dataclass(frozen=True)
class ComponentStatus:
    """One component, as `farm status` shows it."""

    name: str
    condition: Condition
    reasons: tuple[str, ...]
    checkout: CheckoutState | None
    tests: str
    """``passed``, ``none``, ``not run``; empty when it is not built."""
    log: str
    """Where the log of its last build is; empty when it has none."""
    built: float = 0.0
    """When it was built last, in seconds since 1970; 0 when never."""
    seconds: float = 0.0


def overview(workspace: Workspace, names: Iterable[str]) -> list[ComponentStatus]:
    """The status of components, in the order in which they are built.

    Nothing is changed, and no lock is taken: what another command is doing may be seen halfway.
    """
    wanted = set(names)
    assessor = Assessor(workspace)
    states = _checkout_states(workspace, wanted)
    stale: set[str] = set()
    result = []
    for name in in_order(workspace.entries, with_dependencies(workspace.entries, wanted)):
        condition, reasons = _condition(workspace, assessor, name, stale)
        if condition is not Condition.BUILT and condition is not Condition.PACKAGE:
            stale.add(name)
        if name not in wanted:
            continue
        record = assessor.record(name)
        log = assessor.files(name).log
        result.append(
            ComponentStatus(
                name,
                condition,
                reasons,
                states.get(workspace.checkouts[name].name),
                record.tests if record else "",
                str(log) if log.exists() else "",
                record.built if record else 0.0,
                record.seconds if record else 0.0,
            )
        )
    return result


def _condition(
    workspace: Workspace, assessor: Assessor, name: str, stale: set[str]
) -> tuple[Condition, tuple[str, ...]]:
    if name in workspace.settings.binary:
        return Condition.PACKAGE, ()
    if not workspace.checkouts[name].exists:
        return Condition.ABSENT, ()
    # A dependency that will be built may install the same again: then this is not built at all.
    waiting = [one for one in workspace.entries[name].depends if one in stale]
    after = tuple(f"dependency {one} is not up to date" for one in waiting)
    if any(assessor.record(one) is None for one in workspace.from_source(waiting)):
        return _unbuilt(assessor, name), after
    try:
        found = assessor.assess(name)
    except FarmError as error:
        return Condition.UNKNOWN, (str(error),)
    if found.record is None:
        return _unbuilt(assessor, name), after or found.reasons
    reasons = (*found.reasons, *after)
    if not reasons:
        return Condition.BUILT, ()
    evidence = load_evidence(assessor.files(name))
    if evidence is not None and evidence.failed and evidence.inputs == found.inputs:
        return Condition.FAILED, reasons
    return Condition.STALE, reasons


def _unbuilt(assessor: Assessor, name: str) -> Condition:
    evidence = load_evidence(assessor.files(name))
    failed = evidence is not None and evidence.failed
    return Condition.FAILED if failed else Condition.NOT_BUILT


def _checkout_states(workspace: Workspace, names: set[str]) -> dict[str, CheckoutState]:
    there = {workspace.checkouts[name] for name in names if workspace.checkouts[name].exists}

    def ask(checkout: Checkout) -> CheckoutState | None:
        try:
            return checkout_state(workspace.git, checkout.path)
        except FarmError:
            return None

    asked = in_parallel(workspace.processes, PARALLEL_QUESTIONS, there, ask)
    return {checkout.name: state for checkout, state in asked if state is not None}


@dataclass(frozen=True)
class Blast:
    """What a change of a component would build again in this workspace, at most."""

    component: str
    dependents: tuple[str, ...]
    """In the order in which they are built."""
    absent: tuple[str, ...]
    """Those that are not cloned, and so are not built here."""
    seconds: float
    """Together, by their last builds."""
    longest: float
    """The longest chain of them: no number of processors is quicker."""


def blast(workspace: Workspace, name: str) -> Blast:
    """What is built with a component, and how long building that takes."""
    assessor = Assessor(workspace)
    chosen = with_dependents(workspace.entries, [name])
    order = in_order(workspace.entries, chosen)
    took = {}
    for one in order:
        record = assessor.record(one)
        took[one] = record.seconds if record else 0.0
    ends: dict[str, float] = {}
    for one in order:
        needed = [ends[d] for d in workspace.entries[one].depends if d in ends]
        ends[one] = took[one] + max(needed, default=0.0)
    absent = tuple(one for one in order if not workspace.checkouts[one].exists)
    return Blast(
        name,
        tuple(one for one in order if one != name),
        absent,
        sum(took.values()),
        max(ends.values(), default=0.0),
    )
