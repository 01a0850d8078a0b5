"""What libsolv says, as the gate takes it; libsolv itself is asked, too."""

from __future__ import annotations

import hashlib
from pathlib import Path

from repo_publish.gate.libsolv import Reason
from repo_publish.gate.packages import Broken, Build, Package, Relation, Relations
from repo_publish.gate.rpm import RpmCheck, need_of, told
from repo_publish.gate.rpm_packages import Record, compare

_HEAD = (
    '<version epoch="0" ver="{version}" rel="1"/><checksum type="sha256" pkgid="YES">{id}'
    '</checksum><location href="{name}.rpm"/>'
)


def entries(kind: str, relations: str) -> str:
    """A list of ``name``, ``name >= 1-1`` separated by commas."""
    flags = {"=": "EQ", ">=": "GE", "<": "LT"}
    lines = []
    for relation in filter(None, (text.strip() for text in relations.split(","))):
        name, _, rest = relation.partition(" ") if not relation.startswith("(") else (relation,) * 3
        version = ""
        if rest and rest != relation:
            operator, evr = rest.split()
            number, _, release = evr.partition("-")
            version = f' flags="{flags[operator]}" epoch="0" ver="{number}"'
            version += f' rel="{release}"' if release else ""
        lines.append(f'<rpm:entry name="{name}"{version}/>')
    return f"<rpm:{kind}>{''.join(lines)}</rpm:{kind}>" if lines else ""


def rpm(
    name: str,
    version: str,
    requires: str = "",
    *,
    obsoletes: str = "",
    conflicts: str = "",
    files: str = "",
    architecture: str = "noarch",
) -> Package:
    """A package with the metadata that createrepo_c would write."""
    identity = hashlib.sha256(f"{name}{version}{architecture}".encode()).hexdigest()
    head = _HEAD.format(version=version, id=identity, name=name)
    primary = (
        f'<package type="rpm"><name>{name}</name><arch>{architecture}</arch>{head}<format>'
        + entries("provides", f"{name} = {version}-1" if architecture != "src" else "")
        + entries("requires", requires)
        + entries("obsoletes", obsoletes)
        + entries("conflicts", conflicts)
        + "</format></package>\n"
    )
    listed = "".join(f"<file>{path}</file>" for path in files.split())
    filelists = (
        f'<package pkgid="{identity}" name="{name}" arch="{architecture}">'
        f'<version epoch="0" ver="{version}" rel="1"/>{listed}</package>\n'
    )
    relations = Relations(((name, f"{version}-1"),), ())
    record = Record(f"{name}-{version}-1.{architecture}", primary, filelists)
    kind = "source" if architecture == "src" else "binary"
    return Package(kind, name, f"{version}-1", lambda: relations, record)


def checked(tmp_path: Path, **content: Build) -> list[Broken]:
    packages = [package for build in content.values() for package in build]
    return RpmCheck(packages, [], "x86_64", tmp_path)(content)


def test_what_fits_together_is_not_broken(tmp_path: Path) -> None:
    assert not checked(
        tmp_path,
        lib=(rpm("lib", "1.0", files="/usr/share/lib/config"),),
        app=(
            rpm("app", "1.0", "lib >= 1.0, /usr/share/lib/config, (lib or nothing)"),
            rpm("app", "1.0", "lib = 1.0-1", architecture="src"),
        ),
    )


def test_a_missing_dependency_is_told_once_for_each_that_is_broken(tmp_path: Path) -> None:
    first, second = checked(
        tmp_path,
        lib=(rpm("lib", "1.0"),),
        app=(rpm("app", "1.0", "lib >= 2.0"),),
        more=(rpm("more", "1.0", "app"),),
    )

    assert (first.component, first.need) == ("app", (Relation("lib", ">=", "2.0"),))
    assert first.why == "app needs lib >= 2.0, which nothing offers"
    assert (second.component, second.needed_by) == ("more", first.itself)


def test_build_dependencies_count(tmp_path: Path) -> None:
    [broken] = checked(tmp_path, app=(rpm("app", "1.0", "make", architecture="src"),))

    assert broken.why == "source package app needs make, which nothing offers"


def test_a_conflict_names_the_components(tmp_path: Path) -> None:
    [broken] = checked(
        tmp_path,
        lib=(rpm("lib", "1.0"),),
        app=(rpm("app", "1.0", "lib", conflicts="lib"),),
    )

    assert set(broken.involved) == {"app", "lib"}
    assert "conflicts with" in broken.why


def test_what_another_package_obsoletes_is_broken(tmp_path: Path) -> None:
    [broken] = checked(
        tmp_path,
        lib=(rpm("lib", "1.0"), rpm("lib-doc", "2.0")),
        thief=(rpm("thief", "1.0", obsoletes="lib, lib-doc < 1.5"),),
    )

    assert (broken.component, broken.package.name, broken.involved) == ("lib", "lib", ("thief",))
    assert broken.why == "thief of thief obsoletes lib"


def test_each_question_is_about_its_own_candidate(tmp_path: Path) -> None:
    old, new = (rpm("lib", "1.0"),), (rpm("lib", "2.0"),)
    app = (rpm("app", "1.0", "lib < 2.0"),)
    check = RpmCheck([*old, *new, *app], [], "x86_64", tmp_path)

    assert check({"lib": old, "app": app}) == []
    assert [broken.component for broken in check({"lib": new, "app": app})] == ["app"]
    assert check({"lib": old, "app": app}) == []


def test_the_distribution_may_be_at_fault() -> None:
    owner = ("app", rpm("app", "1.0"))
    reasons = [
        Reason("package app requires perl", "app-1.0-1.noarch"),
        Reason("nothing provides x", "perl-5-1.x86_64", missing="x"),
    ]

    broken = told(owner, reasons, {"app-1.0-1.noarch": owner})

    assert (broken.needed_by, broken.why) == (None, "perl-5-1.x86_64 needs x, which nothing offers")


def test_only_plain_relations_are_read() -> None:
    assert need_of("libfoo.so.1()(64bit)") == (Relation("libfoo.so.1()(64bit)"),)
    assert need_of("lib >= 1:2.0-3") == (Relation("lib", ">=", "1:2.0-3"),)
    assert need_of("(lib and app)") == ()


def test_versions_are_compared_as_rpm_does() -> None:
    assert compare("1.10", "1.9-5") > 0
    assert compare("1.0~rc1-1", "1.0-1") < 0
    assert compare("1:0.1-1", "2.0-1") > 0
    assert compare("1.0", "1.0-7") == 0
