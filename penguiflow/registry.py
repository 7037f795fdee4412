"""Which models a node takes and gives; the adapters that validate them are built once, here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, TypeAdapter

__all__ = ["ModelRegistry"]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Entry:
    in_model: type[BaseModel]
    out_model: type[BaseModel]
    in_adapter: TypeAdapter[Any]  # validates to `in_model`
    out_adapter: TypeAdapter[Any]  # validates to `out_model`


class ModelRegistry:
    """Maps node names to their input and output models."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}

    def register(self, node_name: str, in_model: type[BaseModel], out_model: type[BaseModel]) -> None:
        """Declare the models of a node; a name can be declared once.

        Raises:
            ValueError: the name is taken.
            TypeError: a model is not a pydantic model class.
        """
        if node_name in self._entries:
            raise ValueError(f"Node '{node_name}' already registered")
        for model in (in_model, out_model):
            if not _is_model(model):
                raise TypeError(
                    f"Models must inherit from pydantic.BaseModel; node `{node_name}` got `{model!r}`"
                )
        self._entries[node_name] = _Entry(
            in_model=in_model,
            out_model=out_model,
            in_adapter=TypeAdapter(in_model),
            out_adapter=TypeAdapter(out_model),
        )

    def has(self, node_name: str) -> bool:
        """Tell whether the node is declared."""
        return node_name in self._entries

    def adapters(self, node_name: str) -> tuple[TypeAdapter[Any], TypeAdapter[Any]]:
        """Return the adapters for input and output; an unknown name is a KeyError."""
        entry = self._entry(node_name)
        return entry.in_adapter, entry.out_adapter

    def models(self, node_name: str) -> tuple[type[BaseModel], type[BaseModel]]:
        """Return the input and the output model; an unknown name is a KeyError."""
        entry = self._entry(node_name)
        return entry.in_model, entry.out_model

    def _entry(self, node_name: str) -> _Entry:
        try:
            return self._entries[node_name]
        except KeyError:
            raise KeyError(f"node `{node_name}` is not registered; call `registry.register`") from None


def _is_model(candidate: object) -> bool:
    return isinstance(candidate, type) and issubclass(candidate, BaseModel)
