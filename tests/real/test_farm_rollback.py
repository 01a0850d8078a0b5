"""A running farm whose archive somebody rolled back: it notices, and does not publish it again."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from repo_publish.manifest import MANIFEST, Manifest
from repo_publish.refusal import refused_by
from tests.diamond import ALL_PUBLISHED, LINE, diamond
from tests.farms import TestFarm, change
from tests.manifests import a_component, a_manifest

pytestmark = pytest.mark.real

NOTICED_WITHIN_S = 60


@pytest.fixture
def farm(tmp_path: Path) -> Iterator[TestFarm]:
    """A diamond of four components, built."""
    with diamond(tmp_path) as farm:
        yield farm


def test_a_rollback_is_noticed_and_stays_until_there_is_another_commit(farm: TestFarm) -> None:
    good = published(farm)
    push(farm, "2")
    farm.wait("the bad commit is published", lambda: line(farm)["snapshot"] == 2)
    farm.wait_states(LINE, **ALL_PUBLISHED)
    bad = published(farm)

    go_live(farm, good.model_copy(update={"number": 3, "refused": refused_by(bad, good, "bad", 1)}))

    farm.wait("it is noticed", lambda: line(farm)["snapshot"] == 3, NOTICED_WITHIN_S)
    assert line(farm)["held_back"]["left"] == "rolled back after snapshot 2 (bad)"
    assert farm.states(LINE) == {**ALL_PUBLISHED, "left": "built"}
    assert len(farm.started()) == 6
    assert published(farm).number == 2, "the farm has published nothing since"

    push(farm, "3")
    farm.wait_states(LINE, **ALL_PUBLISHED)
    assert len(farm.started()) == 8


def push(farm: TestFarm, code: str) -> None:
    repository = farm.base / "git" / "left"
    change(repository, {"code": code})
    assert farm.hook(f"file://{repository}") == 200


def line(farm: TestFarm) -> dict[str, Any]:
    return dict(farm.status()["lines"][LINE])


def published(farm: TestFarm) -> Manifest:
    """What the stand-in of the publisher was last given, as a snapshot."""
    said = json.loads((farm.state / "published" / f"{LINE}.json").read_text())
    components = (
        a_component(package["component"]).model_copy(
            update={"key": package["key"], "commit": package["commit"]}
        )
        for package in said["packages"]
    )
    return a_manifest(*components, number=said["number"])


def go_live(farm: TestFarm, manifest: Manifest) -> None:
    """What somebody else's publisher leaves in the archive, as far as the farm looks at it."""
    tree = farm.state / "archive" / manifest.lasting_path
    tree.mkdir(parents=True)
    (tree / MANIFEST).write_text(manifest.model_dump_json())
    link = farm.state / "archive" / LINE
    link.unlink()
    link.symlink_to(f"../{manifest.lasting_path}")
