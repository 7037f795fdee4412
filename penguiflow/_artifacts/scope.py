"""Whether an artifact may enter a store that belongs to one scope."""

from __future__ import annotations

from penguiflow._artifacts.models import ArtifactScope


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
