"""What a tool of a manual does when it is called, as values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

REMOTE_KINDS = frozenset({"http", "sse", "streamable_http", "text"})
"""Call templates that a manual from the network may hold: nothing it says is run on this machine."""

LOCAL_KINDS = REMOTE_KINDS | {"cli"}
"""Call templates of a manual that a person keeps on this machine, or whose command they configured."""

HttpMethod = Literal["GET", "POST", "PUT", "DELETE", "PATCH"]


class TemplateError(ValueError):
    """A call template cannot be used; the text says why, without values of it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key that is sent under a name."""

    name: str
    value: str = field(repr=False)
    location: Literal["header", "query", "cookie"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Basic:
    """User and password of HTTP's basic authentication."""

    username: str
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientCredentials:
    """What a token of OAuth 2.0 is asked for with (RFC 6749, section 4.4)."""

    token_url: str
    client_id: str
    client_secret: str = field(repr=False)
    scope: str | None


Credential: TypeAlias = ApiKey | Basic | ClientCredentials


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpCall:
    """A request. Arguments in neither URL, headers nor body go into the query.

    `sse` and `streamable_http` differ in how their answer is read.
    """

    kind: Literal["http", "sse", "streamable_http"]
    method: HttpMethod
    url: str
    headers: Mapping[str, str] = field(repr=False)
    content_type: str
    body_field: str | None
    header_fields: tuple[str, ...]
    credential: Credential | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One command line; `shown` if what it prints belongs to the result."""

    command: str
    shown: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class CommandCall:
    """Commands run one after the other. `inherited` names variables of the environment; None: all of it."""

    steps: tuple[Step, ...]
    env: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    inherited: tuple[str, ...] | None = None
    cwd: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextCall:
    """A tool that always returns this text."""

    content: str


Call: TypeAlias = HttpCall | CommandCall | TextCall
