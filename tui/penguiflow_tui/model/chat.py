"""The chat of a run: the question, what a person or the runtime said on the way, and the answer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from penguiflow.safe_text import SafeText, safe_line, safe_text
from penguiflow_tui.model.marks import Tone
from penguiflow_tui.model.state import Notice, RunView

QUESTION_CHARS = 20_000
ANSWER_CHARS = 200_000
_NOTICE_CHARS = 2_000
NOTHING = safe_line("")


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatEntry:
    """One entry of the transcript. `key` stays the same while a live answer grows and becomes final."""

    key: str
    kind: Literal["question", "notice", "answer"]
    text: SafeText
    tone: Tone = "plain"
    glyph: str = ""
    hint: SafeText = NOTHING
    is_live: bool = False


def chat_entries(run: RunView) -> tuple[ChatEntry, ...]:
    """Return the entries of a run in the order they are shown."""
    entries: list[ChatEntry] = []
    if run.question:
        text = safe_text(run.question, max_chars=QUESTION_CHARS)
        entries.append(ChatEntry(key=f"{run.run_id}/question", kind="question", text=text))
    before_answer = [_notice(run, place) for place in range(len(run.notices))]
    answer = _answer(run)
    if answer is not None and not run.works and run.state != "answered" and before_answer:
        # The last notice tells why the run ended; it belongs below what there is of an answer.
        return (*entries, *before_answer[:-1], answer, before_answer[-1])
    return (*entries, *before_answer, *([] if answer is None else [answer]))


def _answer(run: RunView) -> ChatEntry | None:
    text = run.live_answer.text if run.answer is None else run.answer
    if not text:
        return None
    shown = safe_text(text, max_chars=ANSWER_CHARS)
    is_live = run.answer is None and run.works
    return ChatEntry(key=f"{run.run_id}/answer", kind="answer", text=shown, is_live=is_live)


def _notice(run: RunView, place: int) -> ChatEntry:
    notice = run.notices[place]
    glyph, tone, text = _notice_parts(notice)
    return ChatEntry(
        key=f"{run.run_id}/notice-{place}",
        kind="notice",
        glyph=glyph,
        tone=tone,
        text=safe_text(text, max_chars=_NOTICE_CHARS),
        hint=safe_text(notice.hint, max_chars=_NOTICE_CHARS),
    )


def _notice_parts(notice: Notice) -> tuple[str, Tone, str]:
    subject = safe_line(notice.subject, max_chars=80)
    reason = f": {notice.text}" if notice.text else ""
    match notice.kind:
        case "approved":
            return "✓", "success", f"You approved {subject}"
        case "edited":
            return "✓", "success", f"You changed the arguments of {subject} and approved it"
        case "rejected":
            return "⊘", "warning", f"You rejected {subject}{reason}"
        case "responded":
            return "↩", "success", f"You answered {subject}{reason}"
        case "stopped":
            return "■", "warning", f"The run stopped: {_STOP_WORDS.get(notice.subject, subject)}"
        case "failed":
            return "✗", "error", f"The run failed{reason}"
        case "interrupted":
            return "■", "warning", "You stopped the run"


_STOP_WORDS = {
    "no_path": "the agent found no way to an answer",
    "budget_exhausted": "its budget of steps, time, hops or cost is used up",
    "no_progress": "the same call kept giving the same result",
}
