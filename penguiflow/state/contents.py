"""Texts that are too large for an event: kept beside the history, per session, under names of their own."""

from __future__ import annotations

from dataclasses import dataclass

NAMESPACE = "history"


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """One text of a session; events stand for it by a `ContentRef`. A name never gets another text."""

    session_id: str
    content_id: str
    text: str
