"""OpenAPI documents as tools: names, descriptions, one schema for all arguments, references kept."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from penguiflow.tools._http.openapi import describe_openapi
from penguiflow.tools._http.operations import Description, DocumentError, Operation
from penguiflow.tools._http.requests import build_request
from penguiflow.tools._http.schemas import MAX_DEFINITIONS
from penguiflow.tools._schema.arguments import arguments_model
from tests.fakes.http_service import document, get

URL = "https://api.example/v1/openapi.json"
STRING = {"type": "string"}


def describe(*operations: Any, url: str = URL, **parts: Any) -> Description:
    return describe_openapi(document(*operations, **parts), url)


def only(operation: Any, **parts: Any) -> Operation:
    (described,) = describe(operation, **parts).operations.values()
    return described


def schema_of(operation: Any, **parts: Any) -> dict[str, Any]:
    return dict(only(operation, **parts).tool.input_schema)


def post(schema: object, media_type: str = "application/json", **operation: Any) -> Any:
    body = {"required": True, "content": {media_type: {"schema": schema}}}
    return "post", "/x", {"operationId": "x", "requestBody": body, **operation}


def query(name: str, schema: object = STRING, **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "schema": schema, **more}


def test_the_service_is_named_with_its_protocol() -> None:
    described = describe(get("/a"))
    assert (described.server, described.protocol) == ("Fake 7", "OpenAPI 3.1.0")


@pytest.mark.parametrize(
    ("method", "path", "name"),
    [
        ("get", "/", "get"),
        ("get", "/items/{item_id}", "get_items_item_id"),
        ("post", "/a-b.c/{d}:run", "post_a_b_c_d_run"),
    ],
)
def test_an_operation_without_id_is_named_after_method_and_path(method: str, path: str, name: str) -> None:
    assert only((method, path, {})).tool.name == name


def test_ids_that_occur_twice_give_two_names() -> None:
    described = describe(get("/a", "same"), get("/b", "same"), get("/b/", "same"), get("/c", "get_b_2"))
    assert list(described.operations) == ["same", "get_b", "get_b_2", "get_c"]


@pytest.mark.parametrize(
    ("operation", "description"),
    [
        ({"summary": "Find", "description": "Finds all."}, "Find\n\nFinds all."),
        ({"description": "Finds all."}, "Finds all."),
        ({"summary": "Find", "deprecated": True}, "Find\n\n(deprecated)"),
        ({}, "GET /a"),
    ],
)
def test_summary_and_description_become_the_description(operation: Any, description: str) -> None:
    assert only(get("/a", **operation)).tool.description == description


@pytest.mark.parametrize(
    ("method", "read_only", "destructive", "idempotent"),
    [
        ("get", True, None, None),
        ("head", True, None, None),
        ("post", False, None, None),
        ("put", False, None, True),
        ("delete", False, True, True),
        ("patch", False, None, None),
    ],
)
def test_the_method_says_what_a_tool_may_do(
    method: str, read_only: bool, destructive: bool | None, idempotent: bool | None
) -> None:
    tool = only((method, "/a", {})).tool
    assert (tool.read_only, tool.destructive, tool.idempotent) == (read_only, destructive, idempotent)


def test_all_places_of_arguments_are_one_object() -> None:
    parameters = [
        {"name": "id", "in": "path", "schema": {"type": "integer"}, "required": True},
        query("q", {"type": "string", "enum": ["a", "b"], "default": "a"}, description="which"),
        {"name": "X-Trace", "in": "header", "schema": STRING},
        {"name": "taste", "in": "cookie", "schema": STRING},
    ]
    body = {"type": "object", "required": ["name"], "properties": {"name": STRING, "age": {"minimum": 0}}}
    method, _, operation = post(body, parameters=parameters)
    assert schema_of((method, "/x/{id}", operation)) == {
        "type": "object",
        "properties": {
            "id": {"type": "integer"},
            "q": {"type": "string", "enum": ["a", "b"], "default": "a", "description": "which"},
            "X-Trace": STRING,
            "taste": STRING,
            "name": STRING,
            "age": {"minimum": 0},
        },
        "required": ["id", "name"],
    }


def test_parameters_of_the_path_are_shared_and_replaced_by_those_of_the_operation() -> None:
    both = document(get("/x", parameters=[query("b", {"type": "integer"})]))
    both["paths"]["/x"]["parameters"] = [query("a"), query("b")]
    (operation,) = describe_openapi(both, URL).operations.values()
    assert operation.tool.input_schema["properties"] == {"a": STRING, "b": {"type": "integer"}}


def test_the_same_name_in_two_places_is_two_arguments() -> None:
    parameters = [{"name": "id", "in": "header"}, query("id"), {"name": "id", "in": "path", "required": True}]
    operation = only(("get", "/x/{id}", {"parameters": parameters}))
    assert list(operation.tool.input_schema["properties"]) == ["id", "id_query", "id_header"]
    sent = build_request(operation, {"id": "p", "id_query": "q", "id_header": "h"})
    assert (sent.url, sent.headers["id"]) == ("https://api.example/x/p?id=q", "h")


def test_a_body_with_a_name_that_is_taken_is_one_argument() -> None:
    operation = only(post({"type": "object", "properties": {"q": STRING}}, parameters=[query("q")]))
    assert list(operation.tool.input_schema["properties"]) == ["q", "body"]
    assert operation.tool.input_schema["required"] == ["body"]
    assert build_request(operation, {"q": "1", "body": {"q": "2"}}).content == b'{"q": "2"}'


def test_a_body_may_be_called_something_else_when_body_is_taken() -> None:
    schema = schema_of(post({"type": "array"}, parameters=[query("body")]))
    assert list(schema["properties"]) == ["body", "request_body"]


@pytest.mark.parametrize(
    "body",
    [
        {"type": "array", "items": STRING},
        {"oneOf": [{"type": "object"}, STRING]},
        {"type": "object"},
        {"type": "object", "properties": {"a": STRING}, "additionalProperties": STRING},
        {"type": ["object", "null"], "properties": {"a": STRING}},
        {},
    ],
)
def test_a_body_that_is_not_just_its_properties_is_one_argument(body: object) -> None:
    assert list(schema_of(post(body))["properties"]) == ["body"]


def test_what_all_of_joins_is_one_object() -> None:
    base = {"type": "object", "required": ["a"], "properties": {"a": STRING}}
    joined = {
        "allOf": [{"$ref": "#/components/schemas/Base"}, {"properties": {"b": STRING}}],
        "required": ["b"],
    }
    schema = schema_of(post(joined), components={"schemas": {"Base": base}})
    assert set(schema["properties"]) == {"a", "b"}
    assert set(schema["required"]) == {"a", "b"}


def test_nothing_of_an_optional_body_is_required() -> None:
    method, path, operation = post({"type": "object", "required": ["a"], "properties": {"a": STRING}})
    operation["requestBody"]["required"] = False
    described = only((method, path, operation))
    assert "required" not in described.tool.input_schema
    assert build_request(described, {}).content is None


def test_properties_that_only_answers_have_are_no_arguments() -> None:
    body = {
        "type": "object",
        "required": ["id", "name", "inner"],
        "properties": {
            "id": {"type": "integer", "readOnly": True},
            "name": STRING,
            "inner": {
                "type": "object",
                "required": ["x"],
                "properties": {"x": {"readOnly": True}, "y": STRING},
            },
        },
    }
    schema = schema_of(post(body))
    assert set(schema["properties"]) == {"name", "inner"}
    assert sorted(schema["required"]) == ["inner", "name"]
    assert schema["properties"]["inner"] == {"type": "object", "required": [], "properties": {"y": STRING}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"type": "string", "nullable": True}, {"type": ["string", "null"]}),
        (
            {"type": "string", "enum": ["a"], "nullable": True},
            {"type": ["string", "null"], "enum": ["a", None]},
        ),
        ({"type": "string", "nullable": False}, STRING),
        (
            {"allOf": [STRING], "nullable": True, "description": "d"},
            {"description": "d", "anyOf": [{"allOf": [STRING]}, {"type": "null"}]},
        ),
        ({"minimum": 1, "exclusiveMinimum": True}, {"exclusiveMinimum": 1}),
        ({"maximum": 1, "exclusiveMaximum": False}, {"maximum": 1}),
        ({"type": "string", "example": "e", "x-more": 1, "xml": {}}, {"type": "string", "examples": ["e"]}),
    ],
)
def test_the_keywords_of_openapi_3_0_become_those_of_json_schema(old: object, new: object) -> None:
    schema = schema_of(get("/x", parameters=[query("q", old)]), openapi="3.0.3")
    assert schema["properties"]["q"] == new


def test_references_lead_to_definitions_that_come_along() -> None:
    schemas = {
        "Tree": {"type": "object", "properties": {"next": {"$ref": "#/components/schemas/Tree"}}},
        "Pet": {"type": "object", "properties": {"tree": {"$ref": "#/components/schemas/Tree"}}},
        "Unused": STRING,
    }
    body = {"type": "object", "properties": {"pet": {"$ref": "#/components/schemas/Pet"}}}
    schema = schema_of(post(body), components={"schemas": schemas})
    assert schema["properties"] == {"pet": {"$ref": "#/$defs/Pet"}}
    assert set(schema["$defs"]) == {"Pet", "Tree"}
    assert schema["$defs"]["Tree"]["properties"]["next"] == {"$ref": "#/$defs/Tree"}
    Draft202012Validator(schema).validate({"pet": {"tree": {"next": {}}}})


@pytest.mark.parametrize(
    "reference",
    [
        "http://127.0.0.1/s.json",
        "other.yaml#/A",
        "#/components/schemas/Missing",
        "#/paths/0/~1",
        "file:///etc/passwd",
    ],
)
def test_a_reference_to_elsewhere_is_never_followed_and_means_anything(reference: str) -> None:
    schema = schema_of(get("/x", parameters=[query("q", {"$ref": reference})]))
    assert schema["properties"]["q"] == {}


def test_references_in_a_circle_end() -> None:
    schemas = {"A": {"$ref": "#/components/schemas/B"}, "B": {"$ref": "#/components/schemas/A"}}
    schema = schema_of(post({"$ref": "#/components/schemas/A"}), components={"schemas": schemas})
    assert schema["properties"]["body"] == {"$ref": "#/$defs/A"}


def test_a_schema_that_needs_too_many_definitions_says_only_its_names() -> None:
    last = MAX_DEFINITIONS + 10
    schemas = {
        f"S{at}": {"type": "object", "properties": {"n": {"$ref": f"#/components/schemas/S{at + 1}"}}}
        for at in range(last)
    }
    body = {"type": "object", "properties": {"a": {"$ref": "#/components/schemas/S0"}}}
    schema = schema_of(post(body), components={"schemas": {**schemas, f"S{last}": STRING}})
    assert schema == {"type": "object", "properties": {"a": {}}}


def test_very_deep_schemas_end_in_anything() -> None:
    deep: dict[str, object] = STRING
    for _ in range(500):
        deep = {"type": "array", "items": deep}
    assert schema_of(get("/x", parameters=[query("q", deep)]))["properties"]["q"]["type"] == "array"


def test_hidden_characters_in_descriptions_are_made_visible() -> None:
    parameter = query("q", {"type": "string", "description": "a\u202eb"}, description="c\u200bd")  # ASI04
    schema = schema_of(get("/x", parameters=[parameter]))
    assert schema["properties"]["q"]["description"] == "a<U+202E>b"


def test_what_belongs_to_the_connection_is_no_argument() -> None:
    headers = ["Authorization", "Cookie", "Host", "Content-Type", "X-Api-Key", "X-Other"]
    parameters = [{"name": name, "in": "header", "required": True} for name in headers]
    described = describe_openapi(
        document(get("/x", parameters=parameters)),
        URL,
        given_headers={"x-api-key"},
    )
    assert described.operations["x"].tool.input_schema["required"] == ["X-Other"]


def test_the_schema_of_a_good_answer_is_kept() -> None:
    pet = {"type": "object", "properties": {"id": {"type": "integer"}, "secret": {"writeOnly": True}}}
    ok = {
        "description": "",
        "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Pet"}}},
    }
    operation = only(get("/x", responses={"404": {}, "200": ok}), components={"schemas": {"Pet": pet}})
    assert operation.tool.output_schema == {
        "$ref": "#/$defs/Pet",
        "$defs": {"Pet": {"type": "object", "properties": {"id": {"type": "integer"}}}},
    }
    assert operation.expects_json


@pytest.mark.parametrize(
    ("servers", "expected"),
    [
        (None, "https://api.example/x"),
        ([{"url": "/v2"}], "https://api.example/v2/x"),
        ([{"url": "v2/"}], "https://api.example/v1/v2/x"),
        ([{"url": "https://other.example/a"}], "https://other.example/a/x"),
        ([{"url": "https://other.example"}, {"url": "https://api.example/b"}], "https://api.example/b/x"),
        ([{"url": "/{v}", "variables": {"v": {"default": "v9"}}}], "https://api.example/v9/x"),
        ([{"url": "ftp://x"}, {"url": "https://a@evil.example"}], "https://api.example/x"),
        ([{"url": "http://[bad"}, 5], "https://api.example/x"),
    ],
)
def test_the_server_of_the_document_is_where_requests_go(servers: Any, expected: str) -> None:
    operation = only(get("/x"), **({} if servers is None else {"servers": servers}))
    assert build_request(operation, {}).url == expected


@pytest.mark.parametrize(
    ("scheme", "hint"),
    [
        ({"type": "http", "scheme": "Bearer"}, "`auth_type` bearer"),
        ({"type": "apiKey", "in": "header", "name": "X-K"}, "`auth_type` api_key with `header` `X-K`"),
        ({"type": "apiKey", "in": "cookie", "name": "sid"}, "`auth_type` cookie with `cookie_name` `sid`"),
        ({"type": "apiKey", "in": "query", "name": "k"}, None),
    ],
)
def test_declared_credentials_are_said_in_the_words_of_a_config(scheme: object, hint: str | None) -> None:
    assert describe(get("/x"), components={"securitySchemes": {"s": scheme}}).auth_hint == hint


@pytest.mark.parametrize("version", ["2.0", "4.0.0", "", 3])
def test_another_version_is_refused(version: object) -> None:
    with pytest.raises(DocumentError, match=r"only 3\.x is read"):
        describe_openapi({"openapi": version, "paths": {}}, URL)


_SCALARS = st.none() | st.booleans() | st.integers() | st.text(max_size=5)
_WORDS = st.sampled_from(
    [
        "type",
        "properties",
        "items",
        "$ref",
        "allOf",
        "anyOf",
        "required",
        "nullable",
        "enum",
        "x",
        "readOnly",
        "in",
    ]
)
_VALUES = st.recursive(
    _SCALARS | st.sampled_from(["object", "string", "path", "#/components/schemas/A", "#"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_WORDS, inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=50)
@given(schema=_VALUES, other=_VALUES, parameter=_VALUES, responses=_VALUES)
def test_any_nonsense_in_a_document_gives_a_tool_or_an_error(
    schema: Any, other: Any, parameter: Any, responses: Any
) -> None:
    operation = post(schema, parameters=[parameter, query("q", other)], responses=responses)
    for version in ("3.0.1", "3.1.0"):
        described = only(operation, components={"schemas": {"A": other}}, openapi=version)
        schema_given = described.tool.input_schema
        assert schema_given["type"] == "object"
        arguments_model("Any", schema_given, origin=None)
