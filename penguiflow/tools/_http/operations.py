"""What a described service offers, as values: each tool with where its arguments go in a request."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

from pydantic import JsonValue

from penguiflow.tools._connecting.session import RemoteTool
from penguiflow.tools.errors import ErrorCategory, ToolConnectionError

JsonObject: TypeAlias = Mapping[str, JsonValue]
Location: TypeAlias = Literal["path", "query", "header", "cookie"]
Style: TypeAlias = Literal[
    "simple", "label", "matrix", "form", "spaceDelimited", "pipeDelimited", "deepObject"
]
BodyKind: TypeAlias = Literal["json", "form", "multipart", "text", "bytes"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """An argument that goes into the path, the query or a header; `name` is its name there."""

    argument: str
    name: str
    location: Location
    style: Style
    explode: bool
    allow_reserved: bool = False
    as_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Body:
    """How the body is made: of the argument `whole`, or of one argument per property.

    `fields` maps arguments to properties; `takes_more` lets arguments nobody named become properties too.
    The values of `packed` properties are base64 text that stands for bytes.
    """

    kind: BodyKind
    media_type: str
    required: bool = False
    whole: str | None = None
    fields: Mapping[str, str] = field(default_factory=dict[str, str])
    takes_more: bool = False
    packed: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One tool of a service and the request it stands for. `path` may hold `{name}` of path parameters."""

    tool: RemoteTool
    method: str
    base_url: str = field(repr=False)
    path: str
    parameters: tuple[Parameter, ...] = ()
    body: Body | None = None
    expects_json: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Description:
    """What a service says about itself; `auth_hint` says which credentials it declares."""

    server: str | None
    protocol: str
    operations: Mapping[str, Operation]
    auth_hint: str | None = None


class DocumentError(ToolConnectionError):
    """A document is none that tools can be made of."""

    default_category = ErrorCategory.UNKNOWN


def as_object(value: JsonValue) -> JsonObject:
    """Return the value if it is an object, else an empty one: a part that is malformed counts as absent."""
    return value if isinstance(value, dict) else {}


def as_list(value: JsonValue) -> list[JsonValue]:
    """Return the value if it is a list, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: JsonValue) -> str:
    """Return the value if it is a string, else an empty one."""
    return value if isinstance(value, str) else ""
