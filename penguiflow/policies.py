"""Routing policies: who decides, while the flow runs, where a router sends an item.

A policy sees the router's proposal and answers with the targets to use instead: None or nothing drops
the item, a name or a node of another successor overrides the proposal. It is an object with `select`
or a plain callable, and may be async.
"""

from __future__ import annotations

import inspect
import json
import os
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeAlias, TypedDict, Unpack, cast, runtime_checkable

from penguiflow._patterns.decisions import RoutingDecisionType, targets_of
from penguiflow.core import Context
from penguiflow.node import Node

__all__ = [
    "DictRoutingPolicy",
    "PolicyCallable",
    "PolicyLike",
    "RoutingDecisionType",
    "RoutingPolicy",
    "RoutingRequest",
    "evaluate_policy",
]


@dataclass(frozen=True, slots=True)
class RoutingRequest:
    """What a policy may look at; `message` is the item that will be sent, envelope or bare."""

    message: Any  # whatever travels
    context: Context
    node: Node
    """The router."""
    proposed: tuple[Node, ...]
    trace_id: str | None

    @property
    def node_name(self) -> str:
        """Name of the router."""
        return _name_of(self.node)

    @property
    def proposed_names(self) -> tuple[str, ...]:
        """Names of the targets that the router proposes."""
        return tuple(_name_of(node) for node in self.proposed)


PolicyCallable: TypeAlias = Callable[[RoutingRequest], RoutingDecisionType | Awaitable[RoutingDecisionType]]


@runtime_checkable
class RoutingPolicy(Protocol):
    """Decides where a router sends an item."""

    def select(self, request: RoutingRequest) -> RoutingDecisionType | Awaitable[RoutingDecisionType]:
        """Return the targets to use; an exception fails the router for this item."""
        ...


PolicyLike: TypeAlias = RoutingPolicy | PolicyCallable
KeyGetter: TypeAlias = Callable[[RoutingRequest], str | None]


async def evaluate_policy(policy: PolicyLike, request: RoutingRequest) -> RoutingDecisionType:
    """Ask the policy, and wait for its answer if it is async."""
    decision = policy.select(request) if isinstance(policy, RoutingPolicy) else policy(request)
    return await decision if inspect.isawaitable(decision) else decision


class LookupOptions(TypedDict, total=False):
    """The keyword arguments of `DictRoutingPolicy`."""

    default: RoutingDecisionType
    key_getter: KeyGetter | None


class DictRoutingPolicy:
    """Looks decisions up by a key of the request: `key_getter`, or the trace id without one.

    `default` answers where there is no key or no entry for it; the default None drops the item.
    """

    def __init__(
        self,
        mapping: Mapping[str, RoutingDecisionType],
        *,
        default: RoutingDecisionType = None,
        key_getter: KeyGetter | None = None,
    ) -> None:
        self._decisions = dict(mapping)
        self._default = default
        self._key_getter = key_getter or _trace_id

    @classmethod
    def from_json(cls, text: str | bytes, **options: Unpack[LookupOptions]) -> DictRoutingPolicy:
        """Read the decisions from a JSON object: a name, a list of names or null for each key.

        Raises:
            TypeError: the text is not a JSON object of such decisions.
            json.JSONDecodeError: it is not JSON.
        """
        return cls(_decisions(json.loads(text), "routing policy JSON must decode to a mapping"), **options)

    @classmethod
    def from_json_file(
        cls, path: str | os.PathLike[str], **options: Unpack[LookupOptions]
    ) -> DictRoutingPolicy:
        """Read the decisions from a file with one JSON object; the errors are those of `from_json`."""
        try:
            return cls.from_json(Path(path).read_text(encoding="utf-8"), **options)
        except (TypeError, ValueError) as error:
            error.add_note(f"while reading the routing policy file `{os.fspath(path)}`")
            raise

    @classmethod
    def from_env(
        cls,
        var: str,
        *,
        loader: Callable[[str], Any] | None = None,
        default: RoutingDecisionType = None,
        key_getter: KeyGetter | None = None,
    ) -> DictRoutingPolicy:
        """Read the decisions from an environment variable, as JSON unless `loader` parses its text.

        Raises:
            KeyError: the variable is not set.
            TypeError: what was loaded is no mapping to decisions.
        """
        text = os.environ.get(var)
        if text is None:
            raise KeyError(f"Environment variable '{var}' not set; set it to the decisions for each key")
        try:
            loaded = json.loads(text) if loader is None else loader(text)
            decisions = _decisions(loaded, "Policy loader must return a mapping")
        except (TypeError, ValueError) as error:
            error.add_note(f"while reading the environment variable `{var}`")
            raise
        return cls(decisions, default=default, key_getter=key_getter)

    def select(self, request: RoutingRequest) -> RoutingDecisionType:
        """Return the decision for the key of the request."""
        key = self._key_getter(request)
        return self._default if key is None else self._decisions.get(key, self._default)

    def update_mapping(self, mapping: Mapping[str, RoutingDecisionType]) -> None:
        """Replace all decisions; the next request sees the new ones."""
        self._decisions = dict(mapping)

    def set_default(self, decision: RoutingDecisionType) -> None:
        """Replace the answer to requests without a key or an entry."""
        self._default = decision


def _trace_id(request: RoutingRequest) -> str | None:
    return request.trace_id


def _name_of(node: Node) -> str:
    return node.name or node.node_id


def _decisions(loaded: object, complaint: str) -> Mapping[str, RoutingDecisionType]:
    """Check what came from outside, so that a mistyped entry fails here and not on the first message."""
    if not isinstance(loaded, Mapping):
        raise TypeError(f"{complaint} of keys to successor names; it is a `{type(loaded).__name__}`")
    decisions = cast("Mapping[str, RoutingDecisionType]", loaded)  # each entry is looked at below
    for key, decision in decisions.items():
        try:
            targets_of(decision)
        except TypeError as error:
            raise TypeError(f"routing policy entry `{key}`: {error}") from None
    return decisions
