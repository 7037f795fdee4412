"""What a provider said, in parts: text, reasoning and calls of tools, whole or as it arrives."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class CallPart:
    """A call of a tool or a piece of one; `arguments` is JSON text as the model wrote it."""

    index: int = 0
    call_id: str = ""
    name: str = ""
    arguments: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """A whole answer or a piece of one."""

    content: str = ""
    reasoning: str = ""
    calls: tuple[CallPart, ...] = ()


@dataclass(slots=True, kw_only=True)
class _OpenCall:
    index: int
    call_id: str
    name: str = ""
    arguments: list[str] = field(default_factory=list[str])

    def takes(self, part: CallPart) -> bool:
        # Some providers number every call 0 and tell them apart by their ids only.
        is_another = part.call_id and self.call_id and part.call_id != self.call_id
        return part.index == self.index and not is_another


class Gathered:
    """Joins the pieces of one answer."""

    def __init__(self) -> None:
        self._content: list[str] = []
        self._reasoning: list[str] = []
        self._calls: list[_OpenCall] = []

    def add(self, piece: Said) -> None:
        """Take the next piece."""
        self._content.append(piece.content)
        self._reasoning.append(piece.reasoning)
        for part in piece.calls:
            call = self._call_of(part)
            call.name = call.name or part.name
            call.call_id = call.call_id or part.call_id
            if part.arguments:
                call.arguments.append(part.arguments)

    def whole(self) -> Said:
        """Return everything so far."""
        calls = tuple(
            CallPart(index=at, call_id=call.call_id, name=call.name, arguments="".join(call.arguments))
            for at, call in enumerate(self._calls)
        )
        return Said(content="".join(self._content), reasoning="".join(self._reasoning), calls=calls)

    @property
    def first_name(self) -> str:
        """The name of the first call, empty before it is known."""
        return self._calls[0].name if self._calls else ""

    def first_arguments(self, start: int) -> list[str]:
        """Return the pieces of the first call's arguments from the one at `start` on."""
        return self._calls[0].arguments[start:] if self._calls else []

    def _call_of(self, part: CallPart) -> _OpenCall:
        for call in reversed(self._calls):
            if call.takes(part):
                return call
        self._calls.append(_OpenCall(index=part.index, call_id=part.call_id))
        return self._calls[-1]
