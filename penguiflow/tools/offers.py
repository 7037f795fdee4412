"""What a tool server offers, as JSON, and using that in the place of the server.

A run that is played again must not start servers or reach for the network, yet its model was shown their
tools. `offered` is what the history keeps of a connection; inside `use_offers` a connection of that name is
ready at once with those tools, and a call of one fails.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import asdict
from functools import cache
from typing import Any, Protocol, TypeAlias, runtime_checkable

from pydantic import TypeAdapter

from penguiflow.tools._connecting.session import RemoteTool

Offers: TypeAlias = Sequence[Mapping[str, Any]]
"""One JSON object per tool: name, description, input schema and hints."""

_offers: ContextVar[Mapping[str, Offers] | None] = ContextVar("penguiflow_tool_offers", default=None)


@runtime_checkable
class MakesOffers(Protocol):
    """A connection that tells what its server offers."""

    @property
    def offers(self) -> Offers:
        """The tools of the connection that is up, as the server describes them."""
        ...


@contextmanager
def use_offers(offers: Mapping[str, Offers]) -> Generator[None]:
    """Let connections made in this block take their tools from here, by the name of the connection."""
    token = _offers.set(offers)
    try:
        yield
    finally:
        _offers.reset(token)


def offers_in_use(name: str) -> list[RemoteTool] | None:
    """Return the tools to take for a connection; `None` outside of `use_offers`.

    Inside of it a connection that was not recorded has no tools: it must not be opened.

    Raises:
        pydantic.ValidationError: the offers are damaged.
    """
    offers = _offers.get()
    return None if offers is None else _adapter().validate_python(offers.get(name, ()))


def offered(tools: Sequence[RemoteTool]) -> Offers:
    """Return the JSON form of what a server offers."""
    return [asdict(tool) for tool in tools]


@cache
def _adapter() -> TypeAdapter[list[RemoteTool]]:
    return TypeAdapter(list[RemoteTool])
