"""Upstream releases become git repositories."""

import os
import subprocess
import tarfile
from pathlib import Path

import pytest

from demo import stack
from demo.errors import DemoError
from demo.paths import Paths
from demo.stack import Definition, Upstream, main_index, make_repository, prepare, releases
from demo.tarballs import Tarball
from farm.errors import CommandError

SUITES = ("bullseye", "bookworm", "trixie", "sid")


def definition(*, placeholders=(), main="bookworm"):
    return Definition(
        suites=SUITES, main=main, components={"tiny": Upstream(placeholders=placeholders)}
    )


def tarball(version, suite="bookworm", source="tiny"):
    return Tarball(source, suite, version, f"{source}_{version}.orig.tar.gz", "0" * 64)


def write_tarball(folder: Path, found: Tarball, when=1_600_000_000):
    tree = folder / f"{found.source}-{found.version}"
    tree.mkdir()
    (tree / "configure").write_text(f"#!/bin/sh\necho {found.version}\n")
    (tree / "configure").chmod(0o755)
    (tree / ".gitignore").write_text("configure\n")
    (tree / ".gitattributes").write_text("* text eol=crlf\n")
    for path in tree.iterdir():
        os.utime(path, (when, when))
    with tarfile.open(folder / found.filename, "w:gz") as archive:
        archive.add(tree, tree.name)


def git(repository, *arguments):
    command = ["git", "-C", str(repository), *arguments]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def make(tmp_path, versions, spec=None):
    """A repository of these (version, suite) pairs; returns its path."""
    spec = spec or definition()
    (tmp_path / "tarballs").mkdir(parents=True)
    found = releases([tarball(*pair) for pair in versions], SUITES)
    for release in found:
        write_tarball(tmp_path / "tarballs", release.tarball)
    make_repository(
        tmp_path / "git", "tiny", found, spec, lambda t: tmp_path / "tarballs" / t.filename
    )
    return tmp_path / "git" / "tiny.git"


def test_suites_with_the_same_version_share_a_release():
    found = releases([tarball("2", "sid"), tarball("1", "trixie"), tarball("1")], SUITES)
    assert [(r.tag, r.suites) for r in found] == [("v1", ("bookworm", "trixie")), ("v2", ("sid",))]


def test_releases_are_in_debians_order():
    found = releases(
        [tarball("1.2"), tarball("1.10", "sid"), tarball("1.2~rc1", "bullseye")], SUITES
    )
    assert [r.tag for r in found] == ["v1.2-rc1", "v1.2", "v1.10"]


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        ([("1", "bullseye"), ("2", "bookworm"), ("3", "sid")], "v2"),
        ([("1", "bullseye"), ("3", "sid")], "v1"),
        ([("3", "trixie"), ("4", "sid")], "v3"),
    ],
)
def test_main_stops_at_its_suite_or_the_nearest_to_it(versions, expected):
    found = releases([tarball(*pair) for pair in versions], SUITES)
    assert found[main_index(found, SUITES, "bookworm")].tag == expected


def test_each_release_is_a_commit_and_a_tag(tmp_path):
    repository = make(tmp_path, [("1", "bullseye"), ("2", "bookworm"), ("3", "sid")])
    assert git(repository, "tag").split() == ["v1", "v2", "v3"]
    assert git(repository, "log", "--format=%s", "next").splitlines() == [
        "tiny 3",
        "tiny 2",
        "tiny 1",
    ]
    assert git(repository, "rev-parse", "main") == git(repository, "rev-parse", "v2^{commit}")
    assert git(repository, "rev-parse", "HEAD") == git(repository, "rev-parse", "main")


def test_without_a_newer_release_there_is_no_next(tmp_path):
    repository = make(tmp_path, [("1", "bullseye"), ("2", "bookworm")])
    assert git(repository, "branch", "--format=%(refname:short)") == "main"


def test_files_are_kept_as_they_are_in_the_tarball(tmp_path):
    """Ignored files, executable bits and line ends, whatever the tree's own git files say."""
    repository = make(tmp_path, [("1", "bookworm")])
    assert "100755" in git(repository, "ls-tree", "main", "configure")
    assert git(repository, "show", "main:configure") == "#!/bin/sh\necho 1"


def test_the_same_tarballs_give_the_same_commits(tmp_path, monkeypatch):
    first = make(tmp_path / "a", [("1", "bookworm"), ("2", "sid")])
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    second = make(tmp_path / "b", [("1", "bookworm"), ("2", "sid")])
    assert git(first, "rev-parse", "next") == git(second, "rev-parse", "next")


def test_a_commit_has_the_time_of_the_release(tmp_path):
    repository = make(tmp_path, [("1", "bookworm")])
    assert git(repository, "log", "-1", "--format=%at %ct") == "1600000000 1600000000"


def test_files_the_tarball_lacks_are_made_empty(tmp_path):
    spec = definition(placeholders=("doc/draft.xml",))
    repository = make(tmp_path, [("1", "bookworm")], spec)
    assert git(repository, "show", "main:doc/draft.xml") == ""
    assert "doc/draft.xml" in git(repository, "log", "-1", "--format=%b")
    assert git(repository, "log", "-1", "--format=%at") == "1600000000"


def test_a_failed_import_leaves_nothing_behind(tmp_path):
    found = releases([tarball("1")], SUITES)
    with pytest.raises(CommandError):
        make_repository(tmp_path, "tiny", found, definition(), lambda t: tmp_path / "missing")
    assert not list(tmp_path.iterdir())


class Mirror:
    """In place of the tarball cache: some suites, some of them out of reach."""

    def __init__(self, folder, suites, unreachable=()):
        self.folder, self.suites, self.unreachable = folder, suites, unreachable

    def __call__(self, directory, mirror, say):
        return self

    def path(self, found):
        return self.folder / found.filename

    def fetch(self, suite, sources):
        if suite in self.unreachable:
            raise CommandError(f"fetch the source index of {suite}", ["apt-get"], 100, "no route")
        return [tarball(v, suite, s) for s, v in self.suites.get(suite, {}).items() if s in sources]


@pytest.fixture
def prepared(tmp_path, monkeypatch):
    def call(suites, unreachable=()):
        for versions in suites.values():
            for source, version in versions.items():
                write_tarball(tmp_path, tarball(version, source=source))
        monkeypatch.setattr(stack, "load_definition", definition)
        monkeypatch.setattr(stack, "TarballCache", Mirror(tmp_path, suites, unreachable))
        said = []
        return prepare(Paths(tmp_path / "state"), said.append), said

    return call


def test_what_is_there_is_not_touched(prepared, tmp_path):
    (tmp_path / "state/demo/git/tiny.git").mkdir(parents=True)
    assert prepared({}) == ([], [])


def test_suites_out_of_reach_are_left_out(prepared):
    made, said = prepared({"bookworm": {"tiny": "1"}}, unreachable=("bullseye", "sid"))
    assert made == ["tiny"]
    assert said[-1] == "tiny: v1"
    assert [line.partition(":")[0] for line in said[1:3]] == [
        "bullseye is left out, its versions are not needed",
        "sid is left out, its versions are not needed",
    ]


def test_the_main_suite_has_to_be_reached(prepared):
    with pytest.raises(DemoError, match="the sources of bookworm cannot be had") as caught:
        prepared({"sid": {"tiny": "1"}}, unreachable=("bookworm",))
    assert "apt-get update" in caught.value.advice


def test_a_component_nobody_has_is_an_error(prepared):
    with pytest.raises(DemoError, match=r"no suite .* has the tarball of tiny"):
        prepared({})


def test_the_demos_own_definition_is_understood():
    own = stack.load_definition()
    assert own.main in own.suites
    assert set(own.components) == {
        *("libogg", "libvorbis", "speex", "libtheora", "libshout", "vorbis-tools"),
    }
