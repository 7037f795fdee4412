"""How the models a node declares meet the value that travels: unwrap, check, call, check, wrap.

- Declared for `Message`: the node takes and returns the envelope.
- Declared for payload models: when an envelope travels, the node takes its payload, and what it
  returns goes on in the same envelope (trace, headers, deadline, meta). Bare values stay bare.
- Not declared, or not validated: the node takes whatever travels. Annotations are never consulted.

The functions are bound once per run, so that a hop only calls them.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, Protocol, TypeAlias, TypeVar

from pydantic import BaseModel, TypeAdapter

from penguiflow.types import WM, FinalAnswer, Message

Validate: TypeAlias = Literal["both", "in", "out", "none"]
Check: TypeAlias = Callable[[Any], Any]  # any value in; the checked value out
Wrap: TypeAlias = Callable[[Any, Any], Any]  # (returned value, item that came in) -> what travels on


class ModelLookup(Protocol):
    """What a node needs of a `ModelRegistry`."""

    def has(self, node_name: str) -> bool: ...
    def models(self, node_name: str) -> tuple[type[BaseModel], type[BaseModel]]: ...
    def adapters(self, node_name: str) -> tuple[TypeAdapter[Any], TypeAdapter[Any]]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Conversion:
    """What to do around a call of the node's function; None where nothing is to be done."""

    accept: Check | None = None
    give: Wrap | None = None


UNTOUCHED = Conversion()

ModelT = TypeVar("ModelT", bound=BaseModel)

new_instance = object.__new__
# The slots of a pydantic model, set directly: the model's own `__setattr__` looks for fields first.
set_values, set_fields_set, set_extra, set_private = (
    BaseModel.__dict__[slot].__set__
    for slot in ("__dict__", "__pydantic_fields_set__", "__pydantic_extra__", "__pydantic_private__")
)


def unchecked(model: type[ModelT], values: dict[str, Any], fields_set: set[str]) -> ModelT:
    """Build a model from the values of all of its fields without validation, at a quarter of the cost.

    What `model_construct` does for a model without private attributes and without extra fields. A
    `fields_set` that names all fields may be shared: nothing can be added to it.
    """
    instance = new_instance(model)
    set_values(instance, values)
    set_fields_set(instance, fields_set)
    set_extra(instance, None)
    set_private(instance, None)
    return instance


def derived(message: Message, **changes: Any) -> Message:
    """Return a copy of the envelope with some fields changed; the values of the changes are not checked."""
    if type(message) is Message:
        return unchecked(Message, {**message.__dict__, **changes}, message.model_fields_set | changes.keys())
    return message.model_copy(update=changes)


def conversion_for(node_name: str, validate: Validate, registry: ModelLookup | None) -> Conversion:
    """Bind the conversions of one node; a validating node that is not registered is a KeyError."""
    if registry is None or (validate == "none" and not registry.has(node_name)):
        return UNTOUCHED
    in_model, out_model = registry.models(node_name)
    in_adapter, out_adapter = registry.adapters(node_name)
    check_in = _checker(in_model, in_adapter) if validate in ("both", "in") else None
    check_out = _checker(out_model, out_adapter) if validate in ("both", "out") else None
    takes_envelope = validate == "none" or issubclass(in_model, Message)
    accept = check_in if takes_envelope else _unwrapping(check_in)
    if issubclass(out_model, Message):
        return Conversion(accept=accept, give=_envelope_giver(node_name, check_out))
    if out_model in (WM, FinalAnswer):
        check_out = _controller_checker(check_out)
    return Conversion(accept=accept, give=_payload_giver(check_out, keep_envelope=not takes_envelope))


def _checker(model: type[BaseModel], adapter: TypeAdapter[Any]) -> Check:
    validate = adapter.validate_python
    if model.model_config.get("revalidate_instances") == "always":
        return validate

    def check(value: Any) -> Any:
        return value if type(value) is model else validate(value)

    return check


def _controller_checker(check: Check | None) -> Check | None:
    """A controller declared for one of the two loop models may answer with the other."""
    if check is None:
        return None

    def check_controller(value: Any) -> Any:
        return value if isinstance(value, WM | FinalAnswer) else check(value)

    return check_controller


def _unwrapping(check: Check | None) -> Check:
    def accept(item: Any) -> Any:
        value = item.payload if isinstance(item, Message) else item
        return value if check is None else check(value)

    return accept


def _envelope_giver(node_name: str, check: Check | None) -> Wrap:
    def give(result: Any, _item: Any) -> Any:
        if check is not None:
            result = check(result)
        if not isinstance(result, Message):
            warnings.warn(
                f"node `{node_name}` is registered Message -> Message but returned `{type(result).__name__}`;"
                " return a Message (`message.model_copy(update=...)`), or register the payload models",
                RuntimeWarning,
                stacklevel=2,
            )
        return result

    return give


def _payload_giver(check: Check | None, *, keep_envelope: bool) -> Wrap | None:
    if check is None and not keep_envelope:
        return None

    def give(result: Any, item: Any) -> Any:
        if isinstance(result, Message):
            payload = result.payload if check is None else check(result.payload)
            return result if payload is result.payload else derived(result, payload=payload)
        value = result if check is None else check(result)
        if keep_envelope and isinstance(item, Message):
            return derived(item, payload=value)
        return value

    return give
