"""Histories that hypothesis makes up: every kind of event there is, and kinds of a later version."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from penguiflow.sessions.projections.jsonl import content_ids
from penguiflow.state.bodies import CallToApprove, ContentRef, JsonObject, KnownBody, UnknownBody
from penguiflow.state.contents import Content
from penguiflow.state.events import EventBody, RunEvent

_FLOATS = st.floats(allow_nan=False, allow_infinity=False, width=64)
_SCALARS = st.none() | st.booleans() | st.integers() | _FLOATS | st.text(max_size=8)
_JSON = st.recursive(
    _SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)
_OBJECTS = st.dictionaries(st.text(max_size=5), _JSON, max_size=3)
_CONTENT_IDS = st.integers(0, 9).map(lambda number: f"history_{number:032x}")
_SCALAR_TYPES = {
    str: st.text(max_size=12),
    int: st.integers(0, 10**9),
    float: _FLOATS,
    bool: st.booleans(),
    Any: _JSON,
    JsonObject: _OBJECTS,
    ContentRef: st.builds(ContentRef, content_id=_CONTENT_IDS, chars=st.integers(0, 9)),
}


def _of_type(hint: Any) -> st.SearchStrategy[Any]:  # a type, or what `typing` makes of one
    if hint in _SCALAR_TYPES:
        return _SCALAR_TYPES[hint]
    if hint is CallToApprove:
        return _of_class(CallToApprove)
    if get_origin(hint) is Literal:
        return st.sampled_from(get_args(hint))
    if get_origin(hint) in (Union, UnionType):
        return st.one_of([_of_type(part) for part in get_args(hint)])
    if get_origin(hint) is tuple:
        return st.lists(_of_type(get_args(hint)[0]), max_size=3).map(tuple)
    if hint is type(None):
        return st.none()
    raise AssertionError(f"no strategy for `{hint}`")


def _of_class(body: type[Any]) -> st.SearchStrategy[Any]:  # any dataclass
    hints = get_type_hints(body)
    given = {field.name: _of_type(hints[field.name]) for field in fields(body) if field.name != "kind"}
    return st.builds(body, **given)


BODIES: st.SearchStrategy[EventBody] = st.one_of(
    *(_of_class(body) for body in get_args(KnownBody)),
    st.builds(
        UnknownBody,
        kind=st.sampled_from(["of_a_later_version", "another one"]),
        fields=_OBJECTS | _CONTENT_IDS.map(lambda content_id: {"ref": [{"content_id": content_id}]}),
    ),
)


@st.composite
def histories(draw: st.DrawFn, *, session_id: str = "session-1") -> tuple[list[RunEvent], list[Content]]:
    """Draw the events of some runs of one session, and most of the texts for which they stand."""
    steps = draw(
        st.lists(st.tuples(st.sampled_from(["run-a", "run-b", "run-ü"]), BODIES), min_size=1, max_size=8)
    )
    seqs: Counter[str] = Counter()
    events: list[RunEvent] = []
    for run_id, body in steps:
        ts = draw(st.floats(-1e9, 1e11))
        elapsed = draw(st.none() | st.floats(0, 1e9))
        events.append(
            RunEvent(
                session_id=session_id, run_id=run_id, seq=seqs[run_id], ts=ts, elapsed_ms=elapsed, body=body
            )
        )
        seqs[run_id] += draw(st.integers(1, 3))
    return events, _contents(events, draw(st.text(max_size=9)))


def _contents(events: Sequence[RunEvent], text: str) -> list[Content]:
    ids = dict.fromkeys(content_id for event in events for content_id in content_ids(event.body))
    return [
        Content(session_id=events[0].session_id, content_id=content_id, text=f"{content_id} {text}")
        for content_id in list(ids)[:3]
    ]
