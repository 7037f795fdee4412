"""The words of the approval card, from the request it shows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from textual.content import Content

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow.state.events import CallToApprove, PersonAsked
from penguiflow_tui.keys import shown_key
from penguiflow_tui.model.consent import Consent, consent_of
from penguiflow_tui.visible_json import count_hidden_characters, visible_json
from penguiflow_tui.widgets.consent_texts import consent_body, consent_head

_ARGUMENT_CHARS = 64_000
_EFFECTS = {
    "pure": "changes nothing",
    "read": "only reads",
    "write": "writes",
    "external": "acts outside",
    "stateful": "changes its own state",
}

RECORDED_TEXT = Content.styled("recorded · no decision is asked of you", "$text-muted")
"""What stands in the place of the keys when the request is one of the past."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardRequest:
    """A request, whose agent asks, and its place in the queue (from 1)."""

    asked: PersonAsked
    agent: str
    place: int
    waiting: int

    @property
    def consent(self) -> Consent | None:
        """What somebody has to sign in for, when that is what is asked."""
        return consent_of(self.asked)

    @property
    def is_rejectable(self) -> bool:
        """Whether a no ends the matter; a plain question wants an answer."""
        return self.asked.call is not None or self.consent is not None


def card_title(request: CardRequest) -> SafeText:
    """Return the words in the border of the card."""
    what = "Question" if request.asked.call is None else "Approval"
    what = what if request.consent is None else "Sign-in"
    queue = f" {request.place} of {request.waiting}" if request.waiting > 1 else ""
    return safe_line(f"◆ {what}{queue} · step {request.asked.step}")


def head_text(request: CardRequest) -> Content:
    """Return who wants what and why."""
    if (consent := request.consent) is not None:
        return consent_head(consent, request.agent)
    agent = safe_line(request.agent or "The agent", max_chars=40)
    call = request.asked.call
    if call is None:
        question = request.asked.prompt or request.asked.reason.replace("_", " ")
        return Content.assemble((agent, "bold"), " asks: ", safe_text(question, max_chars=_ARGUMENT_CHARS))
    effect = _EFFECTS.get(call.side_effects, f"side effects: {safe_line(call.side_effects, max_chars=30)}")
    parts = [
        (agent, ""),
        (" wants to run ", "$text-muted"),
        (safe_line(call.tool, max_chars=80), "bold $accent"),
        (f"  {effect}", "$text-warning"),
    ]
    if call.description:
        parts.append((f"\n{safe_line(call.description, max_chars=200)}", "$text-muted"))
    if call.thought:
        parts.append((f"\n“{safe_line(call.thought, max_chars=400)}”", "italic"))
    return Content.assemble(*parts)


def folded_text(request: CardRequest) -> Content:
    """Return the one line of a folded card."""
    call = request.asked.call
    what = "a question" if call is None else safe_line(call.tool, max_chars=80)
    what = what if request.consent is None else "a sign-in"
    return Content.assemble((what, "bold"), (" waits for you", "$text-muted"))


def arguments_text(request: CardRequest) -> Content:
    """Return the exact arguments, with a warning first when they hide something."""
    if (consent := request.consent) is not None:
        return consent_body(consent)
    call = request.asked.call
    if call is None:
        payload = request.asked.payload
        return Content(safe_text(visible_json(payload), max_chars=_ARGUMENT_CHARS) if payload else "")
    lines = [_argument(name, value, call) for name, value in call.args.items()] or [
        Content.styled("no arguments", "$text-muted")
    ]
    if hidden := count_hidden_characters(call.args):
        plural = "character is" if hidden == 1 else "characters are"
        lines.insert(0, Content.styled(f"⚠ {hidden} hidden {plural} shown as escapes", "bold $text-error"))
    return Content("\n").join(lines)


def _argument(name: str, value: object, call: CallToApprove) -> Content:
    width = min(16, max(len(key) for key in call.args))
    text = visible_json(value)
    return Content.assemble(
        (safe_line(name, max_chars=60).ljust(width) + "  ", "$text-muted"),
        safe_text(text, max_chars=_ARGUMENT_CHARS),
    )


def keys_text(
    request: CardRequest, mode: Literal["ask", "edit", "reply", "sent"], *, folded: bool, focused: bool
) -> Content:
    """Return what the keys do now."""
    show = ("show-card", "answer")
    match mode:
        case _ if folded:
            return _keys(show)
        case "sent":
            return Content.styled("Sent; the run goes on …", "$text-muted")
        case "edit":
            return _keys(("run-edited", "run edited"), ("raw-json", "form or JSON"), ("leave-form", "back"))
        case "reply":
            send = "reject" if request.is_rejectable else "answer"
            return _keys(("send-reply", send), ("leave-reply", "back"))
        case "ask" if not focused:
            return _keys(show)
        case "ask" if (consent := request.consent) is not None:
            link = (("open-link", "open"), ("copy-link", "copy")) if consent.address else ()
            return _keys(("approve", "signed in"), *link, ("reject", "refuse"), ("defer", "later"))
        case "ask" if request.asked.call is None:
            return _keys(("reject", "answer"), ("defer", "later"))
        case "ask":
            return _keys(
                ("approve", "approve once"), ("edit", "edit"), ("reject", "reject"), ("defer", "later")
            )


def _keys(*shown: tuple[str, str]) -> Content:
    parts = [Content.assemble((shown_key(action), "bold $accent"), f" {what}") for action, what in shown]
    return Content(" · ").join(parts)
