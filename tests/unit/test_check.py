"""What only the whole stack shows: references, cycles, twins, clashing names."""

from __future__ import annotations

from farm.model import Channel, Distro, Stack
from farm.model.check import check
from tests.stacks import BOOKWORM, EL9, component, stack


def found(whole: Stack) -> list[tuple[str, str]]:
    """The place of each finding, dotted, and its message."""
    return [(".".join(map(str, f.place)), f.message) for f in check(whole)]


def distro(base: Distro, name: str, **fields: object) -> Distro:
    return base.model_copy(update={"name": name, **fields})


def test_a_stack_whose_parts_fit_has_no_findings():
    assert found(stack({"libogg": (), "libvorbis": ("libogg",)}, BOOKWORM, EL9)) == []


class TestDependencies:
    def test_on_unknown_components_get_the_closest_name(self):
        assert found(stack({"libogg": (), "speex": ("libog", "zzz")})) == [
            ("components.speex.depends.0", "unknown component 'libog'; did you mean 'libogg'?"),
            ("components.speex.depends.1", "unknown component 'zzz'"),
        ]

    def test_on_oneself_are_no_cycle_but_a_mistake_of_their_own(self):
        assert found(stack({"aa": ("aa",)})) == [("components.aa.depends.0", "depends on itself")]

    def test_listed_twice_are_pointed_out(self):
        assert found(stack({"aa": (), "bb": ("aa", "aa")})) == [
            ("components.bb.depends.1", "'aa' is listed twice")
        ]

    def test_in_a_cycle_are_shown_with_its_whole_path(self):
        depends = {"aa": ("bb",), "bb": ("dd", "cc"), "cc": ("aa",), "dd": ()}
        assert found(stack(depends)) == [
            (
                "components.aa.depends.0",
                "dependency cycle: aa → bb → cc → aa (each depends on the next)",
            )
        ]

    def test_on_what_a_distro_leaves_out_are_refused_there(self):
        whole = stack(
            {"aa": (), "bb": ("aa",)},
            *(BOOKWORM, EL9, distro(EL9, "el8")),
            aa=component("aa", exclude=("el8", "el9")),
        )
        assert found(whole) == [
            (
                "components.bb.depends.0",
                "aa is not built on el9 and el8, but bb is: "
                "exclude it there too, or build aa there",
            )
        ]

    def test_need_only_be_built_where_the_component_is(self):
        whole = stack(
            {},
            *(BOOKWORM, EL9),
            aa=component("aa", exclude=("el9",)),
            bb=component("bb", ("aa",), distros=("bookworm",)),
        )
        assert found(whole) == []


def test_unknown_distros_get_the_closest_name_or_all():
    whole = stack(
        {},
        *(BOOKWORM, EL9),
        aa=component("aa", exclude=("bookwurm", "x"), packages={"dep": ("gcc",)}),
    )
    whole.channels["development"] = Channel(name="development", distros=("el8",))
    assert found(whole) == [
        ("components.aa.exclude.0", "unknown distro 'bookwurm'; did you mean 'bookworm'?"),
        ("components.aa.exclude.1", "unknown distro 'x'; expected bookworm or el9"),
        ("components.aa.packages.dep", "unknown family or distro 'dep'; did you mean 'deb'?"),
        ("channels.development.distros.0", "unknown distro 'el8'; did you mean 'el9'?"),
    ]


def test_channels_name_components_that_exist():
    whole = stack({"libogg": ()})
    whole.channels["old"] = Channel(name="old", branches={"libog": "stable", "libogg": "stable"})
    assert found(whole) == [
        ("channels.old.branches.libog", "unknown component 'libog'; did you mean 'libogg'?")
    ]


def test_rpm_capabilities_are_no_names_of_debian_packages():
    capability = ("pkgconfig(ogg)",)
    whole = stack(
        {},
        *(BOOKWORM, EL9),
        aa=component("aa", packages={"deb": capability, "bookworm": capability, "rpm": capability}),
    )
    assert found(whole) == [
        ("components.aa.packages.deb.0", "'pkgconfig(ogg)' is not a Debian package name"),
        ("components.aa.packages.bookworm.0", "'pkgconfig(ogg)' is not a Debian package name"),
    ]


def test_distros_are_not_called_like_families_and_use_their_familys_architectures():
    deb = distro(BOOKWORM, "deb", architecture="x86_64")
    assert found(stack({}, deb, distro(EL9, "el9", architecture="arm64"))) == [
        ("distros.deb", "a distro may not be called deb: that is a family"),
        ("distros.deb.architecture", "deb calls x86_64 'amd64'"),
        ("distros.el9.architecture", "rpm calls arm64 'aarch64'"),
    ]


class TestTwins:
    def test_build_the_same_thing_under_two_names(self):
        whole = stack(
            {},
            aa=component("aa", git="https://git.example.org/x.git"),
            bb=component("bb", git="https://git.example.org/x"),
        )
        assert found(whole) == [
            (
                "components.bb.git",
                "builds the same as component 'aa': same git, directory, branch and commands",
            )
        ]

    def test_may_differ_in_directory_branch_or_commands(self):
        shared = "https://git.example.org/x.git"
        whole = stack(
            {},
            aa=component("aa", git=shared),
            bb=component("bb", git=shared, directory="lib"),
            cc=component("cc", git=shared, branch="stable"),
            dd=component("dd", git=shared, commands={"build": "make types"}),
        )
        assert found(whole) == []


class TestBuilderNames:
    def test_of_two_components_must_differ(self):
        whole = stack({"xen": (), "xen-api": ()}, distro(EL9, "api-el9"), EL9)
        assert (
            "components.xen-api",
            "two builders would be called 'xen-api-el9': xen on api-el9 and xen-api on el9; "
            "rename a component or a distro",
        ) in found(whole)

    def test_must_differ_from_the_publishers(self):
        assert found(stack({"publish": ()})) == [
            (
                "components.publish",
                "two builders would be called 'publish-bookworm': publish on bookworm and "
                "the publisher of bookworm; rename a component or a distro",
            )
        ]
