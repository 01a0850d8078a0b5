"""The table of builders."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.builders import BuilderKind, BuilderRow, builder_table, built_by, name_clashes
from tests.stacks import BOOKWORM, EL9, component, stack


def test_each_component_has_a_builder_per_distro_and_each_distro_a_publisher():
    rows = builder_table(stack({"libogg": (), "speex": ("libogg",)}, BOOKWORM, EL9))
    assert [row.name for row in rows] == [
        "libogg-bookworm",
        "libogg-el9",
        "speex-bookworm",
        "speex-el9",
        "publish-bookworm",
        "publish-el9",
    ]
    assert rows[1] == BuilderRow(
        "libogg-el9", "libogg", "el9", BuilderKind.BUILD, ("libogg", "el9")
    )
    assert rows[4] == BuilderRow(
        "publish-bookworm", None, "bookworm", BuilderKind.PUBLISH, ("publish", "bookworm")
    )


def test_a_component_has_no_builder_where_it_is_not_built():
    whole = stack(
        {},
        *(BOOKWORM, EL9),
        aa=component("aa", exclude=("el9",)),
        bb=component("bb", distros=("el9",)),
    )
    names = [row.name for row in builder_table(whole)]
    assert names == ["aa-bookworm", "bb-el9", "publish-bookworm", "publish-el9"]


words = st.lists(st.sampled_from(["a1", "b2", "publish"]), min_size=1, max_size=3).map("-".join)


@given(st.sets(words, max_size=5), st.sets(words, min_size=1, max_size=4))
def test_names_are_unique_unless_a_clash_is_told(components, distros):
    whole = stack(
        dict.fromkeys(components, ()),
        *(BOOKWORM.model_copy(update={"name": name}) for name in distros),
    )
    rows = builder_table(whole)
    told = name_clashes(rows)
    assert len({row.name for row in rows}) == len(rows) - len(told)
    assert all(one.name == other.name and one != other for one, other in told)


def test_builders_that_somebody_named_are_found_by_distro():
    rows = builder_table(stack({"libogg": (), "flac": ("libogg",)}, BOOKWORM, EL9))
    named = {"libogg-bookworm", "flac-bookworm", "publish-el9", "gone-el9"}
    assert built_by(rows, named) == {"bookworm": ["libogg", "flac"], "el9": []}
