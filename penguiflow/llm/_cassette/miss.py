"""Says why a call is not in a cassette: where its text differs from the recorded call nearest to it."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path

from penguiflow.llm._cassette.canonical import JsonObject, canonical_json
from penguiflow.llm._cassette.playback import Recordings
from penguiflow.llm._cassette.recorded import RecordedCall
from penguiflow.llm._cassette.request import Request
from penguiflow.safe_text import safe_line

_BEFORE_CHARS = 40
_SHOWN_CHARS = 200


def describe_miss(path: Path, number: int, request: Request, recordings: Recordings) -> str:
    """Return the message for the call with this number, counted from 1 since the cassette was loaded.

    Compared is the call that shares the most first messages among those not asked for yet. While calls come
    in the recorded order, that is the one in the same place.
    """
    return (
        f"cassette `{path}` holds no outcome for call {number}; nothing was sent.\n"
        f"{_reason(request, recordings)}\n"
        "If the change is meant, record the cassette anew."
    )


def _reason(request: Request, recordings: Recordings) -> str:
    unused = recordings.unused()
    times = sum(call.request == request.digest for call in recordings.calls)
    if times:
        return f"This very request was recorded {times} time(s), and all of them were asked for already."
    if not unused:
        last = _shown(canonical_json(request.messages[-1])) if request.messages else "none"
        count = len(recordings.calls)
        return f"It holds {count} call(s), all asked for already. The last message of this one is: {last}"
    nearest = min(unused, key=lambda call: (-_shared(call.messages, request.messages), call.number))
    return f"The nearest is recorded call {nearest.number}: {_difference(nearest, request)}"


def _difference(recorded: RecordedCall, request: Request) -> str:
    old, new = recorded.messages, request.messages
    at = _shared(old, new)
    if at < min(len(old), len(new)):
        return f"message {at + 1} ({new[at].get('role')}) {_text_difference(old[at], new[at])}"
    if at < len(new):
        return f"it ends after {at} message(s), here follows:\n+ {_shown(canonical_json(new[at]))}"
    if at < len(old):
        return f"it has more than these {at} message(s):\n- {_shown(canonical_json(old[at]))}"
    names = [
        name
        for name in sorted(recorded.options.keys() | request.options.keys())
        if recorded.options.get(name) != request.options.get(name)
    ]
    if not names:
        return "its messages are the same, but not its hash; was the file edited by hand?"
    name = names[0]
    pair = ({name: recorded.options.get(name)}, {name: request.options.get(name)})
    return f"the messages are the same, but `{name}` {_text_difference(*pair)}"


def _text_difference(old: JsonObject, new: JsonObject) -> str:
    if _is_plain(old) and _is_plain(new) and old["role"] == new["role"]:
        before, after = str(old["content"]), str(new["content"])
    else:
        before, after = canonical_json(old), canonical_json(new)
    at = _shared(before, after)
    return f"differs at character {at + 1}:\n- {_shown(before, at)}\n+ {_shown(after, at)}"


def _is_plain(message: JsonObject) -> bool:
    return message.keys() == {"role", "content"} and isinstance(message["content"], str)


def _shown(text: str, at: int = 0) -> str:
    start = max(0, at - _BEFORE_CHARS)
    return ("…" if start else "") + safe_line(text[start:], max_chars=_SHOWN_CHARS)


def _shared(old: Sequence[object], new: Sequence[object]) -> int:
    """Return how many first messages, or characters, are the same."""
    return len(list(takewhile(lambda pair: pair[0] == pair[1], zip(old, new, strict=False))))
