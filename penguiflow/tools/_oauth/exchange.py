"""One request of a sign-in and its answer, and the port to whoever sends it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from pydantic import JsonValue

from penguiflow.tools._net import NetPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer that was read to its end, or up to its headers."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One request. `form` and `json` exclude each other; with `only_headers` the body is not waited for."""

    method: str
    url: str
    headers: Mapping[str, str] = field(default_factory=dict[str, str], repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    json: JsonValue = field(default=None, repr=False)
    only_headers: bool = False


class Send(Protocol):
    """Sends a request where the policy allows it; follows no redirect.

    Raises:
        SignInError: the policy forbids it, or the answer is too large.
        ToolConnectionError: nobody answers.
    """

    async def __call__(self, request: Request, policy: NetPolicy) -> Answer: ...
