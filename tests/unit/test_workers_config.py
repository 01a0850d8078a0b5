"""The workers of a site."""

from __future__ import annotations

from pathlib import Path

from farm.site import Site
from tests.stacks import BOOKWORM, EL9, stack
from workers.config import worker_plans, workers_for

STACK = stack({"liba": ()}, BOOKWORM, EL9)


def site(**workers: dict[str, object]) -> Site:
    return Site.model_validate(
        {"state": Path("state"), "components": Path("c.yml"), "workers": workers}
    )


def test_without_named_workers_each_distro_has_one_and_the_archives_theirs():
    plans = worker_plans(site(), STACK)
    assert [plan.name for plan in plans] == ["worker-bookworm", "worker-el9", "publisher"]


def test_workers_for_pull_requests_build_nothing_else():
    plans = worker_plans(site(all={}, apart={"untrusted": True}), STACK)
    assert workers_for(plans, "el9") == ["all"]
    assert workers_for(plans, "el9", untrusted=True) == ["apart"]


def test_a_distro_without_a_worker_waits_for_one_that_people_see():
    plans = worker_plans(site(one={"distros": ("bookworm",)}, apart={"untrusted": True}), STACK)
    assert workers_for(plans, "el9") == ["awaited-el9"]
    assert [plan.name for plan in plans if not plan.here] == ["awaited-el9"]
