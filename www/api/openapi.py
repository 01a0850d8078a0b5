"""The description of the interface (OpenAPI 3.1), made from its routes and models."""

from __future__ import annotations

from collections.abc import Iterable
from http import HTTPStatus
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import JsonSchemaMode, models_json_schema

from www.api.problem import ProblemDocument
from www.api.routes import JSON, PREFIX, Route

VERSION = "1.0.0"
PROBLEM = "application/problem+json"
_REF = "#/components/schemas/{model}"
_SESSION: list[dict[str, list[str]]] = [{}, {"password": []}, {"session": []}]


def description(routes: Iterable[Route], title: str) -> dict[str, Any]:
    """The whole document."""
    routes = list(routes)
    wanted: list[tuple[type[BaseModel], JsonSchemaMode]] = [(ProblemDocument, "serialization")]
    for route in routes:
        if route.body is not None:
            wanted.append((route.body, "validation"))
        if not isinstance(route.answer, str):
            wanted.append((route.answer, "serialization"))
    schemas, defined = models_json_schema(wanted, ref_template=_REF)
    paths: dict[str, dict[str, Any]] = {}
    for route in routes:
        paths.setdefault(PREFIX + route.path, {})[route.method.lower()] = _operation(route, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": title,
            "version": VERSION,
            "description": "What the farm knows, and what people may have it do. Moments are "
            "seconds since 1970. GET takes If-None-Match and answers 304 while nothing changed.",
        },
        "paths": paths,
        "components": {
            "schemas": defined.get("$defs", {}),
            "securitySchemes": {
                "password": {"type": "http", "scheme": "basic"},
                "session": {"type": "apiKey", "in": "cookie", "name": "TWISTED_SESSION"},
            },
        },
    }


def _operation(route: Route, schemas: dict[Any, Any]) -> dict[str, Any]:
    if isinstance(route.answer, str):
        content: dict[str, Any] = {route.answer.partition(";")[0]: {"schema": {"type": "string"}}}
        if route.answer == JSON:
            content = {JSON: {"schema": {"type": "object"}}}
    else:
        content = {JSON: {"schema": schemas[route.answer, "serialization"]}}
    operation: dict[str, Any] = {
        "operationId": route.name,
        "summary": route.summary,
        "parameters": [*_parameters(route)],
        "responses": {
            str(route.status.value): {"description": route.summary, "content": content},
            **{str(s.value): _problem(s, schemas) for s in _refusals(route)},
        },
    }
    if route.needs is not None:
        operation["security"] = _SESSION
        operation["description"] = f"Needs the permission '{route.needs.value}'."
    if route.body is not None:
        schema = schemas[route.body, "validation"]
        operation["requestBody"] = {"required": True, "content": {JSON: {"schema": schema}}}
    return operation


def _parameters(route: Route) -> Iterable[dict[str, Any]]:
    schema = route.asked.model_json_schema(mode="validation")
    for name, field in schema.get("properties", {}).items():
        place = "path" if name in route.in_path else "query"
        said = {k: v for k, v in field.items() if k not in ("title", "description", "default")}
        if "anyOf" in said:  # a parameter that may be left out is not null when it is there
            (said,) = (one for one in said["anyOf"] if one != {"type": "null"})
        found = {"name": name, "in": place, "required": name in schema.get("required", ())}
        if "description" in field:
            found["description"] = field["description"]
        yield {**found, "schema": said}


def _refusals(route: Route) -> list[HTTPStatus]:
    """What may be wrong with a request."""
    found = [HTTPStatus.BAD_REQUEST, HTTPStatus.SERVICE_UNAVAILABLE]
    if route.in_path or route.body:
        found.append(HTTPStatus.NOT_FOUND)
    if route.reads and route.kept:
        found.append(HTTPStatus.NOT_MODIFIED)
    if route.needs is not None or not route.kept:
        found.append(HTTPStatus.UNAUTHORIZED)
    if route.needs is not None:
        found.append(HTTPStatus.FORBIDDEN)
    if route.conflicts:
        found.append(HTTPStatus.CONFLICT)
    if route.body is not None:
        found += [HTTPStatus.UNSUPPORTED_MEDIA_TYPE, HTTPStatus.REQUEST_ENTITY_TOO_LARGE]
    return sorted(found)


def _problem(status: HTTPStatus, schemas: dict[Any, Any]) -> dict[str, Any]:
    if status is HTTPStatus.NOT_MODIFIED:
        return {"description": "Nothing changed since the answer that If-None-Match names"}
    schema = schemas[ProblemDocument, "serialization"]
    return {"description": status.phrase, "content": {PROBLEM: {"schema": schema}}}
