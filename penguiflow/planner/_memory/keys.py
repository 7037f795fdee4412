"""Whose conversation a memory holds. Two conversations never share a memory by accident."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from penguiflow._ids import IdSource

DEFAULT_TENANT = "default"
DEFAULT_USER = "anonymous"


@dataclass(frozen=True, slots=True)
class MemoryKey:
    """Names one conversation."""

    tenant_id: str
    user_id: str
    session_id: str

    def composite(self) -> str:
        r"""Return `tenant:user:session`; `:` and `\` inside a part are escaped, so no two keys look alike."""
        return ":".join(_escaped(str(part)) for part in (self.tenant_id, self.user_id, self.session_id))


@dataclass(frozen=True, slots=True)
class EphemeralKey(MemoryKey):
    """The key of one call by a caller who named none; nothing is kept under it."""


@dataclass(frozen=True, slots=True)
class MemoryIsolation:
    """Where the parts of a key stand in `tool_context`, as dotted paths through mappings.

    A call without a key has no memory. With `require_explicit_key=False` it reads an empty one, and what it
    says is not kept: calls without a key share nothing with each other.

    Raises:
        ValueError: a path is empty.
    """

    tenant_key: str = "tenant_id"
    user_key: str = "user_id"
    session_key: str = "session_id"
    require_explicit_key: bool = True

    def __post_init__(self) -> None:
        for name in ("tenant_key", "user_key", "session_key"):
            path: object = getattr(self, name)  # callers are not always type-checked
            if not isinstance(path, str) or not path.strip():
                raise ValueError(
                    f"{name} must be a non-empty string, a path such as `session.id`; got `{path!r}`"
                )


def key_in(tool_context: Mapping[str, Any], isolation: MemoryIsolation) -> MemoryKey | None:
    """Return the key the context names, None when it names no session or a part that is no identifier.

    A part that is there but cannot be read never falls back to the default: that would put the callers of
    several tenants into one conversation.
    """
    tenant = _part(tool_context, isolation.tenant_key, DEFAULT_TENANT)
    user = _part(tool_context, isolation.user_key, DEFAULT_USER)
    session = _part(tool_context, isolation.session_key, "")
    if not tenant or not user or not session:
        return None
    return MemoryKey(tenant_id=tenant, user_id=user, session_id=session)


def ephemeral_key(new_id: IdSource) -> EphemeralKey:
    """Return a key that no other call has."""
    return EphemeralKey(tenant_id=DEFAULT_TENANT, user_id=DEFAULT_USER, session_id=new_id())


def _escaped(part: str) -> str:
    return part.replace("\\", "\\\\").replace(":", "\\:")


def _part(context: Mapping[str, Any], path: str, default: str) -> str | None:
    """Return the identifier at a path, the default when nothing is there, None when it cannot be read."""
    value: object = context
    for name in path.strip().split("."):
        if value is None:
            return default
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)  # pyright: ignore[reportUnknownVariableType, reportUnknownMemberType] - user data
    if value is None:
        return default
    if isinstance(value, bool) or not isinstance(value, str | int | UUID):
        return None
    return str(value).strip() or default
