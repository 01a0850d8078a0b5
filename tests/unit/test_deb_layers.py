"""Layers of build dependencies: found again, used while they last, removed when forgotten."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from farm.build.deb import layers
from farm.build.deb.layers import KEPT_UNUSED_S, layer_digest, layer_for
from farm.build.deb.roots import DebRoot
from farm.build.phases import Phases


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """Layers that were made, by a stand-in for apt."""
    paths: list[Path] = []

    def make(
        root: DebRoot, relations: object, layer: Path, phases: object, work: object, mirror: object
    ) -> None:
        layer.mkdir()
        paths.append(layer)

    monkeypatch.setattr(layers, "_make", make)
    return paths


def use(root: DebRoot, *relations: str) -> tuple[Path, ...]:
    phases = Phases(io.StringIO(), 60)
    with layer_for(root, relations, phases, root.directory / "mnt", "") as lower:
        return lower


def age(layer: Path) -> None:
    long_ago = layer.stat().st_mtime - KEPT_UNUSED_S - 60
    os.utime(layer, (long_ago, long_ago))


def test_the_order_of_relations_does_not_matter() -> None:
    assert layer_digest(["a", "b"]) == layer_digest(["b", "a"])
    assert layer_digest(["a", "b"]) != layer_digest(["a"])


def test_a_build_that_needs_nothing_has_no_layer(tmp_path: Path, made: list[Path]) -> None:
    assert use(DebRoot(tmp_path)) == (tmp_path / "root",)
    assert made == []


def test_a_layer_is_made_once_and_lies_on_the_root(tmp_path: Path, made: list[Path]) -> None:
    root = DebRoot(tmp_path)

    first, second = use(root, "gettext"), use(root, "gettext")

    assert first == second == (tmp_path / "root", made[0])
    assert len(made) == 1


def test_a_layer_that_nobody_used_for_long_is_removed(tmp_path: Path, made: list[Path]) -> None:
    root = DebRoot(tmp_path)
    use(root, "old")
    use(root, "fresh")
    age(made[0])

    use(root, "new")

    assert [layer.exists() for layer in made] == [False, True, True]


def test_a_layer_in_use_stays_however_old_it_is(tmp_path: Path, made: list[Path]) -> None:
    root = DebRoot(tmp_path)

    with layer_for(root, ["old"], Phases(io.StringIO(), 60), tmp_path, ""):
        age(made[0])
        use(root, "new")

        assert made[0].exists()
