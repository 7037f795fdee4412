"""The texts that are kept beside the history: loading them, and putting them into JSON lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeAlias

from penguiflow.sessions.json_parts import Json, as_list, as_object
from penguiflow.sessions.projections.jsonl import content_ids
from penguiflow.state.events import EventBody, RunEvent
from penguiflow.state.protocol import HistoryStore

Texts: TypeAlias = Mapping[str, str | None]
"""Texts by their ids, `None` for one that is not kept any more."""


async def load_texts(store: HistoryStore, events: Sequence[RunEvent]) -> Texts:
    """Load every text that the events stand for."""
    wanted = {content_id: event.session_id for event in events for content_id in content_ids(event.body)}
    return {
        content_id: await store.load_content(session_id, content_id)
        for content_id, session_id in wanted.items()
    }


def with_texts(line: Mapping[str, Any], body: EventBody, texts: Texts) -> dict[str, Any]:
    """Return the JSON line of an event whose content refs have a `text` besides."""
    known = set(content_ids(body))

    def filled(value: Json) -> Json:
        entries, items = as_object(value), as_list(value)
        if items is not None:
            return [filled(item) for item in items]
        if entries is not None and entries.get("content_id") in known:
            return entries | {"text": texts.get(entries["content_id"])}
        return value

    return {name: filled(value) for name, value in line.items()}
