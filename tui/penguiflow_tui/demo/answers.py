"""What the offline model says: sentences made from what the tools really returned."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime

from pydantic import BaseModel, JsonValue, TypeAdapter, ValidationError

from penguiflow_tui.demo.conversation import Conversation, TakenStep, ToolOffer
from penguiflow_tui.demo.tasks import SmallTalk, Task, TaskKind
from penguiflow_tui.demo.tools import Counts, Moment, Number, Rehearsed

EXAMPLES = (
    "save a note: buy fish",
    "what notes did I save?",
    "what is 12 * (3 + 4)?",
    "calculate 6*7 and save the result as a note",
    "what time is it in Tokyo?",
)

_SWITCH = (
    "For a real conversation start me with a real model: "
    "`penguiflow tui --agent demo --model openai/gpt-4o-mini`."
)


class _SavedNote(BaseModel):
    id: int
    text: str
    saved_at: str


_NOTES = TypeAdapter(list[_SavedNote])


def small_talk_answer(talk: SmallTalk, conversation: Conversation) -> str:
    """Answer a greeting, thanks, or the question what the agent can do."""
    match talk:
        case "greeting":
            return "Hello! I am the demo agent. " + _abilities(conversation.tools)
        case "thanks":
            return "You are welcome."
        case "help":
            return _abilities(conversation.tools)


def unknown_answer(conversation: Conversation) -> str:
    """Say that the question was not understood, and what would be."""
    return (
        "I did not understand that: I am a small offline model that only knows a few patterns. "
        + _abilities(conversation.tools)
    )


def nothing_to_save_answer() -> str:
    """Ask what the note should say."""
    return "There is no result yet that I could save. Tell me the text, for example: save a note: buy fish"


def missing_tool_answer(task: Task, done: Sequence[str]) -> str:
    """Say that the tool for a task is not offered."""
    about_notes = (
        " It belongs to the notes server: look at the tool connections to see why it is away, then ask again."
        if task.kind.endswith(("_note", "_notes"))
        else ""
    )
    return _joined(
        *done, f"I would need the tool `{task.kind}` for this, but it is not offered to me now.{about_notes}"
    )


def failed_answer(task: Task, step: TakenStep, done: Sequence[str]) -> str:
    """Tell why a call gave no result; what a person refused is not tried again."""
    if step.rejection is not None:
        nothing = "Nothing was stored" if task.kind == "save_note" else "The tool did not run"
        said = f"You rejected `{step.tool}`: “{step.rejection}”. {nothing}, and I will not try it again."
    else:
        said = f"The tool `{step.tool}` failed: {step.error}"
    return _joined(*done, said)


def result_answer(task: Task, step: TakenStep) -> str:
    """Say what a task gave."""
    result = step.observation
    if isinstance(result, dict) and result.get("tool_ran") is False:
        said = result.get("response_from_person")
        return f"You answered in the place of `{step.tool}`: “{said}”. The tool did not run."
    if isinstance(result, dict) and set(result) == {"result"}:
        result = result["result"]
    try:
        return _SENTENCES[task.kind](task, result) + (_CHANGED if step.changed_by_person else "")
    except ValidationError:
        return f"`{step.tool}` returned: {result}"


def result_text(task: Task, step: TakenStep) -> str:
    """Return the result of a task as the text of a note."""
    return result_answer(task, step).rstrip(".")


_CHANGED = " You changed it before it ran."


def _saved(task: Task, result: JsonValue) -> str:
    note = _SavedNote.model_validate(result)
    return f"Saved as note {note.id}: “{note.text}”."


def _listed(task: Task, result: JsonValue) -> str:
    notes = _NOTES.validate_python(result)
    if not notes:
        return "You have no notes yet. Try: save a note: buy fish"
    return f"You have {_counted(len(notes), 'note')}:\n{_note_lines(notes)}"


def _found(task: Task, result: JsonValue) -> str:
    notes, query = _NOTES.validate_python(result), task.args["query"]
    if not notes:
        return f"No note contains “{query}”."
    return f"{_counted(len(notes), 'note')} with “{query}”:\n{_note_lines(notes)}"


def _calculated(task: Task, result: JsonValue) -> str:
    number = Number.model_validate(result)
    return f"{number.expression} = {number.value}."


def _told_time(task: Task, result: JsonValue) -> str:
    moment = Moment.model_validate(result)
    when = datetime.fromisoformat(moment.iso)
    return f"In {moment.timezone} it is {when:%H:%M:%S} on {moment.weekday}, {when:%Y-%m-%d}."


def _counted_words(task: Task, result: JsonValue) -> str:
    counts = Counts.model_validate(result)
    words, characters = _counted(counts.words, "word"), _counted(counts.characters, "character")
    return f"The text has {words} and {characters}."


def _rehearsed(task: Task, result: JsonValue) -> str:
    if isinstance(result, dict) and "artifact" in result:
        return f"The result was too long for me to read: {result['summary']}."
    return Rehearsed.model_validate(result).summary


_SENTENCES: dict[TaskKind, Callable[[Task, JsonValue], str]] = {
    "save_note": _saved,
    "list_notes": _listed,
    "search_notes": _found,
    "calculate": _calculated,
    "current_time": _told_time,
    "count_words": _counted_words,
    "rehearse": _rehearsed,
}


def _abilities(tools: Sequence[ToolOffer]) -> str:
    if not tools:
        return f"No tools are offered to me now, so there is nothing I can do. {_SWITCH}"
    offers = "\n".join(f"- `{tool.name}`: {tool.desc}" for tool in tools)
    examples = "\n".join(f"- {example}" for example in EXAMPLES)
    return f"My tools are:\n{offers}\n\nTry for example:\n{examples}\n\n{_SWITCH}"


def _note_lines(notes: Sequence[_SavedNote]) -> str:
    return "\n".join(f"- {note.text} (note {note.id}, {note.saved_at})" for note in notes)


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _joined(*parts: str) -> str:
    return "\n\n".join(parts)
