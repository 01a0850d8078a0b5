"""Statements of where builds came from, read as in-toto's own library reads them."""

from __future__ import annotations

import json
from pathlib import Path
from unittest.mock import create_autospec

import pytest
from google.protobuf import json_format
from in_toto_attestation.predicates.provenance.v1.provenance_pb2 import Provenance
from in_toto_attestation.v1.statement import Statement
from in_toto_attestation.v1.statement_pb2 import Statement as StatementMessage

from repo_publish.manifest import Extra, ManifestComponent, ManifestInput
from repo_publish.provenance import build_uri, repository_uri, statement, write_statements
from repo_publish.signers import Signer
from tests.manifests import a_component, a_file, a_manifest, key_of

BUILDER = "https://packages.example.org"


def build(**changes: object) -> ManifestComponent:
    values = {
        "git": "https://git.example.org/app.git",
        "inputs": {"lib": ManifestInput(key=key_of("lib"), version="1.0-1")},
        "root_identity": "7" * 64,
        "tests": "passed",
        "started": 1_700_000_000,
        "finished": 1_700_000_060,
        "log": Extra(path="logs/app.log", sha256="8" * 64, size=1),
    }
    files = (a_file("app"), a_file("app", kind="source"))
    return a_component("app", *files).model_copy(update={**values, **changes})


def read(text: str) -> tuple[Statement, Provenance]:
    """Parse as the specification's messages: an unknown or misspelt field is an error."""
    message = json_format.Parse(text, StatementMessage())
    found = Statement.copy_from_pb(message)
    found.validate()
    predicate = json_format.MessageToDict(message.predicate)
    return found, json_format.ParseDict(predicate, Provenance())


def test_a_statement_says_what_was_made_from_what() -> None:
    made = build()

    found, provenance = read(statement(made, distro="bookworm", builder=BUILDER))

    assert found.pb.predicate_type == "https://slsa.dev/provenance/v1"
    assert {s.name: s.digest["sha256"] for s in found.pb.subject} == {
        file.filename: file.sha256 for file in made.files
    }
    definition = provenance.build_definition
    source, root, lib = definition.resolved_dependencies
    assert source.uri == "git+https://git.example.org/app.git"
    assert source.digest["gitCommit"] == made.commit
    assert root.digest["sha256"] == "7" * 64
    assert (lib.name, lib.uri) == ("lib", build_uri(key_of("lib")))
    parameters = json_format.MessageToDict(definition.external_parameters)
    assert (parameters["component"], parameters["distro"]) == ("app", "bookworm")
    run = provenance.run_details
    assert run.builder.id == BUILDER
    assert run.metadata.invocation_id == build_uri(made.key)
    assert run.metadata.finished_on.seconds - run.metadata.started_on.seconds == 60
    assert run.byproducts[0].digest["sha256"] == "8" * 64


def test_what_is_not_known_is_left_out() -> None:
    bare = build(git="", inputs={}, root_identity="", finished=0, log=None)

    _, provenance = read(statement(bare, distro="bookworm", builder=BUILDER))

    (source,) = provenance.build_definition.resolved_dependencies
    assert (source.name, source.uri) == ("app", "")
    assert not provenance.run_details.byproducts
    assert not provenance.run_details.metadata.HasField("started_on")


def test_the_same_build_gives_the_same_statement() -> None:
    texts = {statement(build(), distro="bookworm", builder=BUILDER) for _ in range(2)}

    assert len(texts) == 1
    assert json.loads(texts.pop())["_type"] == "https://in-toto.io/Statement/v1"


@pytest.mark.parametrize(
    ("git", "uri"),
    [
        ("https://git.example.org/a.git", "https://git.example.org/a.git"),
        ("ssh://git@git.example.org:22/a.git", "ssh://git@git.example.org:22/a.git"),
        ("git@git.example.org:team/a.git", "ssh://git@git.example.org/team/a.git"),
        ("/srv/git/a.git", "file:///srv/git/a.git"),
        ("file:///srv/git/a.git", "file:///srv/git/a.git"),
    ],
)
def test_repositories_become_uris(git: str, uri: str) -> None:
    assert repository_uri(git) == uri


def test_statements_have_the_time_of_their_snapshot_and_are_written_once(tmp_path: Path) -> None:
    signer = create_autospec(Signer, instance=True)
    signer.detach.side_effect = lambda _, signature: signature.write_text("signed")

    made = write_statements(a_manifest(build()), tmp_path, signer)
    later = made.model_copy(update={"timestamp": made.timestamp + 60})

    assert write_statements(later, tmp_path, signer).components == made.components
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 2
    assert {path.stat().st_mtime for path in files} == {made.timestamp}
