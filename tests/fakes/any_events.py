"""Hypothesis strategies for events of every kind, with every text that a model or a tool may send."""

from __future__ import annotations

from dataclasses import fields
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin, get_type_hints

from hypothesis import strategies as st

from penguiflow.state.events import (
    CallToApprove,
    ContentRef,
    EventBody,
    KnownBody,
    RunEvent,
    UnknownBody,
)

KNOWN_BODIES: tuple[type[KnownBody], ...] = get_args(KnownBody)

# Lone surrogates too: a model can send them, and every store must keep them.
any_text = st.text(st.characters(exclude_categories=()), max_size=20)
# But not in keys: sessions replace them there, because pydantic writes no key without a UTF-8 form.
keys = st.text(st.characters(exclude_categories=("Cs",)), max_size=20)
names = st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=12)
"""Ids of sessions, runs and questions, which have to be Unicode."""

numbers = st.floats(allow_nan=False, allow_infinity=False)
small_ints = st.integers(-(2**40), 2**40)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**40), 10**40) | numbers | any_text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(keys, inner, max_size=3),
    max_leaves=6,
)
json_objects = st.dictionaries(keys, json_values, max_size=3)


def bodies_of(body: type[Any]) -> st.SearchStrategy[Any]:  # of the type that is given
    """Values of a body, or of what is within one, with every field filled at random."""
    hints = get_type_hints(body)
    names_of_fields = (each.name for each in fields(body) if each.name != "kind")
    return st.builds(body, **{name: _values(name, hints[name]) for name in names_of_fields})


def _values(name: str, hint: Any) -> st.SearchStrategy[Any]:  # a type form, and values of it
    if name == "request_id":
        return names
    origin, inner = get_origin(hint), get_args(hint)
    if origin is Literal:
        return st.sampled_from(inner)
    if origin in (Union, UnionType):
        return st.one_of(*(_values(name, each) for each in inner))
    if origin is dict:
        return json_objects
    if origin is tuple:
        return st.lists(_values(name, inner[0]), max_size=3).map(tuple)
    if hint in (ContentRef, CallToApprove):
        return bodies_of(hint)
    plain = {
        str: any_text,
        int: small_ints,
        float: numbers,
        bool: st.booleans(),
        type(None): st.none(),
        Any: json_values,
    }
    return plain[hint]


known_bodies: st.SearchStrategy[KnownBody] = st.sampled_from(KNOWN_BODIES).flatmap(bodies_of)
unknown_bodies = st.builds(UnknownBody, kind=names.map("later_{}".format), fields=json_objects)
any_body: st.SearchStrategy[EventBody] = known_bodies | unknown_bodies


def any_event(run_id: str | None = None, session_id: str | None = None) -> st.SearchStrategy[RunEvent]:
    """Events of any kind, in any place unless one is given."""
    return st.builds(
        RunEvent,
        session_id=names if session_id is None else st.just(session_id),
        run_id=names if run_id is None else st.just(run_id),
        seq=st.integers(0, 2**40),
        ts=numbers,
        elapsed_ms=st.none() | numbers,
        body=any_body,
    )
