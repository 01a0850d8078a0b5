"""What development files ask for by name, and whose it is."""

from __future__ import annotations

from pathlib import Path

from farm.packaging.manifest import Installed, Manifest, scan
from farm.packaging.owners import asked_names, parse_owners, search_pattern

META = """\
# Written by dune.
version = "1.2"
requires = "fmt logs.lwt,unix"
requires(ppx_driver) = "t.ppx"
archive(byte) = "t.cma"
package "lwt" (
  directory = "lwt"
  requires = "t  lwt"
  requires += "u"
)
"""


def test_a_meta_file_names_what_its_library_requires(tmp_path: Path) -> None:
    file = tmp_path / "usr/lib/ocaml/t/META"
    file.parent.mkdir(parents=True)
    file.write_text(META)
    (found,) = scan(tmp_path).files
    assert found.provides == "findlib:t"
    assert found.requires == tuple(f"findlib:{n}" for n in ("fmt", "logs", "unix", "t", "lwt", "u"))


def test_names_are_asked_for_where_their_files_are() -> None:
    manifest = Manifest.of(
        [
            Installed("/usr/lib/pkgconfig/t.pc", requires=("gtk+-3.0", "a*"), provides="t"),
            Installed(
                "/usr/lib/ocaml/t/META", requires=("findlib:fmt", "findlib:$(x)", "findlib:")
            ),
        ]
    )
    names = asked_names(manifest)
    assert names == ["findlib-dev:fmt", "findlib:fmt", "gtk+-3.0"]
    assert list(map(search_pattern, names)) == [
        "*/ocaml/fmt/*.cmi",
        "*/ocaml/fmt/META",
        "*/pkgconfig/gtk+-3.0.pc",
    ]


def test_owners_are_read_from_dpkg() -> None:
    text = (
        "libogg-dev:amd64: /usr/lib/x86_64-linux-gnu/pkgconfig/ogg.pc\n"
        "zlib1g-dev:amd64, zlib-ng:amd64: /usr/lib/x86_64-linux-gnu/pkgconfig/zlib.pc\n"
        "xorgproto: /usr/share/pkgconfig/xproto.pc\n"
        "libfmt-ocaml: /usr/lib/ocaml/fmt/META\n"
        "libfmt-ocaml-dev: /usr/lib/ocaml/fmt/fmt.cmi\n"
        "libfmt-ocaml-dev: /usr/lib/ocaml/fmt/fmt_cli.cmi\n"
        "diversion by dash from: /bin/sh\n"
    )

    assert parse_owners(text) == {
        "ogg": "libogg-dev",
        "zlib": "zlib1g-dev",
        "xproto": "xorgproto",
        "findlib:fmt": "libfmt-ocaml",
        "findlib-dev:fmt": "libfmt-ocaml-dev",
    }
