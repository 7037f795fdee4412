"""Which session an artifact belongs to, and whether it may enter a store that belongs to one scope."""

from __future__ import annotations

from penguiflow._artifacts.models import ArtifactScope

DEFAULT_SESSION = "default"
"""Holds what was put without a session."""


def session_of(scope: ArtifactScope | None) -> str:
    """Return the session that holds an artifact of this scope."""
    return (scope and scope.session_id) or DEFAULT_SESSION


def narrow_scope(scope: ArtifactScope | None, boundary: ArtifactScope | None) -> ArtifactScope | None:
    """Return the scope with the levels it leaves open taken from the boundary.

    Raises:
        ValueError: the scope names another tenant, user, session or trace than the boundary.
    """
    if scope is None or boundary is None:
        return scope or boundary
    levels = boundary.model_dump(exclude_none=True)
    for level, wanted in scope.model_dump(exclude_none=True).items():
        if levels.setdefault(level, wanted) != wanted:
            raise ValueError(
                f"an artifact of {level} `{wanted}` does not belong into a store of {level} "
                f"`{levels[level]}`; put it into a store of its own scope"
            )
    return ArtifactScope(**levels)
