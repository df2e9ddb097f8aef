"""The description of the API for one caller, as OpenAPI 3.1 has it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from .problem import CONTENT_TYPE

_VERSION = "3.1.0"
_TEXT = {"type": "string"}
_PLACE = {
    "type": "object",
    "required": ["pointer", "expected", "found"],
    "properties": {"pointer": _TEXT, "expected": _TEXT, "found": _TEXT},
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "code", "detail", "remedy", "errors"],
    "properties": {
        "type": _TEXT,
        "title": _TEXT,
        "status": {"type": "integer"},
        "code": {**_TEXT, "description": "Stable identifier of what is wrong"},
        "detail": _TEXT,
        "remedy": {**_TEXT, "description": "What to do about it"},
        "errors": {"type": "array", "items": _PLACE},
    },
}
_RECEIPT = {
    "type": "object",
    "required": ["id", "flow", "status_url"],
    "properties": {"id": _TEXT, "flow": _TEXT, "status_url": _TEXT},
}
_STATUS = {
    "type": "object",
    "required": ["id", "flow", "state", "received_at", "closed_at", "size", "sha256", "problems"],
    "properties": {
        "id": _TEXT,
        "flow": _TEXT,
        "state": {**_TEXT, "description": "received, held, applied, rejected, settled, ..."},
        "received_at": {**_TEXT, "format": "date-time"},
        "closed_at": {"type": ["string", "null"], "format": "date-time"},
        "size": {"type": "integer"},
        "sha256": _TEXT,
        "problems": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["code", "title", "remedy"],
                "properties": {"code": _TEXT, "title": _TEXT, "remedy": _TEXT},
            },
        },
    },
}
_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "description": "Of your own, one for each document. Repeat the request with the same key and bytes and "
    "the answer is the same. Without it, the same bytes are the same document.",
    "schema": {"type": "string", "pattern": "^[!-~]{1,255}$"},
}
_SECURITY = {
    "key": {"type": "http", "scheme": "bearer", "description": "An API key of the client"},
    "certificate": {"type": "mutualTLS", "description": "The client's certificate, checked by the proxy"},
}


@dataclass(frozen=True, slots=True)
class FlowEntry:
    """A flow that the caller may send to."""

    code: str
    name: str
    media_types: Sequence[str]
    schema: Mapping[str, Any]
    largest: int


@dataclass(frozen=True, slots=True)
class ReadEntry:
    """A named read that the caller may ask.

    :ivar parameters: JSON Schema by name; :ivar fields: JSON Schema by name, those that the caller sees
    """

    code: str
    title: str
    parameters: Mapping[str, Mapping[str, Any]]
    required: Sequence[str]
    fields: Mapping[str, Mapping[str, Any]]
    row_limit: int


def describe(path: str, title: str, flows: Iterable[FlowEntry], reads: Iterable[ReadEntry]) -> dict:
    """Return the OpenAPI document.

    :param path: where the API's version begins, e.g. ``/integration/api/v1``
    """
    paths = {f"{path}/messages/{flow.code}": {"post": _send(flow)} for flow in flows}
    paths[f"{path}/messages/{{id}}"] = {"get": _status()}
    paths |= {f"{path}/reads/{read.code}": {"get": _read(read)} for read in reads}
    paths[f"{path}/openapi.json"] = {"get": _description()}
    return {
        "openapi": _VERSION,
        "info": {"title": title, "version": path.rpartition("/")[2]},
        "security": [{"key": []}, {"certificate": []}],
        "paths": paths,
        "components": {"schemas": {"Problem": _PROBLEM}, "securitySchemes": _SECURITY},
    }


def _send(flow: FlowEntry) -> dict:
    content = {media_type: {"schema": flow.schema} for media_type in flow.media_types}
    return {
        "operationId": f"send_{flow.code}",
        "summary": flow.name,
        "description": f"At most {flow.largest} bytes. What becomes of the document is told at status_url.",
        "parameters": [_IDEMPOTENCY_KEY],
        "requestBody": {"required": True, "content": content},
        "responses": {
            "202": {
                **_answer("Taken in, not yet applied", _RECEIPT),
                "headers": {"Location": {"schema": _TEXT}},
            },
            **_refusals(400, 401, 403, 404, 409, 413, 415, 422, 429),
        },
    }


def _status() -> dict:
    parameter = {"name": "id", "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}
    return {
        "operationId": "message_status",
        "summary": "What became of a message",
        "parameters": [parameter],
        "responses": {"200": _answer("Its state", _STATUS), **_refusals(401, 404, 429)},
    }


def _read(read: ReadEntry) -> dict:
    paging = {
        "limit": {"type": "integer", "minimum": 1, "maximum": read.row_limit},
        "after": {"type": "string", "description": "The next of the page before"},
    }
    parameters = [
        {"name": name, "in": "query", "required": name in read.required, "schema": schema}
        for name, schema in {**read.parameters, **paging}.items()
    ]
    row = {"type": "object", "required": list(read.fields), "properties": dict(read.fields)}
    page = {
        "type": "object",
        "required": ["rows", "next"],
        "properties": {"rows": {"type": "array", "items": row}, "next": {"type": ["string", "null"]}},
    }
    return {
        "operationId": f"read_{read.code}",
        "summary": read.title,
        "parameters": parameters,
        "responses": {"200": _answer("One page", page), **_refusals(400, 401, 403, 404, 429)},
    }


def _description() -> dict:
    return {
        "operationId": "description",
        "summary": "This description",
        "responses": {"200": _answer("OpenAPI 3.1", {"type": "object"}), **_refusals(401, 429)},
    }


def _answer(description: str, schema: Mapping[str, Any]) -> dict:
    return {"description": description, "content": {"application/json": {"schema": schema}}}


def _refusals(*statuses: int) -> dict:
    content = {CONTENT_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    refusals = {
        str(status): {"description": HTTPStatus(status).phrase, "content": content} for status in statuses
    }
    if "429" in refusals:
        seconds = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds"}}
        refusals["429"] = {**refusals["429"], "headers": seconds}
    return refusals
