"""Reads a plain Python function as a tool: its two models, and an async form of it.

A tool function takes its validated arguments and, if it wants one, the tool context. A plain `def` runs
in a worker thread so that it never blocks the event loop; cancelling the call stops waiting for the
thread, which Python cannot stop.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Callable, Coroutine
from types import FunctionType, SimpleNamespace
from typing import Any, TypeAlias, TypeGuard, get_type_hints

from pydantic import BaseModel

ToolFunction: TypeAlias = Callable[..., Any]
"""A user's function; its parameters and result are known from its annotations only at run time."""

AsyncToolFunction: TypeAlias = Callable[[Any, Any], Coroutine[Any, Any, Any]]

ToolModels: TypeAlias = tuple[type[BaseModel], type[BaseModel]]


class ToolSignatureError(TypeError):
    """A function cannot be a tool as it is written; the message names it and what to change."""


def qualified_name(function: ToolFunction) -> str:
    """Return `module.function`, the name used in error messages."""
    named = _unwrap_partial(function)
    module = getattr(named, "__module__", None)
    name = getattr(named, "__qualname__", type(named).__qualname__)
    return f"{module}.{name}" if module else name


def models_from_annotations(function: ToolFunction) -> ToolModels:
    """Return the argument and result model that the function's annotations name.

    Raises:
        ToolSignatureError: an annotation is missing, cannot be resolved or is no pydantic model.
    """
    name = qualified_name(function)
    advice = "annotate it as `(args: ArgsModel, ctx) -> ResultModel` or register both models in the registry"
    parameters = _positional_parameters(function)
    if not parameters:
        raise ToolSignatureError(f"tool `{name}` takes no arguments model; {advice}")
    try:
        hints = _hints(_annotated_target(function), (parameters[0], "return"))
    except NameError as exc:
        raise ToolSignatureError(
            f"the annotations of tool `{name}` cannot be resolved ({exc}); {advice}"
        ) from exc
    args_model, out_model = hints.get(parameters[0]), hints.get("return")
    if not _is_model(args_model):
        raise ToolSignatureError(f"tool `{name}` has no pydantic model for its arguments; {advice}")
    if not _is_model(out_model):
        raise ToolSignatureError(f"tool `{name}` has no pydantic model for its result; {advice}")
    return args_model, out_model


def as_async_tool(function: ToolFunction) -> AsyncToolFunction:
    """Return an `async def` of exactly two parameters that calls the function.

    Raises:
        ToolSignatureError: the function takes neither one nor two positional parameters.
    """
    arity = len(_positional_parameters(function))
    if arity not in (1, 2):
        raise ToolSignatureError(
            f"tool `{qualified_name(function)}` takes {arity} parameters; "
            "a tool takes `(args, ctx)` or `(args)`"
        )
    if inspect.iscoroutinefunction(function) and arity == 2:
        return function
    call = function if arity == 2 else _without_context(function)
    if inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(type(function).__call__):
        return _named_like(function, _await_directly(call))
    return _named_like(function, _run_in_thread(call))


def _hints(function: ToolFunction, names: tuple[str, ...]) -> dict[str, Any]:  # whatever an annotation may be
    """Resolve these annotations only: others may name what is imported for type checkers alone."""
    annotations: dict[str, Any] = getattr(function, "__annotations__", {})
    wanted = SimpleNamespace(
        __annotations__={name: annotations[name] for name in names if name in annotations}
    )
    plain = function.__func__ if inspect.ismethod(function) else function
    if not inspect.isfunction(plain):
        return {}
    return get_type_hints(wanted, globalns=plain.__globals__, localns=_closure(plain))


def _closure(function: FunctionType) -> dict[str, Any]:  # values of the user's own enclosing function
    """Return what a function defined inside another one uses of it; models are often local there."""
    cells = zip(function.__code__.co_freevars, function.__closure__ or (), strict=True)
    return {name: cell.cell_contents for name, cell in cells}


def _is_model(annotation: object) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def _without_context(function: ToolFunction) -> ToolFunction:
    def call(args: Any, ctx: Any) -> Any:  # the values are the user's; only the function knows their types
        return function(args)

    return call


def _await_directly(call: ToolFunction) -> AsyncToolFunction:
    async def tool(args: Any, ctx: Any) -> Any:  # see `ToolFunction`
        return await call(args, ctx)

    return tool


def _run_in_thread(call: ToolFunction) -> AsyncToolFunction:
    def call_without_stop_iteration(args: Any, ctx: Any) -> Any:  # see `ToolFunction`
        # A future cannot carry StopIteration: the awaiting side would hang for ever.
        try:
            return call(args, ctx)
        except StopIteration as exc:
            raise RuntimeError("the tool raised StopIteration") from exc

    async def tool(args: Any, ctx: Any) -> Any:  # see `ToolFunction`
        return await asyncio.to_thread(call_without_stop_iteration, args, ctx)

    return tool


def _named_like(function: ToolFunction, wrapper: AsyncToolFunction) -> AsyncToolFunction:
    """Give the wrapper the name, docstring and tool record of the function, but its own signature."""
    functools.update_wrapper(wrapper, _unwrap_partial(function))
    del wrapper.__dict__["__wrapped__"]  # signature inspection must see two parameters
    return wrapper


def _positional_parameters(function: ToolFunction) -> list[str]:
    kinds = (inspect.Parameter.POSITIONAL_ONLY, inspect.Parameter.POSITIONAL_OR_KEYWORD)
    return [
        name for name, parameter in inspect.signature(function).parameters.items() if parameter.kind in kinds
    ]


def _annotated_target(function: ToolFunction) -> ToolFunction:
    target = _unwrap_partial(function)
    if inspect.isfunction(target) or inspect.ismethod(target):
        return target
    return type(target).__call__


def _unwrap_partial(function: ToolFunction) -> ToolFunction:
    while isinstance(function, functools.partial):
        function = function.func
    return function
