"""What a rollback takes back, and how long that stays away."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from repo_publish.manifest import Manifest
from repo_publish.model import Publication, Published
from repo_publish.refusal import refused_by, rolled_back, still_refused
from tests.manifests import a_component, a_file, a_manifest, a_publication, published

OLD, BAD, NEW = "a" * 40, "b" * 40, "c" * 40


def component(name: str, version: str, commit: str = OLD):
    return a_component(name, a_file(name, version), version=version).model_copy(
        update={"commit": commit}
    )


def after_rollback(live: Manifest, target: Manifest) -> Manifest:
    """The manifest of the snapshot that goes back."""
    return target.model_copy(
        update={
            "number": live.number + 1,
            "refused": refused_by(live, target, "broken", 1_800_000_000),
        }
    )


def with_inputs(wanted: Published, *inputs: Published) -> Published:
    return wanted.model_copy(update={"inputs": {one.component: one.key for one in inputs}})


GOOD = a_manifest(component("lib", "1-1"), component("app", "1-1"))
BROKEN = a_manifest(component("lib", "2-1", BAD), component("app", "1-1+r1"), number=8)
BACK = after_rollback(BROKEN, GOOD)


def held(publication: Publication, live: Manifest = BACK) -> dict[str, str]:
    return rolled_back(publication, live)


def test_what_differed_is_refused_with_what_it_was() -> None:
    assert {n: (r.build.version, r.snapshot) for n, r in BACK.refused.items()} == {
        "lib": ("2-1", 8),
        "app": ("1-1+r1", 8),
    }


def test_the_content_gone_back_to_is_no_problem() -> None:
    assert held(a_publication(published("lib", "1-1", OLD), published("app", "1-1", OLD))) == {}


def test_the_same_builds_are_held_back_with_the_reason() -> None:
    reasons = held(a_publication(published("lib", "2-1", BAD), published("app", "1-1+r1", OLD)))

    assert reasons == {
        "lib": "rolled back after snapshot 8 (broken): waits for a commit after bbbbbbbbbb",
        "app": "rolled back after snapshot 8 (broken): waits for another build",
    }


def test_the_bad_commit_stays_away_in_any_build() -> None:
    assert "lib" in held(a_publication(published("lib", "2-1+r1", BAD)))


def test_another_commit_is_free_and_so_is_another_build_of_a_commit_that_stayed() -> None:
    assert held(a_publication(published("lib", "3-1", NEW), published("app", "1-1+r2", OLD))) == {}


def test_what_was_built_with_a_refused_build_waits_with_it() -> None:
    bad = published("lib", "2-1", BAD)
    app = with_inputs(published("app", "2-1", NEW), bad)
    top = with_inputs(published("top", "1-1", NEW), app)

    reasons = held(a_publication(top, app, bad, published("other", "1-1", NEW)))

    assert reasons["app"] == "was built with lib, which is rolled back"
    assert reasons["top"] == "was built with app, which is rolled back"
    assert "other" not in reasons


def test_a_component_that_came_with_the_bad_snapshot_stays_out() -> None:
    live = a_manifest(component("lib", "1-1"), component("more", "1-1"), number=8)
    back = after_rollback(live, a_manifest(component("lib", "1-1")))

    assert list(held(a_publication(published("more", "1-1", OLD)), back)) == ["more"]


def test_going_forward_again_frees_what_it_goes_to() -> None:
    forward = after_rollback(BACK.model_copy(update={"number": 9}), BROKEN)

    wanted = a_publication(published("lib", "2-1", BAD), published("app", "1-1+r1", OLD))
    assert held(wanted, forward) == {}


def test_a_refusal_ends_when_something_else_is_published() -> None:
    content = {c.component: c.key for c in GOOD.components}

    assert still_refused(BACK, content) == BACK.refused
    assert list(still_refused(BACK, content | {"lib": "0" * 64})) == ["app"]
    assert still_refused(BACK, {}) == BACK.refused


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(1, 4)), max_size=6, unique=True))
def test_publishing_what_was_rolled_back_never_changes_the_live_content(
    pairs: list[tuple[str, int]],
) -> None:
    bad = dict(pairs)
    good = a_manifest(*(component(f"{name}-lib", "1-1") for name in "abc"))
    live = a_manifest(*(component(f"{n}-lib", f"{v}-1", f"{v}" * 40) for n, v in bad.items()))
    back = after_rollback(live, good)
    has = {c.component: c.key for c in back.components}

    wanted = a_publication(*(published(f"{n}-lib", f"{v}-1", f"{v}" * 40) for n, v in bad.items()))

    free = [p for p in wanted.packages if p.component not in held(wanted, back)]
    assert all(has[p.component] == p.key for p in free)
