"""Giving a session of a file another id, so that it can stand beside the one it came from."""

from __future__ import annotations

import hashlib
from dataclasses import replace

from penguiflow.state.contents import Content
from penguiflow.state.events import PersonAnswered, PersonAsked, RunEvent


def renamed(entry: RunEvent | Content, session_id: str, new_id: str) -> RunEvent | Content:
    """Return the entry as one of the session `new_id`, if it is one of `session_id`.

    Its runs and requests get ids that follow from the old ones and the new session, because in a store they
    belong to one session only.
    """
    if entry.session_id != session_id or new_id == session_id:
        return entry
    if isinstance(entry, Content):
        return replace(entry, session_id=new_id)
    body = entry.body
    if isinstance(body, PersonAsked | PersonAnswered):
        body = replace(body, request_id=derived_id(body.request_id, new_id))
    return replace(entry, session_id=new_id, run_id=derived_id(entry.run_id, new_id), body=body)


def derived_id(old: str, session_id: str) -> str:
    """Return the id that a run or request has in a session of another id."""
    return hashlib.sha256(f"{session_id}\0{old}".encode()).hexdigest()[:32]
