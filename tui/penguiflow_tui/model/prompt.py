"""What a model was sent, in figures: how many messages, how long, and whose share of it is how large."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.state.events import ContentRef
from penguiflow_tui.model.figures import plural

_BAR_CELLS = 16
_ROLE_CELLS = 9
_NO_ROLE = "message"


@dataclass(frozen=True, slots=True, kw_only=True)
class RoleShare:
    """All messages of one role: `share` is their part of the prompt's characters, from 0 to 1."""

    role: str
    chars: int
    share: float


def role_shares(messages: Sequence[ContentRef]) -> tuple[RoleShare, ...]:
    """Return the shares in the order in which the roles first speak."""
    chars: dict[str, int] = {}
    for message in messages:
        role = message.role or _NO_ROLE
        chars[role] = chars.get(role, 0) + message.chars
    whole = max(1, sum(chars.values()))
    return tuple(RoleShare(role=role, chars=count, share=count / whole) for role, count in chars.items())


def prompt_text(messages: Sequence[ContentRef]) -> str:
    """Return `7 messages, 5,312 characters` and below it a bar for each role."""
    chars = sum(message.chars for message in messages)
    lines = [f"{plural(len(messages), 'message')}, {plural(chars, 'character')}"]
    lines += [_bar(share) for share in role_shares(messages)]
    return "\n".join(lines)


def _bar(share: RoleShare) -> str:
    filled = round(share.share * _BAR_CELLS)
    percent = "<1" if 0 < share.share < 0.01 else f"{share.share * 100:.0f}"
    bar = "▬" * filled + "·" * (_BAR_CELLS - filled)
    return f"{share.role[:_ROLE_CELLS]:<{_ROLE_CELLS}} {bar} {percent:>3} %"
