"""The largest consistent rest: what of a wanted content can be published now.

The family's tools say which packages of a candidate cannot be installed. Each answer is a
condition on what may be published together (`Clause`); the smallest set of components that
satisfies all of them is held back, and asked about again, until there is nothing to complain of.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from repo_publish.gate.choice import Clause, fewest_held
from repo_publish.gate.packages import Broken, Build, Compare, Package, offers, said

Check = Callable[[Mapping[str, Build]], list[Broken]]
"""Says which packages of a candidate (component to its build) cannot be installed."""

MAX_QUESTIONS = 50
"""After so many tries the set is no longer the smallest, but nothing can be added to it."""
MAX_ADDITIONS = 200
"""So many candidates are tried for additions."""


@dataclass(frozen=True)
class Verdict:
    """What the gate found."""

    held_back: dict[str, str]
    """Component to the reason why its new packages are not published."""
    broken: tuple[Broken, ...] = ()
    """Packages that were published before and cannot be installed any more, whatever is held back:
    the distribution changed."""
    questions: int = 1
    """How often the tools were asked."""


def hold_back(
    wanted: Mapping[str, Build],
    live: Mapping[str, Build],
    check: Check,
    compare: Compare,
    given: Mapping[str, str] | None = None,
) -> Verdict:
    """Decide which components of `wanted` cannot be published now.

    A component that is held back keeps its packages of `live`, or stays out when it has none there;
    one that is in `live` only is taken away, or held back: then it stays. Nothing becomes
    uninstallable that is not so in `live` already, and nothing is held back that could be published
    without that.

    :param given: components that are held back in any case, with the reason.
    """
    given = {name: why for name, why in (given or {}).items() if wanted.get(name) != live.get(name)}
    return _Search(wanted, live, check, compare, given).run()


@dataclass(frozen=True)
class _Condition:
    clause: Clause
    because: Broken
    guess: bool
    """It need not hold: other choices may help, too."""


@dataclass
class _Search:
    wanted: Mapping[str, Build]
    live: Mapping[str, Build]
    check: Check
    compare: Compare
    given: Mapping[str, str]
    questions: int = 0
    conditions: list[_Condition] = field(default_factory=list)
    reasons: dict[str, str] = field(default_factory=dict)
    _order: list[str] = field(default_factory=list)
    _live_broken: set[tuple[str, Package]] | None = None

    def run(self) -> Verdict:
        names = sorted(self.wanted.keys() | self.live.keys())
        self._order = [n for n in names if self.wanted.get(n) != self.live.get(n)]
        self.conditions += self._ownership()
        held: frozenset[str] | None = frozenset(self.given)
        if self.conditions:
            held = self._choose()
        exact = True
        while held is not None:
            found, old = self._ask(held)
            if not found:
                break
            if self.questions == 1:
                # What needs a held back package waits before what others need.
                mine = {broken.component for broken in found}
                self._order.sort(key=lambda name: name not in mine)
            learned = [self._learn(broken, held) for broken in found]
            self.conditions += learned
            held = self._choose() if self.questions < MAX_QUESTIONS else None
        if held is None:
            exact = False
            held = frozenset(self._order)
            _, old = self._ask(held)
        if not exact or any(condition.guess for condition in self.conditions):
            held, old = self._add(held, old)
        return Verdict({n: self._reason(n, held) for n in sorted(held)}, tuple(old), self.questions)

    def _choose(self) -> frozenset[str] | None:
        clauses = [condition.clause for condition in self.conditions]
        return fewest_held(self._order, clauses, self.given)

    def _candidate(self, held: frozenset[str]) -> dict[str, Build]:
        """What would be published."""
        sides = ((n, self.live if n in held else self.wanted) for n in {**self.live, **self.wanted})
        return {name: side[name] for name, side in sorted(sides) if name in side}

    def _ask(self, held: frozenset[str]) -> tuple[list[Broken], list[Broken]]:
        """What a candidate breaks, and what was broken before and still is."""
        self.questions += 1
        found = self.check(self._candidate(held))
        kept = [b for b in found if b.component in held or b.component not in self._order]
        if kept and self._live_broken is None:
            self.questions += 1
            self._live_broken = {broken.itself for broken in self.check(self.live)}
        old = [b for b in kept if b.itself in (self._live_broken or ())]
        new = [broken for broken in found if broken not in old]
        roots = {broken.itself for broken in new}
        # What is broken by another broken package is no news.
        told = [b for b in new if b.needed_by in (None, b.itself) or b.needed_by not in roots]
        return told or new, old

    def _ownership(self) -> Iterator[_Condition]:
        """A package comes from one component only."""
        changed = set(self._order)
        owners: dict[tuple[str, str], list[tuple[str, bool, Package]]] = {}
        for name in self._order:
            for new, side in ((True, self.wanted), (False, self.live)):
                for package in side.get(name, ()):
                    owners.setdefault((package.kind, package.name), []).append((name, new, package))
        for claims in owners.values():
            for (one, new, package), (other, its, _) in combinations(claims, 2):
                if one != other and not (new and its):
                    owner, claimant = (one, other) if its else (other, one)
                    clause = {(n, not s) for n, s in ((one, new), (other, its))}
                    why = f"{package} belongs to {owner}"
                    yield _Condition(
                        frozenset(literal for literal in clause if literal[0] in changed),
                        Broken(claimant, package, why, involved=(owner,)),
                        guess=False,
                    )

    def _learn(self, broken: Broken, held: frozenset[str]) -> _Condition:
        """What has to be otherwise than in a candidate where something is broken."""
        concerned = {broken.component}
        clause: set[tuple[str, bool]] = set()
        exact = bool(broken.need) and broken.needed_by == broken.itself
        if broken.needed_by:
            concerned.add(broken.needed_by[0])
        if broken.need:
            for name in self._order:
                other = self.live if name not in held else self.wanted
                if offers(other.get(name, ()), broken.need, self.compare):
                    clause.add((name, name in held))
        else:
            concerned.update(broken.involved)
        clause |= {(name, name in held) for name in concerned if name in self._order}
        if not clause:
            exact = False
            clause = {(name, False) for name in self._order if name not in held}
        return _Condition(frozenset(clause), broken, guess=not exact)

    def _add(self, held: frozenset[str], old: list[Broken]) -> tuple[frozenset[str], list[Broken]]:
        """Publish what can be added after all, alone or with what it needs."""
        limit = self.questions + MAX_ADDITIONS
        progress = True
        while progress:
            progress = False
            for name in sorted(held - self.given.keys(), key=self._order.index):
                for more in self._with_its_needs(name, held):
                    if self._impossible(held - more) or self.questions >= limit:
                        continue
                    found, still = self._ask(held - more)
                    if not found:
                        held, old, progress = held - more, still, True
                        break
                    self.reasons.setdefault(name, _blame(name, found[0]))
        return held, old

    def _impossible(self, held: frozenset[str]) -> bool:
        """Whether a condition that is known for sure does not hold."""
        return any(
            not condition.guess and not any((n not in held) is new for n, new in condition.clause)
            for condition in self.conditions
        )

    def _with_its_needs(self, name: str, held: frozenset[str]) -> Iterator[frozenset[str]]:
        yield frozenset({name})
        group, todo = {name}, [name]
        while todo:
            needs = [n for p in self.wanted.get(todo.pop(), ()) for n in p.relations.requires]
            for other in held - group - self.given.keys():
                new = self.wanted.get(other, ())
                if any(offers(new, need, self.compare) for need in needs):
                    group.add(other)
                    todo.append(other)
        if len(group) > 1:
            yield frozenset(group)

    def _reason(self, name: str, held: frozenset[str]) -> str:
        if name in self.given:
            return self.given[name]
        without = held - {name}
        for condition in self.conditions:
            if (name, False) in condition.clause and not any(
                (n not in without) is new for n, new in condition.clause
            ):
                return self._told(name, condition)
        return self.reasons.get(name, "it cannot be installed with what is held back")

    def _told(self, name: str, condition: _Condition) -> str:
        broken = condition.because
        if not broken.need or broken.needed_by != broken.itself:
            return _blame(name, broken)
        need = said(broken.need)
        if name == broken.component:
            nobody = len(condition.clause) == 1 and not condition.guess
            missing = "which nothing offers" if nobody else "which is held back or missing"
            return f"its {broken.package} needs {need}, {missing}"
        gone = "its new packages do not provide" if name in self.wanted else "would be gone"
        return f"{_whose(broken)} needs {need}, which {gone}"


def _blame(name: str, broken: Broken) -> str:
    if broken.component == name:
        return f"its {broken.package} cannot be used: {broken.why}"
    return f"{_whose(broken)} could not be used: {broken.why}"


def _whose(broken: Broken) -> str:
    package = str(broken.package)
    return package if package == broken.component else f"{package} of {broken.component}"
