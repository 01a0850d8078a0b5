"""Publications from files."""

from __future__ import annotations

from pathlib import Path

import pytest

from repo_publish import publisher
from repo_publish.cli import publishing
from repo_publish.cli.publishing import read_publication
from repo_publish.errors import PublishError
from repo_publish.model import Snapshot
from tests.manifests import a_publication


def test_a_publication_is_read_from_json(tmp_path: Path) -> None:
    path = tmp_path / "publication.json"
    path.write_text(a_publication().model_dump_json())

    assert read_publication(path) == a_publication()


def test_mistakes_in_a_publication_are_named(tmp_path: Path) -> None:
    path = tmp_path / "publication.json"
    path.write_text('{"channel": 1, "packages": [{"component": "app"}]}')

    with pytest.raises(PublishError) as caught:
        read_publication(path)

    assert any(problem.startswith("packages.0.key: ") for problem in caught.value.problems)
    with pytest.raises(PublishError, match="No such file"):
        read_publication(tmp_path / "missing.json")


def test_the_answer_for_programs_has_no_line_that_a_buildbot_worker_breaks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    content = {f"component{number}": f"{number:064x}" for number in range(500)}
    snapshot = Snapshot(
        channel="development", distro="el9", number=1, changed=True, path="", content=content
    )
    monkeypatch.setattr(publisher, "publish", lambda *_args, **_options: snapshot)
    monkeypatch.setattr(publishing.gc, "disable", lambda: None)
    path = tmp_path / "publication.json"
    path.write_text(a_publication().model_dump_json())

    publishing.publish_command(
        path, tmp_path, tmp_path, tmp_path, "http://archive.example", as_json=True
    )

    said = capsys.readouterr().out
    assert Snapshot.model_validate_json(said) == snapshot
    assert max(map(len, said.splitlines())) < 4096
