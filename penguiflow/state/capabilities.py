"""Asking a store what it can do before relying on it."""

from __future__ import annotations

from collections.abc import Iterable


def missing_capabilities(store: object, methods: Iterable[str]) -> list[str]:
    """Return those of the method names that the store does not have, in the order given."""
    return [name for name in methods if not callable(getattr(store, name, None))]


def require_capabilities(store: object, *, feature: str, methods: Iterable[str]) -> None:
    """Refuse a store that cannot serve a feature.

    Raises:
        TypeError: the store lacks a method; the message names the feature and all that is missing.
    """
    missing = missing_capabilities(store, methods)
    if missing:
        names = ", ".join(f"`{name}`" for name in missing)
        raise TypeError(
            f"{feature} needs a store with {names}, which `{type(store).__name__}` lacks; "
            "implement them or use another store"
        )
