"""Which directory holds which components."""

from hypothesis import given
from hypothesis import strategies as st

from farm.workspace.checkouts import assign
from farm.workspace.entries import Entry


def entries(*made: Entry) -> dict[str, Entry]:
    return {entry.name: entry for entry in made}


def test_a_checkout_is_named_after_its_one_component() -> None:
    assert assign(entries(Entry("xapi", "https://host/xen-api.git")), {}) == {"xapi": ("xapi",)}


def test_components_of_one_repository_share_a_checkout_named_after_it() -> None:
    url = "https://host/xen-api.git"
    shared = entries(Entry("xapi", url, "ocaml/xapi"), Entry("xenopsd", url, "ocaml/xenopsd"))
    assert assign(shared, {}) == {"xen-api": ("xapi", "xenopsd")}


def test_two_branches_of_a_repository_are_two_checkouts() -> None:
    both = entries(Entry("gtk3", "/g/gtk.git", branch="3"), Entry("gtk4", "/g/gtk.git"))
    assert assign(both, {}) == {"gtk3": ("gtk3",), "gtk4": ("gtk4",)}


def test_a_component_stays_where_it_was_cloned_when_its_repository_moves() -> None:
    moved = entries(Entry("ogg", "https://new/ogg2.git", "lib"))
    assert assign(moved, {"ogg": "ogg-old"}) == {"ogg-old": ("ogg",)}


def test_names_that_are_taken_get_a_number() -> None:
    clash = entries(
        Entry("tools", "/a/x.git"), Entry("a1", "/b/tools.git", "a"), Entry("a2", "/b/tools.git")
    )
    assert assign(clash, {}) == {"tools": ("tools",), "tools-2": ("a1", "a2")}
    assert assign(entries(Entry("prefix", "/a/prefix.git")), {}, {"prefix"}) == {
        "prefix-2": ("prefix",)
    }


def test_a_repository_that_is_divided_anew_keeps_one_directory_and_makes_one() -> None:
    divided = entries(Entry("aa", "/g/mono.git", "a"), Entry("bb", "/g/own-b.git"))
    assert assign(divided, {"aa": "mono", "bb": "mono"}) == {"mono": ("aa",), "bb": ("bb",)}


names = st.sampled_from(["aa", "bb", "cc", "dd", "mono", "prefix"])


@given(
    st.dictionaries(
        names, st.tuples(st.sampled_from(["/g/mono.git", "/g/bb.git", "/"]), st.booleans())
    ),
    st.dictionaries(names, names),
)
def test_every_component_has_exactly_one_checkout(
    made: dict[str, tuple[str, bool]], recorded: dict[str, str]
) -> None:
    stack = entries(*(Entry(n, git, "sub" if sub else ".") for n, (git, sub) in made.items()))
    places = assign(stack, recorded, {"prefix"})
    assert sorted(name for group in places.values() for name in group) == sorted(stack)
    for group in places.values():
        assert len({stack[name].repository for name in group}) == 1
