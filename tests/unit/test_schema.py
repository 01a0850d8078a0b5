"""The JSON Schema for editors, and the page for people: both know every field."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from farm.model import Channel, Commands, Component, Distro, Root, Stack
from farm.model.schema import stack_schema

TOP = Path(__file__).parents[2]
MODELS = (Stack, Channel, Distro, Root, Component, Commands)


def test_the_committed_schema_is_the_models():
    committed = json.loads((TOP / "examples" / "components.schema.json").read_text())
    assert committed == stack_schema(), "run: farm schema > examples/components.schema.json"


def test_names_are_keys_not_fields():
    models = stack_schema()["$defs"]
    for model in ("Channel", "Distro", "Component"):
        assert "name" not in models[model]["properties"]
    assert models["Component"]["required"] == ["git"]


def test_a_channel_may_be_empty():
    assert stack_schema()["$defs"]["Channel"]["type"] == ["object", "null"]


def test_unknown_keys_and_bad_names_are_wrong_in_the_editor_too():
    schema = stack_schema()
    assert schema["additionalProperties"] is False
    assert schema["properties"]["components"]["additionalProperties"] is False
    assert schema["$defs"]["Component"]["additionalProperties"] is False


@pytest.mark.parametrize("value", ["${demo}/r", "file://${demo}/r", "https://example.org/r"])
def test_repositories_may_hold_variables(value):
    repositories = stack_schema()["$defs"]["Root"]["properties"]["repositories"]
    (url,) = repositories["patternProperties"].values()
    assert re.search(url["pattern"], value)
    assert not re.search(url["pattern"], "/no/url")


@pytest.mark.parametrize("model", MODELS)
def test_the_reference_page_has_every_field_in_its_table(model):
    page = (TOP / "docs" / "components-file.md").read_text(encoding="utf-8")
    fields = set(model.model_fields) - {"name"}
    assert {field for field in fields if not re.search(rf"^\| `{field}` \|", page, re.M)} == set()


def test_the_reference_page_tells_no_field_that_is_not_there():
    page = (TOP / "docs" / "components-file.md").read_text(encoding="utf-8")
    told = set(re.findall(r"^\| `(\w+)` \|", page, re.M))
    assert told <= {field for model in MODELS for field in model.model_fields}
