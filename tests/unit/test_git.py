from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from farm.errors import FarmError, InfrastructureError
from farm.git import (
    Mirror,
    MissingBranch,
    MissingCommit,
    MissingDirectory,
    RepositoryUnavailable,
    mirror_path,
    redacted,
    without_credentials,
)
from tests.repositories import Repository


def mirror_of(repository: Repository, tmp_path: Path) -> Mirror:
    return Mirror(tmp_path / "mirrors" / "it.git", repository.url)


def test_an_update_clones_and_later_fetches_only_what_changed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    first = repository.commit()
    mirror = mirror_of(repository, tmp_path)

    assert mirror.update() is True
    assert mirror.head("main") == ("main", first)
    assert mirror.update() is False

    second = repository.commit()
    assert mirror.update() is True
    assert mirror.head("main") == ("main", second)


def test_a_new_or_moved_tag_is_a_change(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    repository.git("tag", "v1")
    assert mirror.update() is True
    repository.commit()
    repository.git("tag", "-a", "-f", "-m", "moved", "v1")
    assert mirror.update() is True
    assert mirror.query("rev-parse", "v1^{commit}") == mirror.query("rev-parse", "main")


def test_a_rewritten_branch_is_followed(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    old = repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    repository.git("reset", "-q", "--hard", "HEAD~1")
    new = repository.commit("Another")
    mirror.update()
    assert mirror.head("main") == ("main", new)
    assert mirror.has(old), "the last build may still ask for it"


def test_without_a_branch_the_default_branch_counts_also_when_it_moves(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    assert mirror.head(None) == ("main", commit)

    repository.git("checkout", "-q", "-b", "trunk")
    newer = repository.commit()
    assert mirror.update() is True
    assert mirror.head(None) == ("trunk", newer)


def test_a_detached_remote_head_names_the_branch_it_stands_on(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit()
    repository.git("checkout", "-q", "--detach")
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    assert mirror.head(None) == ("main", commit)


def test_a_vanished_branch_is_named_with_its_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    repository.git("branch", "topic/x")
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    mirror.head("topic/x")
    repository.git("branch", "-D", "topic/x")
    mirror.update()
    with pytest.raises(MissingBranch) as caught:
        mirror.head("topic/x")
    assert str(caught.value) == (
        f"the repository {repository.url} has no branch topic/x; it has main"
    )


def test_an_empty_repository_has_no_default_branch(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.git("init", "-q")
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    with pytest.raises(MissingBranch, match=r"no default branch \(HEAD\); it has no branch at all"):
        mirror.head(None)


def test_a_vanished_repository_is_an_infrastructure_failure_that_names_it(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    shutil.rmtree(repository.path)
    with pytest.raises(RepositoryUnavailable) as caught:
        mirror.update()
    assert isinstance(caught.value, InfrastructureError)
    assert str(caught.value).startswith(f"the repository {repository.url} cannot be read: ")
    assert "does not appear to be a git repository" in str(caught.value)
    assert mirror.has(commit), "what is here stays usable"


@pytest.mark.parametrize("url", ["ext::sh -c touch% x", "--upload-pack=touch x", "ftp://host/x"])
def test_only_known_protocols_are_spoken(tmp_path: Path, url: str) -> None:
    mirror = Mirror(tmp_path / "it.git", url)
    with pytest.raises(RepositoryUnavailable):
        mirror.update()
    assert not list(tmp_path.rglob("x"))


def test_a_server_that_never_answers_is_given_up(tmp_path: Path) -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        url = f"git://127.0.0.1:{silent.getsockname()[1]}/it.git"
        mirror = Mirror(tmp_path / "it.git", url, timeout_s=0.3)
        begin = time.monotonic()
        with pytest.raises(RepositoryUnavailable, match=r"no end after 0 s \(ls-remote\)"):
            mirror.update()
    assert time.monotonic() - begin < 5


def test_the_users_configuration_does_not_count(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    home = tmp_path / "home"
    home.mkdir()
    (home / ".gitconfig").write_text(f'[url "/nowhere/"]\n\tinsteadOf = {tmp_path}/\n')
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    mirror_of(repository, tmp_path).update()


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a repository of another user")
def test_a_repository_of_another_user_can_be_mirrored(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    for path in (repository.path, *repository.path.rglob("*")):
        os.chown(path, 65534, 65534)
    assert mirror_of(repository, tmp_path).update() is True


def test_leftovers_of_a_killed_clone_or_fetch_do_not_matter(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    mirror = mirror_of(repository, tmp_path)
    (mirror.path / "objects").mkdir(parents=True)  # killed while it was made
    mirror.update()

    commit = repository.commit()
    for leftover in ("refs/heads/main.lock", "packed-refs.lock", "objects/pack/tmp_pack_x"):
        (mirror.path / leftover).parent.mkdir(parents=True, exist_ok=True)
        (mirror.path / leftover).touch()
    mirror.update()
    assert mirror.head("main") == ("main", commit)
    assert not list(mirror.path.rglob("tmp_pack_x"))


def test_an_update_may_be_killed_at_any_moment(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit(**{f"f{n}": str(n) * 1000 for n in range(50)})
    mirror = mirror_of(repository, tmp_path)
    code = (
        "import sys; from pathlib import Path; from farm.git import Mirror\n"
        "print('ready', flush=True); Mirror(Path(sys.argv[1]), sys.argv[2]).update()"
    )
    for moment_s in (0.002, 0.006, 0.012, 0.02):
        child = subprocess.Popen(
            [sys.executable, "-c", code, str(mirror.path), repository.url], stdout=subprocess.PIPE
        )
        assert child.stdout is not None
        child.stdout.readline()
        time.sleep(moment_s)
        child.kill()
        child.wait()
        child.stdout.close()
    mirror.update()
    assert mirror.head(None) == ("main", commit)
    mirror.query("fsck", "--strict")


def test_a_damaged_mirror_is_made_again(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    for file in mirror.path.glob("objects/??/*"):
        file.chmod(0o644)
        file.write_bytes(b"")
    commit = repository.commit()
    mirror.update()
    assert mirror.head("main") == ("main", commit)
    mirror.query("fsck")


def test_many_may_update_one_mirror_at_once(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit()
    errors: list[Exception] = []

    def update() -> None:
        try:
            mirror_of(repository, tmp_path).update()
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=update) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert mirror_of(repository, tmp_path).has(commit)


def test_a_commit_that_no_branch_leads_to_is_still_fetched(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    repository.git("checkout", "-q", "-b", "topic")
    lost = repository.commit()
    repository.git("checkout", "-q", "main")
    repository.git("branch", "-D", "topic")
    mirror = mirror_of(repository, tmp_path)
    mirror.ensure_commit(lost)
    assert mirror.has(lost)


def test_a_commit_that_is_here_needs_no_network(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit()
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    shutil.rmtree(repository.path)
    mirror.ensure_commit(commit)


def test_a_missing_commit_is_named_with_its_repository(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    repository.commit()
    mirror = mirror_of(repository, tmp_path)
    with pytest.raises(MissingCommit, match=f"{repository.url} has no commit {'1' * 40}"):
        mirror.ensure_commit("1" * 40)
    with pytest.raises(FarmError, match="not a full commit id"):
        mirror.ensure_commit("--help")


def test_a_checkout_is_the_commits_files_of_one_directory_with_one_time(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    attributes = "tests export-ignore\nversion export-subst\n"
    repository.commit(outside="no", lib__tests__a="test", lib__version="$Format:%H$")
    (repository.path / "lib/link").symlink_to("/etc/nowhere")
    (repository.path / "lib/run").touch(mode=0o755)
    commit = repository.commit(**{"lib__.gitattributes": attributes})
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    into = tmp_path / "tree"
    into.mkdir()
    (into / "old").touch()

    assert mirror.checkout(commit, "lib", into, 1234567890) == ()

    found = {str(p.relative_to(into)) for p in into.rglob("*")}
    assert found == {".gitattributes", "tests", "tests/a", "version", "link", "run"}
    assert (into / "version").read_text() == "$Format:%H$"
    assert os.access(into / "run", os.X_OK)
    assert {p.lstat().st_mtime for p in (into, *into.rglob("*"))} == {1234567890}
    assert sorted(p.name for p in tmp_path.iterdir()) == ["it", "mirrors", "tree"]


def test_the_directory_must_exist(tmp_path: Path) -> None:
    repository = Repository(tmp_path / "it")
    commit = repository.commit(file="text")
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    for directory in ("lib", "file", "lib/deep"):
        with pytest.raises(MissingDirectory, match=f"has no directory {directory} at"):
            mirror.checkout(commit, directory, tmp_path / "tree", 0)


def test_submodules_are_listed_and_left_empty(tmp_path: Path) -> None:
    inner = Repository(tmp_path / "inner")
    inner.commit()
    repository = Repository(tmp_path / "it")
    repository.commit()
    repository.git("submodule", "--quiet", "add", inner.url, "sub")
    commit = repository.commit("Add a submodule", file="x")
    mirror = mirror_of(repository, tmp_path)
    mirror.update()
    assert mirror.checkout(commit, ".", tmp_path / "tree", 0) == ("sub",)
    assert list((tmp_path / "tree/sub").iterdir()) == []


def test_messages_never_show_a_password() -> None:
    assert redacted("https://joe:secret@host/x.git") == "https://***@host/x.git"
    assert redacted("https://token@host/x.git") == "https://***@host/x.git"
    assert redacted("https://host/x@y.git") == "https://host/x@y.git"
    assert redacted("git@host:x.git") == "git@host:x.git"
    assert "secret" not in str(RepositoryUnavailable("https://joe:secret@host/x", "gone"))


def test_credentials_are_no_part_of_what_packages_say() -> None:
    assert without_credentials("https://joe:secret@host/x.git") == "https://host/x.git"
    assert without_credentials("ssh://git@host/x.git") == "ssh://git@host/x.git"


def test_a_mirrors_place_is_readable_and_its_own() -> None:
    root = Path("/cache")
    urls = ["https://a/x.git", "https://b/x.git", "git@h:x.git", "/srv/we ird;/x y.git", "/srv/.."]
    places = [mirror_path(root, url) for url in urls]
    assert len(set(places)) == len(urls)
    assert all(p.parent == root and p.name.endswith(".git") for p in places)
    assert places[0].name.startswith("x-")
