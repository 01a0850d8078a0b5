"""Why a build was made, what is in a key, and how two keys differ."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from farm.model import Stack
from farm.plan.report import (
    BuildReport,
    Difference,
    KeyReport,
    build_history,
    compare,
    differing_fields,
    flat,
    key_report,
    package_version,
)
from tests.farm_worlds import BOOKWORM_LINE, FarmWorld
from tests.stacks import EL9, component, stack

CHAIN = {"libogg": (), "libvorbis": ("libogg",), "vorbis-tools": ("libvorbis",)}


def built_world(made_of: Stack | None = None) -> FarmWorld:
    world = FarmWorld(made_of or stack(CHAIN))
    world.push(*CHAIN)
    world.run()
    return world


def history(world: FarmWorld, component: str) -> tuple[BuildReport, ...]:
    snapshot = world.records.snapshots.get(world.line)
    live = snapshot.content.get(component, "") if snapshot else ""
    forces = world.records.forces_of(*world.line, component)
    found = world.records.builds_of(*world.line, component)
    return build_history(world.records.builds, found, live, forces)


def key_of(world: FarmWorld, name: str) -> KeyReport:
    state = world.farm.line(world.line)
    inputs = world.farm.inputs(world.line, name)
    assert inputs is not None
    depends = state.graph.depends[name]
    return key_report(world.line, name, state.plan.nodes, inputs, depends, world.records.builds)


def test_a_first_build_has_its_version_times_and_place() -> None:
    (build,) = history(built_world(), "libogg")
    assert build.reasons == ("first build",)
    assert build.changed == ()
    assert (build.outcome, build.published, build.duration_s) == ("built", True, 60.0)
    assert build.version == "1.0+git1.g0000001-1~deb12"
    assert (build.generation, build.requested_at) == (1, 1001.0)


def test_builds_come_newest_first_with_the_commits_between_them() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run()
    new, old = history(world, "libogg")
    assert new.reasons == ("new commit 00000000..00000000",)
    assert new.changed[0] == Difference("commit", f"{1:040x}", f"{2:040x}")
    assert (new.published, old.published) == (True, False)


def test_a_changed_dependency_is_named_with_the_versions_before_and_after() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run()
    assert history(world, "libvorbis")[0].reasons == (
        "dependency libogg changed (1.0+git1.g0000001-1~deb12 became 1.0+git2.g0000002-1~deb12)",
    )
    assert history(world, "libvorbis")[0].version == "1.0+git1.g0000001-1~deb12+r1"


def test_a_forced_build_says_who_and_for_what_reason() -> None:
    world = built_world()
    world.farm.force(["libogg"], "bookworm", "development", "bad disk", "ann")
    world.run()
    assert history(world, "libogg")[0].reasons == ("forced by ann: bad disk",)
    world.farm.force(["libogg"], "bookworm", "development", "worse disk", "bob")
    world.run()
    newest, before, _ = history(world, "libogg")
    assert newest.reasons == ("forced by bob: worse disk",)
    assert before.reasons == ("forced by ann: bad disk",)


def test_a_changed_entry_names_its_fields_and_changed_packages_are_listed() -> None:
    world = built_world()
    entry = component("libogg", homepage="https://xiph.org/", packages={"deb": ["zlib1g-dev"]})
    world.farm.change_stack(stack(CHAIN, libogg=entry))
    world.run()
    assert history(world, "libogg")[0].reasons == (
        "the component's entry changed (homepage)",
        "the needed distro packages changed (+zlib1g-dev)",
    )


def test_a_build_that_made_nothing_new_leaves_the_published_one() -> None:
    world = built_world()
    entry = component("libogg", homepage="https://xiph.org/")
    world.farm.change_stack(stack(CHAIN, libogg=entry))
    world.run()
    again, first = history(world, "libogg")
    assert (again.same_output, again.published) == (True, False)
    assert (first.same_output, first.published) == (False, True)
    key = key_of(world, "libogg")
    assert (key.version, key.uses) == (again.version, first.version)


def test_a_failure_has_its_phase_and_message() -> None:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    world.run("libogg")
    (build,) = history(world, "libogg")
    assert (build.outcome, build.phase) == ("failed", "test")
    assert build.message == "3 of 4 tests failed"
    assert history(world, "libvorbis") == ()


def test_running_and_interrupted_builds_are_told_apart() -> None:
    world = FarmWorld(stack(CHAIN))
    world.push(*CHAIN)
    row = world.start()["libogg"]
    (build,) = history(world, "libogg")
    assert (build.outcome, build.duration_s) == ("building", None)
    world.now += 5
    world.records.build_interrupted(row.key, "the worker was lost")
    (build,) = history(world, "libogg")
    assert (build.outcome, build.attempts, build.duration_s) == ("interrupted", 1, 5.0)


def test_a_build_that_another_channel_made_is_listed_where_it_is_published() -> None:
    world = built_world()
    snapshot = world.records.snapshots[BOOKWORM_LINE]
    key = snapshot.content["libogg"]
    mine = world.records.builds_of("topic-x", "bookworm", "libogg")
    (build,) = build_history(world.records.builds, mine, key)
    assert (build.channel, build.published) == ("development", True)
    assert build_history(world.records.builds, mine) == ()


def test_a_key_holds_all_dependencies_with_the_versions_behind_their_digests() -> None:
    report = key_of(built_world(), "vorbis-tools")
    assert [d.component for d in report.dependencies] == ["libogg", "libvorbis"]
    assert report.dependencies[0].version == "1.0+git1.g0000001-1~deb12"
    assert list(report.inputs["dependencies"]) == ["libvorbis"]
    assert report.state == "built"


def test_a_key_is_not_known_before_its_dependencies_are_built() -> None:
    world = built_world()
    world.push("libogg", "libvorbis", commit=2)
    report = key_of(world, "libvorbis")
    assert (report.key, report.state, report.waits_for) == ("", "waiting", ("libogg",))
    row = world.records.builds[world.records.snapshots[world.line].content["libvorbis"]]
    assert compare(report, row, world.records.views).differences == (
        "new commit 00000000..00000000",
    )


def test_a_key_is_compared_with_another_builds() -> None:
    world = built_world()
    world.push("libogg", commit=2)
    world.run()
    first = history(world, "libvorbis")[1]
    before = world.records.builds[first.key]
    compared = compare(key_of(world, "libvorbis"), before, world.records.views)
    assert compared.differences == ("dependency libogg changed",)
    assert [one.field for one in compared.fields] == ["dependencies.libogg"]
    assert (compared.version, compared.generation) == (first.version, 1)


def test_versions_are_written_as_each_family_writes_them() -> None:
    world = FarmWorld(stack(CHAIN, EL9), line=("development", "el9"))
    world.push("libogg")
    row = replace(world.start()["libogg"], rebuild=2)
    assert package_version(row) == "1.0+git1.g0000001-1.el9.2"


JSON = st.recursive(
    st.none() | st.integers() | st.text(max_size=3) | st.lists(st.text(max_size=3), max_size=2),
    lambda inner: st.dictionaries(st.text("abc", min_size=1, max_size=2), inner, max_size=3),
    max_leaves=8,
)
INPUTS = st.dictionaries(st.sampled_from(["commit", "component", "distro"]), JSON)


@given(INPUTS, INPUTS)
def test_differing_fields_are_exactly_the_leaves_that_differ(before: dict, after: dict) -> None:
    assert differing_fields(before, before) == ()
    found = differing_fields(before, after)
    changed = {d.field: d.after for d in found if d.after is not None}
    gone = {d.field for d in found if d.after is None}
    patched = {name: value for name, value in flat(before) if name not in gone} | changed
    now = {name: value for name, value in flat(after) if value is not None}
    assert {name: value for name, value in patched.items() if value is not None} == now
