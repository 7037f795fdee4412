"""A run that waits until somebody has signed in elsewhere: who asks, for what, and the link."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, cast

from penguiflow.safe_text import SafeText, safe_line
from penguiflow.state.events import PersonAsked
from penguiflow_tui.model.web_address import WebAddress, WebAddressError, web_address

_MAX_SCOPES = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """What the card shows. Without an `address` there is nothing to open, and `problem` says why."""

    provider: SafeText
    display_name: SafeText
    scopes: tuple[SafeText, ...]
    more_scopes: int
    address: WebAddress | None
    problem: SafeText | None


def consent_of(asked: PersonAsked) -> Consent | None:
    """Return the consent a question is about, or `None` when it is about something else."""
    if asked.call is not None or asked.payload.get("pause_type") != "oauth":
        return None
    return consent_in(asked.payload)


def consent_in(request: Mapping[str, Any]) -> Consent:  # JSON whose parts are looked at one by one
    """Return what a request to sign in asks for; whatever cannot be read in it is left out."""
    provider = _line(request.get("provider"), 60)
    scopes = _texts(request.get("scopes"))
    address, problem = _address(request.get("auth_url"))
    return Consent(
        provider=provider,
        display_name=_line(request.get("display_name"), 60) or provider,
        scopes=tuple(safe_line(scope, max_chars=100) for scope in scopes[:_MAX_SCOPES]),
        more_scopes=max(0, len(scopes) - _MAX_SCOPES),
        address=address,
        problem=problem,
    )


def _texts(value: object) -> list[str]:
    if not isinstance(value, list | tuple):
        return []
    members = cast("Sequence[object]", value)  # a check cannot see the type of the members
    return [each for each in members if isinstance(each, str)]


def _line(value: object, max_chars: int) -> SafeText:
    return safe_line(value if isinstance(value, str) else "", max_chars=max_chars)


def _address(url: object) -> tuple[WebAddress | None, SafeText | None]:
    try:
        return web_address(url if isinstance(url, str) else ""), None
    except WebAddressError as exc:
        return None, safe_line(str(exc))
