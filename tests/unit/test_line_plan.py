"""A plan kept up to date is at any time what the planner says of the same facts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from farm.graph import graph_of
from farm.plan.line_plan import LinePlan, line_graph
from farm.plan.planner import BuildFact, LineFacts, plan_line
from tests.unit.test_planner import graphs

DIAMOND = {"base": (), "left": ("base",), "right": ("base",), "top": ("left", "right")}


@dataclass
class Both:
    """One line, planned anew and kept up to date."""

    depends: Mapping[str, tuple[str, ...]]
    own: dict[str, str] = field(default_factory=dict)
    builds: dict[str, BuildFact] = field(default_factory=dict)
    running: set[str] = field(default_factory=set)
    given_up: set[str] = field(default_factory=set)
    published: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        graph = line_graph(graph_of(self.depends))
        self.graph = graph
        self.own = {name: f"own-{name}" for name in graph.order}
        self.kept = LinePlan(graph, self.facts())

    def facts(self) -> LineFacts:
        return LineFacts(
            order=self.graph.order,
            depends=self.graph.depends,
            own=dict(self.own),
            sources=dict(self.own),
            builds=self.builds,
            running=self.running,
            given_up=self.given_up,
            published=self.published,
            durations={name: float(len(name)) for name in self.depends},
        )

    def check(self) -> None:
        self.kept.refresh()
        assert self.kept.plan() == plan_line(self.facts())
        assert self.kept.settled == plan_line(self.facts()).settled

    def admit(self, name: str, own: str) -> None:
        self.own[name] = own
        self.kept.admit(name, own, own)

    def start(self, name: str) -> None:
        key = self.kept.nodes[name].key
        self.running.add(key)
        self.kept.key_changed(key)

    def finish(self, key: str, fact: BuildFact) -> None:
        self.running.discard(key)
        self.builds[key] = fact
        self.kept.key_changed(key)

    def publish(self) -> None:
        self.published = self.kept.content()
        self.kept.set_published(self.published)


def test_a_finished_build_changes_only_what_it_affects() -> None:
    line = Both({**DIAMOND, "other": ()})
    line.start("base")
    assert line.kept.refresh() == {"base"}
    key = line.kept.nodes["base"].key
    line.finish(key, BuildFact(True, "own-base", "output"))
    assert line.kept.refresh() == {"base", "left", "right"}, "top still waits for the same two"


def test_a_running_build_that_is_wanted_no_more_is_said_once() -> None:
    line = Both(DIAMOND)
    line.start("base")
    line.kept.refresh()
    key = line.kept.nodes["base"].key
    line.admit("base", "own-2")
    line.kept.refresh()
    assert line.kept.take_dropped() == [key]
    assert line.kept.take_dropped() == []


@given(graphs(), st.data())
def test_it_equals_a_plan_made_anew_after_any_events(
    depends: dict[str, tuple[str, ...]], data: st.DataObject
) -> None:
    line = Both(depends)
    names = st.sampled_from(sorted(depends))
    for step in range(data.draw(st.integers(0, 25))):
        event = data.draw(st.sampled_from(["start", "finish", "admit", "publish", "give up"]))
        ready = line.kept.start
        if event == "start" and ready:
            line.start(data.draw(st.sampled_from(ready)))
        elif event == "finish" and line.running:
            key = data.draw(st.sampled_from(sorted(line.running)))
            name = next((n for n, node in line.kept.nodes.items() if node.key == key), "")
            exposes = data.draw(st.sampled_from([None, depends.get(name, ())[:1]]))
            ok = data.draw(st.integers(0, 4)) > 0
            digest = data.draw(st.sampled_from(["same", f"new-{step}"]))
            line.finish(key, BuildFact(ok, line.own.get(name, ""), digest, exposes))
        elif event == "admit":
            line.admit(data.draw(names), f"own-{step}")
        elif event == "publish":
            line.publish()
        elif event == "give up" and ready:
            key = line.kept.nodes[data.draw(st.sampled_from(ready))].key
            line.given_up ^= {key}
            line.kept.key_changed(key)
        line.check()
