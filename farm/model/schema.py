"""The JSON Schema of components.yml, for editors: completion, hover texts, red underlines.

It is the models' own schema in the shape of the file: the names of channels, distros and
components are keys, not fields, and values that may hold a variable accept one.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from farm.model.load import SECTIONS
from farm.model.messages import INJECTED
from farm.model.stack import Root, Stack
from farm.model.variables import WHERE

DIALECT = "https://json-schema.org/draft/2020-12/schema"

_VARIABLE = r"\$\{[^{}]+\}"

Schema = dict[str, Any]


def stack_schema() -> Schema:
    """The schema as plain data, ready for `json.dumps`."""
    schema = Stack.model_json_schema()
    models = schema["$defs"]
    for model in SECTIONS.values():
        entry = models[model.__name__]
        del entry["properties"][INJECTED]
        entry["required"] = [name for name in entry.get("required", []) if name != INJECTED]
        if not entry["required"]:
            # "development:" with nothing after it is a channel without settings.
            entry["type"] = [entry["type"], "null"]
            del entry["required"]
    for field in {place[3] for place in WHERE if place[:3] == ("distros", "*", "root")}:
        for part in _parts(models[Root.__name__]["properties"][field]):
            if "pattern" in part:
                part["pattern"] = f"{part['pattern']}|{_VARIABLE}"
    for part in _parts(schema):
        if isinstance(part.get("title"), str):
            del part["title"]
        if "patternProperties" in part:
            part["additionalProperties"] = False
    return {"$schema": DIALECT, "title": "components.yml", **schema}


def _parts(schema: object) -> Iterator[Schema]:
    """Every mapping in the schema, inner ones included."""
    if isinstance(schema, dict):
        yield schema
        for value in schema.values():
            yield from _parts(value)
    elif isinstance(schema, list):
        for value in schema:
            yield from _parts(value)
