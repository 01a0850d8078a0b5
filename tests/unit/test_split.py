"""Which packages a component becomes, on the shapes that components have."""

from __future__ import annotations

from collections.abc import Iterable

import pytest

from farm.packaging.debian_names import debian_library_name
from farm.packaging.manifest import Installed, Manifest
from farm.packaging.roles import Role
from farm.packaging.split import (
    BIG_DATA_BYTES,
    BIG_DOCUMENTATION_BYTES,
    BinaryPackage,
    split_deb,
    split_rpm,
)
from tests.packaging_data import LIBDIR, library, ogg_manifest, pkgconfig, program


def contents(packages: Iterable[BinaryPackage]) -> dict[str, list[str]]:
    """Package to the names of its files, without their directories."""
    return {p.name: sorted(f.path.rpartition("/")[2] for f in p.files) for p in packages}


def names(packages: Iterable[BinaryPackage]) -> list[str]:
    return [p.name for p in packages]


@pytest.mark.parametrize(
    ("soname", "package"),
    [
        ("libogg.so.0", "libogg0"),
        ("libfoo2.so.1", "libfoo2-1"),
        ("libfoo-1.2.so", "libfoo-1.2"),
        ("libevent-2.1.so.7", "libevent-2.1-7"),
        ("libyaml-0.so.2", "libyaml-0-2"),
        ("libGL_X.so.1", "libgl-x1"),
        ("libx.so.1.2.3", "libx1.2.3"),
    ],
)
def test_debian_names_a_library_by_its_soname(soname: str, package: str) -> None:
    assert debian_library_name(soname) == package


def test_a_library_is_split_from_what_building_with_it_needs() -> None:
    development = ["libogg.a", "libogg.so", "ogg.h", "ogg.m4", "ogg.pc", "os_types.h"]
    runtime = ["libogg.so.0", "libogg.so.0.5.2"]

    assert contents(split_deb("libogg", ogg_manifest())) == {
        "libogg0": runtime,
        "libogg-dev": development,
    }
    assert contents(split_rpm("libogg", ogg_manifest("/usr/lib64"))) == {
        "libogg": runtime,
        "libogg-devel": development,
    }


def test_development_files_need_the_libraries_in_their_version() -> None:
    _, development = split_deb("libogg", ogg_manifest())

    assert development.siblings == ("libogg0",)


def test_debian_has_one_package_for_each_soname_and_rpm_one_for_all() -> None:
    manifest = Manifest.of(
        [
            *library("libvorbis.so.0"),
            *library("libvorbisenc.so.2"),
            *library("libvorbisfile.so.3"),
        ]
    )

    assert names(split_deb("libvorbis", manifest)) == [
        "libvorbis0",
        "libvorbisenc2",
        "libvorbisfile3",
        "libvorbis-dev",
    ]
    assert names(split_rpm("libvorbis", manifest)) == ["libvorbis", "libvorbis-devel"]


def test_debian_names_are_the_distributions_own_where_it_has_the_package() -> None:
    manifest = Manifest.of(
        [*library("libexpat.so.1"), *library("libvorbis.so.0"), "/usr/bin/x", "/usr/include/x.h"]
    )
    distribution = {"libexpat1", "libvorbis0a", "libexpat1-dev", "libexpat-bin"}

    packages = split_deb("libexpat", manifest, distribution=distribution)

    assert names(packages) == ["libexpat1", "libvorbis0a", "libexpat1-dev", "libexpat-bin"]
    assert names(split_deb("libexpat", manifest)) == [
        *("libexpat1", "libvorbis0", "libexpat-dev", "libexpat-tools")
    ]


def test_a_package_that_the_distribution_has_not_may_take_files_from_those_it_has() -> None:
    manifest = Manifest.of([*library("libtheora.so.0"), *library("libtheoradec.so.1")])

    packages = split_deb("libtheora", manifest, distribution={"libtheora0", "libtheora-dev"})

    assert {p.name: p.takes_from for p in packages} == {
        "libtheora0": (),
        "libtheoradec1": ("libtheora0",),
        "libtheora-dev": (),
    }


def test_development_files_depend_on_the_packages_of_required_pkgconfig_files() -> None:
    manifest = Manifest.of(
        [
            *library("libvorbis.so.0"),
            Installed(
                f"{LIBDIR}/pkgconfig/vorbis.pc",
                provides="vorbis",
                requires_private=("ogg", "absent"),
            ),
            pkgconfig("vorbisenc", ("vorbis",)),
        ]
    )

    packages = split_deb("libvorbis", manifest, owners={"ogg": "libogg-dev"})

    assert {p.name: p.depends for p in packages} == {
        "libvorbis0": (),
        "libvorbis-dev": ("libogg-dev",),
    }


def test_a_program_is_one_package_with_its_translations_and_documents() -> None:
    manifest = Manifest.of(
        [
            program("oggenc"),
            "/usr/share/man/man1/oggenc.1",
            "/usr/share/locale/de/LC_MESSAGES/vorbis-tools.mo",
            "/usr/share/doc/vorbis-tools/oggenc.html",
        ]
    )

    assert names(split_deb("vorbis-tools", manifest)) == ["vorbis-tools"]
    assert names(split_rpm("vorbis-tools", manifest)) == ["vorbis-tools"]


@pytest.mark.parametrize(
    ("component", "command", "debs", "rpms"),
    [
        (
            "speex",
            "speexenc",
            ["libspeex1", "libspeex-dev", "speex"],
            ["speex", "speex-devel", "speex-tools"],
        ),
        (
            "libshout",
            "shout",
            ["libspeex1", "libshout-dev", "libshout-tools"],
            ["libshout", "libshout-devel", "libshout-tools"],
        ),
        (
            "curl",
            "curl",
            ["libspeex1", "libspeex-dev", "curl"],
            ["curl-libs", "curl-devel", "curl"],
        ),
    ],
)
def test_programs_beside_a_library_get_the_name_people_look_for(
    component: str, command: str, debs: list[str], rpms: list[str]
) -> None:
    manifest = Manifest.of([*library("libspeex.so.1"), program(command)])

    assert names(split_deb(component, manifest)) == debs
    assert names(split_rpm(component, manifest)) == rpms


def test_a_config_script_and_its_manual_belong_to_development() -> None:
    manifest = Manifest.of(
        [
            *library("libx.so.1"),
            "/usr/bin/x-config",
            "/usr/share/man/man1/x-config.1",
            "/usr/share/man/man3/x_open.3",
            "/usr/share/man/de/man3/x_open.3",
        ]
    )

    assert names(split_deb("libx", manifest)) == ["libx1", "libx-dev"]


def test_headers_alone_are_architecture_independent() -> None:
    manifest = Manifest.of(["/usr/include/x.h", "/usr/share/pkgconfig/x.pc"])

    (deb,) = split_deb("headers", manifest)
    (rpm,) = split_rpm("headers", manifest)

    assert (deb.name, deb.architecture_independent) == ("headers-dev", True)
    assert (rpm.name, rpm.architecture_independent) == ("headers-devel", True)


def test_a_static_library_names_the_development_package() -> None:
    manifest = Manifest.of([f"{LIBDIR}/libtiny.a", "/usr/include/tiny.h"])

    (package,) = split_deb("tinyproject", manifest)

    assert package.name == "libtiny-dev"
    assert not package.architecture_independent


def test_data_of_a_library_stays_out_of_debians_library_package() -> None:
    manifest = Manifest.of([*library("libx.so.1"), "/usr/share/locale/de/LC_MESSAGES/x.mo"])

    debs = split_deb("libx", manifest)

    assert names(debs) == ["libx1", "libx-dev", "libx-common"]
    assert debs[0].siblings == ("libx-common",)
    assert debs[2].architecture_independent
    assert names(split_rpm("libx", manifest)) == ["libx", "libx-devel"]


def test_much_data_of_a_program_becomes_an_architecture_independent_package() -> None:
    manifest = Manifest.of(
        [program("game"), Installed("/usr/share/game/maps", size=BIG_DATA_BYTES)]
    )

    game, data = split_deb("game", manifest)

    assert (data.name, data.architecture_independent) == ("game-data", True)
    assert game.siblings == ("game-data",)


def test_only_much_documentation_gets_a_package_of_its_own() -> None:
    def manifest(size: int) -> Manifest:
        page = Installed("/usr/share/doc/libogg/index.html", size=size)
        return Manifest.of([*library("libogg.so.0"), page])

    little, much = manifest(1000), manifest(BIG_DOCUMENTATION_BYTES)

    assert contents(split_deb("libogg", little))["libogg-dev"] == ["index.html", "libogg.so"]
    assert names(split_deb("libogg", much))[-1] == "libogg-doc"
    assert "libogg-doc" not in names(split_rpm("libogg", little))
    assert names(split_rpm("libogg", much))[-1] == "libogg-doc"


def test_modules_go_with_the_programs_or_else_with_the_library() -> None:
    module = Installed(f"{LIBDIR}/x/codec.so", elf=True)

    alone = Manifest.of([*library("libx.so.1"), module])
    with_program = Manifest.of([*library("libx.so.1"), module, program("xplay")])

    assert "codec.so" in contents(split_deb("libx", alone))["libx1"]
    assert "codec.so" in contents(split_deb("libx", with_program))["libx-tools"]


def test_a_library_without_a_version_gets_a_package_but_is_no_public_library() -> None:
    manifest = Manifest.of(
        [Installed(f"{LIBDIR}/libx.so", elf=True, soname="libx.so"), "/usr/include/x.h"]
    )

    development, runtime = split_deb("libx", manifest)

    assert (runtime.name, runtime.role, runtime.sonames) == ("libx", Role.MODULE, ())
    assert development.siblings == ("libx",)


def test_python_bindings_are_a_package_and_a_programs_own_modules_are_not() -> None:
    module = "/usr/lib/python3/dist-packages/x.py"

    assert names(split_deb("libx", Manifest.of([*library("libx.so.1"), module]))) == [
        "libx1",
        "libx-dev",
        "python3-libx",
    ]
    assert names(split_deb("x", Manifest.of([program("x"), module]))) == ["x"]
    assert names(split_rpm("python-x", Manifest.of([module, "/usr/share/doc/x/README"]))) == [
        "python3-x"
    ]


def test_units_and_configuration_stay_with_the_daemon() -> None:
    manifest = Manifest.of(
        [
            *library("libd.so.1"),
            "/usr/sbin/d",
            "/etc/d.conf",
            "/usr/lib/systemd/system/d.service",
            "/usr/share/man/man8/d.8",
        ]
    )

    assert contents(split_deb("d", manifest))["d"] == ["d", "d.8", "d.conf", "d.service"]
    assert contents(split_rpm("d", manifest))["d"] == ["d", "d.8", "d.conf", "d.service"]


def test_an_ocaml_library_has_what_programs_load_and_what_compiling_needs() -> None:
    files = ("META", "dune-package", "t.a", "t.cma", "t.cmi", "t.cmx", "t.cmxa", "t.cmxs", "t.ml")
    manifest = Manifest(tuple(Installed(f"/usr/lib/ocaml/t/{name}") for name in files))

    assert contents(split_deb("ocaml-t", manifest)) == {
        "libt-ocaml-dev": ["dune-package", "t.a", "t.cmi", "t.cmx", "t.cmxa", "t.ml"],
        "libt-ocaml": ["META", "t.cma", "t.cmxs"],
    }
    assert names(split_rpm("ocaml-t", manifest)) == ["ocaml-t-devel", "ocaml-t"]


def test_ocaml_libraries_need_those_that_their_meta_files_require() -> None:
    here = "/usr/lib/ocaml"
    manifest = Manifest(
        (
            Installed(f"{here}/t-lwt/META", provides="findlib:t-lwt", requires=("findlib:t",)),
            Installed(f"{here}/t-lwt/t_lwt.cma"),
            Installed(f"{here}/t-lwt/t_lwt.cmi"),
            Installed(
                f"{here}/t/META",
                provides="findlib:t",
                requires=("findlib:u", "findlib:unix", "findlib:v"),
            ),
            Installed(f"{here}/t/t.cma"),
            Installed(f"{here}/t/t.cmi"),
        )
    )
    owners = {
        "findlib:t": "libt-ocaml",
        "findlib:u": "libu-ocaml",
        "findlib-dev:u": "libu-ocaml-dev",
        "findlib-dev:v": "v-dev",
    }

    packages = {p.name: p.depends for p in split_deb("ocaml-t", manifest, owners=owners)}
    assert packages == {
        "libt-ocaml": ("libu-ocaml",),
        "libt-ocaml-dev": ("libu-ocaml-dev", "v-dev"),
    }


def test_what_dune_says_of_a_program_stays_with_it() -> None:
    paths = ("/usr/bin/t", "/usr/lib/ocaml/t/META", "/usr/lib/ocaml/t/dune-package")
    assert names(split_deb("t", Manifest(tuple(map(Installed, paths))))) == ["t"]
