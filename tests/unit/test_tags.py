from __future__ import annotations

import pytest

from farm.tags import is_named, tag_version


@pytest.mark.parametrize(
    ("tag", "version"),
    [
        ("1.3.5", "1.3.5"),
        ("v1.3.5", "1.3.5"),
        ("V1.3", "1.3"),
        ("libogg-1.3.5", "1.3.5"),
        ("LibOgg_1_3_5", "1.3.5"),
        ("libogg/v1.3.5", "1.3.5"),
        ("libogg@1.3.5", "1.3.5"),
        ("libogg-v1.3.5-rc2", "1.3.5~rc2"),
        ("release-1.3", "1.3"),
        ("release/1.3", "1.3"),
        ("VER-2-13-0", "2.13.0"),
        ("1.4-rc1", "1.4~rc1"),
        ("1.4rc1", "1.4~rc1"),
        ("1.4.RC.1", "1.4~rc1"),
        ("v1.2.0-alpha1", "1.2.0~alpha1"),
        ("1.0.2b", "1.0.2b"),
        ("v1.2.3-4", "1.2.3.4"),
        ("v2.0+build7", "2.0+build7"),
        ("20240131", "20240131"),
    ],
)
def test_tags_that_name_a_version(tag: str, version: str) -> None:
    assert tag_version(tag, ["libogg", "ogg"]) == version


@pytest.mark.parametrize(
    "tag",
    ["latest", "libvorbis-1.3.7", "debian/1.3-2", "liboggs-1.3", "v", "nightly-20240101", "1.3:2"],
)
def test_tags_that_do_not(tag: str) -> None:
    assert tag_version(tag, ["libogg", "ogg"]) is None


def test_a_named_tag_belongs_to_one_component_only() -> None:
    assert is_named("libogg-1.3.5", ["libogg"])
    assert not is_named("v1.3.5", ["libogg"])
    assert not is_named("libvorbis-1.3.5", ["libogg"])
