"""What early cutoff saves: this planner beside "every transitive dependent, once per commit".

    python bench/cutoff.py [--commits N]        replay; seconds
    python bench/cutoff.py --measure DIRECTORY  make bench/data/cutoff.json anew; root, an hour

Commits are drawn reproducibly, one after the other: the component and the kind of a commit in the
proportions of the real histories of the demo stack's components (bench/data/commit-kinds.json).
Whether a commit of a kind changes a component's output digest was measured with real builds of real
packages (bench/data/cutoff.json, from the commits of bench/edits.py); where the families differ, a
change in one counts. The farm is the real one (generations, planner, records); its builds have the
recorded output. On `xcp-2014`, components are drawn as often as its own history changes them.

Translations were not measured and count as changes. Of build files one commit was measured, which
changes a compiler option: all count as changes.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ruamel.yaml import YAML

from bench.commit_kinds import Kind
from bench.edits import COMMITS
from bench.farms import LineFarm
from bench.graphs import DATA, XCP, BuildGraph, graph_from, load, print_json, table
from bench.real_builds import EXAMPLE, RealBuilds
from farm.job.model import BuildResult
from farm.plan.key import digest_of
from tests.real.cache import CACHE

KINDS = DATA / "commit-kinds.json"
MEASURED = DATA / "cutoff.json"
HISTORY = DATA / "xcp-2014-history.json"
DISTROS = {"deb": "bookworm", "rpm": "demo-rpm"}
SEED = 2008
OBSERVER = "libvorbis"
"""Built with libogg: whether its own output changes when libogg's does is measured as well."""


@dataclass(frozen=True)
class Effects:
    """Kinds of commits that dependents can see."""

    output: frozenset[Kind]
    """They change the component's output digest."""
    dependents: frozenset[Kind]
    """They change that of what is built with it, too."""


def read_effects(path: Path = MEASURED) -> Effects:
    """The measured effects; a kind that was not measured changes the output."""
    output, dependents, quiet = set(), set(), set()
    for row in json.loads(path.read_text())["commits"]:
        kind = Kind[row["kind"].upper().replace(" ", "_")]
        families = [row[family] for family in DISTROS]
        if any(one["output"] == "changed" for one in families):
            output.add(kind)
        else:
            quiet.add(kind)
        if any(one.get(OBSERVER) == "changed" for one in families):
            dependents.add(kind)
    return Effects(frozenset(output | (set(Kind) - quiet)), frozenset(dependents))


@dataclass(frozen=True)
class Change:
    """A commit of the replay."""

    component: str
    kind: Kind


def demo_graph() -> BuildGraph:
    """The demo's stack."""
    components = YAML(typ="safe").load(EXAMPLE)["components"]
    depends = {name: tuple(one.get("depends", ())) for name, one in components.items()}
    return graph_from("demo", depends, dict.fromkeys(depends, 60.0), "the same for all")


def read_kinds(path: Path = KINDS) -> dict[str, Counter[Kind]]:
    """Component to its commits of each kind."""
    return {
        name: Counter({Kind[k.upper().replace(" ", "_")]: n for k, n in counts.items()})
        for name, counts in json.loads(path.read_text())["commits"].items()
    }


def draw(
    components: Mapping[str, int], kinds: Mapping[str, Counter[Kind]], number: int
) -> list[Change]:
    """Commits to components, as often as `components` says; of kinds as `kinds` does.

    :param kinds: a component that is not in it has commits as all of them together.
    """
    chance = random.Random(SEED)  # noqa: S311
    together: Counter[Kind] = sum(kinds.values(), Counter())
    names = chance.choices(
        sorted(components), [components[n] for n in sorted(components)], k=number
    )
    changes = []
    for name in names:
        counts = kinds.get(name, together)
        kind = chance.choices(sorted(counts), [counts[k] for k in sorted(counts)])[0]
        changes.append(Change(name, kind))
    return changes


def changes_of(path: Path, graph: BuildGraph) -> Counter[str]:
    """How often a stack's history changes each component of the graph."""
    return Counter(
        change["component"]
        for event in json.loads(path.read_text())["events"]
        for change in event["changes"]
        if change["component"] in graph.depends and change["kind"] in ("bump", "deps")
    )


class EffectFarm(LineFarm):
    """A farm whose builds come out as was measured."""

    def __post_init__(self) -> None:
        self.seen: Counter[str] = Counter()
        """Component to its commits that change its output."""
        self.felt: Counter[str] = Counter()
        """Component to its commits that also change the output of its dependents."""
        super().__post_init__()

    def output_of(self, name: str, key: str, commit: str, dependencies: dict[str, str]) -> str:
        """The same until something that changes it is committed."""
        felt = {needed: self.felt[needed] for needed in self.graph.depends[name]}
        return digest_of([name, self.seen[name], felt])


@dataclass
class Replay:
    """What came of the commits."""

    builds: int = 0
    every_dependent: int = 0
    """Builds of the policy that is compared with."""
    published: int = 0
    """Components whose packages were replaced in the archive by newer ones."""
    by_kind: dict[Kind, Counter[str]] = field(default_factory=dict)


def replay(graph: BuildGraph, changes: list[Change], effects: Effects) -> Replay:
    """Each commit in a generation of its own, on the real farm."""
    farm = EffectFarm(graph)
    (line,) = farm.lines
    found = Replay()
    for change in changes:
        farm.now += 3600
        farm.seen[change.component] += change.kind in effects.output
        farm.felt[change.component] += change.kind in effects.dependents
        farm.push(change.component)
        builds = published = 0
        while True:
            step = farm.advance(line)
            for start in step.starts:
                builds += 1
                farm.now += 1
                farm.finish(line, start.build.key)
            if step.publish is not None:
                before = farm.records.snapshots[line].content
                published += sum(before[n] != key for n, key in step.publish.content.items())
                farm.publish(step.publish)
            elif not step.starts:
                break
        every = 1 + len(graph.all_dependents[change.component])
        found.builds += builds
        found.every_dependent += every
        found.published += published
        counts = found.by_kind.setdefault(change.kind, Counter())
        counts.update(commits=1, builds=builds, every=every, published=published)
    return found


def measure(base: Path) -> dict[str, Any]:
    """Build each commit of bench/edits.py, and what is built with it where its output changed."""
    rows = [{"kind": c.kind.text, "what": c.what, "component": c.component} for c in COMMITS]
    for family, distro in DISTROS.items():
        builds = RealBuilds(base / distro, distro, CACHE)
        libogg = builds.build("libogg")
        observer = builds.build(OBSERVER, libogg)
        for row, commit in zip(rows, COMMITS, strict=True):
            inputs = () if commit.component == "libogg" else (libogg,)
            before = builds.build(commit.component, *inputs)
            builds.commit(commit.component, commit.edit, tag=commit.tag)
            after = builds.build(commit.component, *inputs)
            effect = {"output": _compared(before, after)}
            if effect["output"] == "changed" and commit.component == "libogg":
                effect[OBSERVER] = _compared(observer, builds.build(OBSERVER, after))
            builds.go_back(commit.component)
            row[family] = effect
            print(f"{family}: {commit.kind.text}, {commit.what}: {effect}", flush=True)
    what = "whether a commit changed the output digest of a component, by real builds"
    return {"what": what, "commits": rows}


def _compared(before: BuildResult, after: BuildResult) -> str:
    return "same" if before.output_digest == after.output_digest else "changed"


def replays(number: int) -> Iterator[tuple[str, Replay]]:
    """The replay on each graph."""
    kinds, effects = read_kinds(), read_effects()
    demo, xcp = demo_graph(), load(XCP)
    weights = {name: sum(counts.values()) for name, counts in kinds.items()}
    yield "demo", replay(demo, draw(weights, kinds, number), effects)
    yield "xcp-2014", replay(xcp, draw(changes_of(HISTORY, xcp), kinds, number), effects)


def main() -> None:
    """Replay, or measure."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--commits", type=int, default=200)
    parser.add_argument("--measure", type=Path, metavar="DIRECTORY")
    options = parser.parse_args()
    if options.measure:
        found = measure(options.measure.resolve())
        MEASURED.write_text(json.dumps(found, indent=1) + "\n")
        return
    figures: dict[str, Any] = {}
    for name, found in replays(options.commits):
        rows = [
            [kind.text, *(str(counts[c]) for c in ("commits", "every", "builds", "published"))]
            for kind, counts in sorted(found.by_kind.items())
        ]
        rows.append(["all", str(options.commits), str(found.every_dependent), str(found.builds)])
        rows[-1].append(str(found.published))
        print(table([name, "commits", "every dependent", "this planner", "published"], rows))
        ratio = found.builds / found.every_dependent
        print(f"builds: {ratio:.2f} of every dependent's\n")
        figures[name] = {
            "commits": options.commits,
            "builds": found.builds,
            "every_dependent": found.every_dependent,
            "ratio": ratio,
            "published": found.published,
        }
    print_json(figures)


if __name__ == "__main__":
    main()
