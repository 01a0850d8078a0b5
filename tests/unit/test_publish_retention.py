"""Which snapshots stay, and which builds: nothing that anything refers to ever goes."""

from __future__ import annotations

import os
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repo_publish.errors import PublishError
from repo_publish.line import KEPT_SNAPSHOTS
from repo_publish.live import Kept
from repo_publish.manifest import Manifest, Origin
from repo_publish.pool_collection import YOUNG_S, collect_pool, plan_pool
from repo_publish.refusal import refused_by
from repo_publish.retention import (
    CLIENT_WINDOW_S,
    DAY_S,
    Age,
    Rules,
    kept_because,
    references,
)
from tests.manifests import a_component, a_manifest
from tests.packages import build_deb, store

NOW = 2_000_000_000.0
FIVE_OLD = [Age(number, 0) for number in range(100, 100 + KEPT_SNAPSHOTS)]


def reasons(*ages: Age, keep: int = 0, days: float = 0, referred: dict[int, str] | None = None):
    """For a line that goes on with five snapshots, too, which are long gone by."""
    live = FIVE_OLD[-1].number
    return kept_because([*ages, *FIVE_OLD], live, Rules(keep, days), referred or {}, NOW)


def test_what_is_live_stays_and_so_do_those_that_clients_began_with() -> None:
    stay = reasons(Age(1, 0))

    assert list(stay) == [100, 101, 102, 103, 104]
    assert stay[104] == "it is live"
    assert stay[103] == "clients may still use it"


def test_a_snapshot_that_was_live_until_yesterday_stays_however_old_it_is() -> None:
    replaced = NOW - CLIENT_WINDOW_S + 60
    ages = [Age(1, 0), Age(2, int(replaced)), *(Age(n, int(replaced)) for n in range(3, 12))]

    stay = kept_because(ages, 11, Rules(0, 0), {}, NOW)

    assert 1 in stay


def test_rules_keep_by_number_and_by_age() -> None:
    assert 3 in reasons(Age(1, 0), Age(2, 0), Age(3, 0), keep=KEPT_SNAPSHOTS + 1)
    assert 2 not in reasons(Age(1, 0), Age(2, 0), Age(3, 0), keep=KEPT_SNAPSHOTS + 1)
    assert 1 in reasons(Age(1, int(NOW - 3 * DAY_S)), days=3.5)
    assert 1 not in reasons(Age(1, int(NOW - 3 * DAY_S)), days=2.5)


def test_a_reference_keeps_a_snapshot_and_is_named() -> None:
    assert reasons(Age(1, 0), referred={1: "release 1.2 was made from it"}) == {
        1: "release 1.2 was made from it",
        **reasons(),
    }


ages = st.lists(
    st.tuples(st.integers(1, 60), st.integers(0, int(NOW))), unique_by=lambda a: a[0], min_size=1
).map(lambda pairs: [Age(n, t) for n, t in sorted(pairs)])


@given(ages, st.integers(0, 80), st.floats(0, 9000), st.sets(st.integers(1, 60)), st.data())
def test_nothing_that_must_stay_ever_goes(
    snapshots: list[Age], keep: int, days: float, referred: set[int], data: st.DataObject
) -> None:
    numbers = [snapshot.number for snapshot in snapshots]
    live = data.draw(st.sampled_from(numbers))

    stay = kept_because(snapshots, live, Rules(keep, days), dict.fromkeys(referred, "why"), NOW)

    assert live in stay
    assert {number for number in numbers if number > live} <= stay.keys()
    assert referred & set(numbers) <= stay.keys()
    assert set(numbers[-KEPT_SNAPSHOTS:]) <= stay.keys()
    assert set(numbers[-keep:] if keep else []) <= stay.keys()
    assert {s.number for s in snapshots if NOW - s.timestamp < days * DAY_S} <= stay.keys()
    assert stay.keys() <= set(numbers)


@given(ages, st.integers(0, 80), st.floats(0, 9000))
def test_pruning_twice_removes_nothing_more(snapshots: list[Age], keep: int, days: float) -> None:
    live = snapshots[-1].number
    once = kept_because(snapshots, live, Rules(keep, days), {}, NOW)
    left = [snapshot for snapshot in snapshots if snapshot.number in once]

    assert kept_because(left, live, Rules(keep, days), {}, NOW).keys() == once.keys()


def test_releases_promotions_and_undoable_rollbacks_refer_to_snapshots() -> None:
    bad = a_manifest(a_component("lib", version="2-1"), number=8)
    good = a_manifest(a_component("lib"), number=7)
    origin = Origin(channel="development", distro="bookworm", snapshot=3)
    release = a_manifest(channel="releases/1.2", release="1.2", number=3, origin=origin)
    promoted = a_manifest(
        channel="testing", number=5, origin=origin.model_copy(update={"snapshot": 4})
    )
    back = good.model_copy(update={"number": 9, "refused": refused_by(bad, good, "bad", 1)})

    found = references([bad, good, release, promoted, back], {("development", "bookworm"): 9})

    assert found == {
        ("development", "bookworm", 3): "releases/1.2/bookworm was made from it",
        ("development", "bookworm", 4): "testing/bookworm 5 was made from it",
        ("development", "bookworm", 8): "a rollback from it can be undone",
    }


class Store:
    """A pool of builds, some of them in an archive."""

    def __init__(self, directory: Path):
        self.pool = directory / "pool"
        self.archive = directory / "archive"
        self.built = directory / "built"

    def build(self, name: str) -> str:
        files = build_deb(self.built, name, "1.0-1")
        return store(self.pool, name, "bookworm", "1.0-1", files).key

    def keys(self) -> set[str]:
        return {path.name for path in self.pool.glob("??/*")}

    def collect(self, *manifests: Manifest, needed: set[str] | None = None, now: float = NOW):
        remaining = [Kept(manifest, self.archive / "tree") for manifest in manifests]
        plan = plan_pool(self.pool, self.archive, remaining, needed or set(), now)
        with (self.archive.parent / "log").open("w") as log:
            collect_pool(plan, log)
        return plan


def published_as(*keys: str) -> Manifest:
    names = "abcdefgh"
    return a_manifest(
        *(
            a_component(f"{n}-lib").model_copy(update={"key": k})
            for n, k in zip(names, keys, strict=False)
        )
    )


def test_builds_that_nothing_has_or_needs_go(tmp_path: Path) -> None:
    pool = Store(tmp_path)
    published, needed, old = pool.build("one"), pool.build("two"), pool.build("old")

    plan = pool.collect(published_as(published), needed={needed})

    assert plan.builds == (old,)
    assert pool.keys() == {published, needed}
    assert not list(pool.pool.glob("trash-*"))


def test_a_young_build_stays(tmp_path: Path) -> None:
    pool = Store(tmp_path)
    published, young = pool.build("one"), pool.build("young")
    made = max(path.stat().st_mtime for path in pool.pool.glob("??/*"))

    pool.collect(published_as(published), now=made + YOUNG_S - 60)

    assert pool.keys() == {published, young}


def test_builds_that_a_rollback_took_back_stay(tmp_path: Path) -> None:
    pool = Store(tmp_path)
    good, bad = pool.build("good"), pool.build("bad")
    back = published_as(good)
    refused = refused_by(published_as(bad), back, "bad", 1)

    pool.collect(back.model_copy(update={"refused": refused}))

    assert pool.keys() == {good, bad}


def test_with_the_wrong_archive_nothing_goes(tmp_path: Path) -> None:
    pool = Store(tmp_path)
    key = pool.build("one")

    with pytest.raises(PublishError, match="is it the archive of this pool"):
        pool.collect()
    with pytest.raises(PublishError, match="is it the pool of this archive"):
        pool.collect(published_as("0" * 64))
    assert pool.keys() == {key}


def test_what_a_killed_run_left_is_removed(tmp_path: Path) -> None:
    pool = Store(tmp_path)
    key = pool.build("one")
    (pool.pool / "trash-0" / "file").mkdir(parents=True)

    pool.collect(published_as(key))

    assert [path.name for path in pool.pool.iterdir()] == [key[:2]]


NUMBERS = st.integers(0, 7)
KEY = "{:064x}".format


@given(st.sets(NUMBERS), st.lists(st.sets(NUMBERS), max_size=4), st.sets(NUMBERS), st.sets(NUMBERS))
def test_what_is_reachable_or_needed_or_young_is_never_collected(
    there: set[int], snapshots: list[set[int]], needed: set[int], young: set[int]
) -> None:
    manifests = [published_as(*map(KEY, sorted(numbers))) for numbers in snapshots]
    reachable = set().union(*snapshots)
    with TemporaryDirectory() as name:
        pool = Store(Path(name))
        for number in there:
            build = pool.pool / KEY(number)[:2] / KEY(number)
            build.mkdir(parents=True)
            made = NOW - (60 if number in young else 2 * YOUNG_S)
            os.utime(build, (made, made))
        try:
            pool.collect(*manifests, needed=set(map(KEY, needed)))
        except PublishError:
            assert not reachable & there
            assert pool.keys() == set(map(KEY, there))
        else:
            stay = there & (reachable | needed | young)
            assert pool.keys() == set(map(KEY, stay))
