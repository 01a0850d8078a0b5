from __future__ import annotations

from collections import Counter
from pathlib import Path

from bench.commit_kinds import Kind
from bench.cutoff import Change, Effects, draw, read_effects, read_kinds, replay
from bench.graphs import graph_from

CHAIN = {"base": (), "middle": ("base",), "top": ("middle",)}
GRAPH = graph_from("chain", CHAIN, dict.fromkeys(CHAIN, 60.0), "the same for all")
EFFECTS = Effects(frozenset({Kind.CODE, Kind.SONAME}), frozenset({Kind.SONAME}))


def test_what_nobody_sees_is_built_once() -> None:
    found = replay(GRAPH, [Change("base", Kind.COMMENT)] * 2, EFFECTS)
    assert (found.builds, found.every_dependent, found.published) == (2, 6, 2)


def test_what_dependents_see_is_built_with_them_and_only_published_itself() -> None:
    found = replay(GRAPH, [Change("base", Kind.CODE)], EFFECTS)
    assert (found.builds, found.every_dependent, found.published) == (3, 3, 1)


def test_what_changes_dependents_is_published_with_them() -> None:
    found = replay(GRAPH, [Change("base", Kind.SONAME)], EFFECTS)
    assert (found.builds, found.published) == (3, 2)
    assert found.by_kind[Kind.SONAME] == Counter(commits=1, builds=3, every=3, published=2)


def test_commits_are_drawn_in_proportion_and_always_the_same() -> None:
    kinds = {"a": Counter({Kind.CODE: 1}), "b": Counter({Kind.COMMENT: 3, Kind.CODE: 1})}
    drawn = draw({"a": 1, "b": 3}, kinds, 400)
    assert drawn == draw({"a": 1, "b": 3}, kinds, 400)
    counted = Counter(drawn)
    assert counted[Change("a", Kind.COMMENT)] == 0
    assert abs(counted[Change("b", Kind.COMMENT)] - 225) < 40


def test_what_was_not_measured_counts_as_a_change(tmp_path: Path) -> None:
    recorded = tmp_path / "cutoff.json"
    recorded.write_text(
        """{"commits": [
        {"kind": "comment", "deb": {"output": "same"}, "rpm": {"output": "same"}},
        {"kind": "header comment", "deb": {"output": "same"}, "rpm": {"output": "changed"}},
        {"kind": "soname", "deb": {"output": "changed", "libvorbis": "changed"},
         "rpm": {"output": "changed", "libvorbis": "changed"}}]}"""
    )
    effects = read_effects(recorded)
    assert effects.output == frozenset(Kind) - {Kind.COMMENT}
    assert effects.dependents == {Kind.SONAME}


def test_the_recorded_data_is_complete() -> None:
    quiet = frozenset(Kind) - read_effects().output
    assert quiet == {Kind.NOT_BUILT, Kind.DOCUMENTATION, Kind.TESTS, Kind.COMMENT}
    assert sum(sum(counts.values()) for counts in read_kinds().values()) > 1000
