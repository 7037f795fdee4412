"""What a question asks for, found by patterns: the offline model's whole understanding of language."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

TaskKind = Literal[
    "save_note", "list_notes", "search_notes", "calculate", "current_time", "count_words", "rehearse"
]
SmallTalk = Literal["greeting", "help", "thanks"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """One tool call to make; the kind is the tool's own name.

    `takes_result` is for a note: its text is what the task before gave.
    """

    kind: TaskKind
    args: dict[str, Any] = field(default_factory=dict[str, Any])  # as the tool's schema says
    takes_result: bool = False


_Reader = Callable[[str], Task | None]

_CONNECTOR = re.compile(r"[,;.]?\s+(?:and then|and also|and|then)\s+|[;\n]\s*|[.?!]\s+", re.IGNORECASE)
_POLITE = re.compile(
    r"^(?:please|now|so|ok|okay|can you|could you|would you|i want you to|also)[,\s]+", re.IGNORECASE
)


def small_talk(question: str) -> SmallTalk | None:
    """Return which kind of talk without a task a question is."""
    text = question.strip().casefold().rstrip("?!. ")
    if re.search(r"\bhelp\b|what (?:can|do) you do|who are you|what are you|(?:which|what) tools", text):
        return "help"
    if re.match(r"(?:hi|hello|hey|good (?:morning|afternoon|evening|day)|greetings)\b", text):
        return "greeting"
    return "thanks" if re.match(r"(?:thanks|thank you|cheers)\b", text) else None


def tasks_in(question: str) -> Sequence[Task]:
    """Return the tasks of a question in their order, empty when none is understood.

    "and" separates two tasks only when a task stands on both sides, so a note may hold the word.
    """
    text = question.strip()
    for connector in _CONNECTOR.finditer(text):
        first = _single_task(text[: connector.start()])
        rest = tasks_in(text[connector.end() :]) if first else ()
        if first and rest:
            return first, *rest
    task = _single_task(text)
    return (task,) if task else ()


def _single_task(text: str) -> Task | None:
    text = text.strip()
    while (shorter := _POLITE.sub("", text)) != text:
        text = shorter
    readers: tuple[_Reader, ...] = (_rehearse, _notes, _current_time, _count_words, _calculate)
    return next((task for reader in readers if (task := reader(text))), None)


def _rehearse(text: str) -> Task | None:
    said = re.match(
        r"(?:rehearse|run|use|call|try|show|start)\b.*?\b(slow|big|error|failing|blocking)\b",
        text,
        re.IGNORECASE,
    )
    if said is None:
        return None
    kind = said[1].lower()
    args: dict[str, Any] = {"kind": "error" if kind == "failing" else kind}
    if seconds := re.search(r"([\d.]*\d)\s*(?:s|sec|seconds?)\b", text, re.IGNORECASE):
        args["seconds"] = float(seconds[1])
    if megabytes := re.search(r"([\d.]*\d)\s*(?:mb|megabytes?)\b", text, re.IGNORECASE):
        args["megabytes"] = float(megabytes[1])
    return Task(kind="rehearse", args=args)


# "save it as a note", and "save a note" without a text.
_SAVE_RESULT = re.compile(
    r"(?:(?:save|store|make|take|write|add)(?: an?)?(?: new)? note|"
    r"(?:save|store|keep|note|write|add|remember)(?: down)?"
    r" (?:the |that |this )?(?:result|answer|it|that|this|number|time|count))"
    r"(?:\s+(?:down|(?:as|in|to|into)(?: an?| my| the)? notes?))*\s*[.!]?$",
    re.IGNORECASE,
)
_SAVE_TEXT = (
    r"(?:save|add|make|take|write|create|store|keep)(?: down)?(?: me)?(?: an?| this| the| another)?(?: new)?"
    r" note(?: that says| saying| with(?: the)? text| that| to)?\s*[:,-]?\s*(?P<text>.+)",
    r"(?:save|add|write|store|put) (?P<text>.+?) (?:as|to|in|into)(?: an?| my| the)? notes?\s*[.!]?$",
    r"(?:note down|note that|note|remember that|remember to|remember)\s*:?\s+(?P<text>.+)",
    r"note:\s*(?P<text>.+)",
)
_SEARCH = (
    r"(?:search|look|go)(?: in| through)?(?: my| the| all)* notes? (?:for|about) (?P<query>.+)",
    r"(?:find|search for|show|list)(?: me)?(?: my| the| all| any)* notes?"
    r" (?:about|with|containing|for|on|that mention) (?P<query>.+)",
    r"(?:do i have|are there|is there)(?: an?y?)? notes? (?:about|with|on|for|containing) (?P<query>.+)",
    r"(?:which|what) notes? (?:mentions?|contains?|says?|talks? about) (?P<query>.+)",
)
_LIST = (
    r"(?:list|show|read|tell|give|print|display)\b.*\bnotes?\b.*",
    r"(?:what|which)\b.*\bnotes?\b.*",
    r"(?:my|all)(?: my)? notes",
    r"what (?:did|have|has|was|were|is|do)\b.*\b(?:saved?|stored?|noted?|remember(?:ed)?)\b.*",
)


def _notes(text: str) -> Task | None:
    if _SAVE_RESULT.match(text):
        return Task(kind="save_note", takes_result=True)
    if found := _first_match(_SEARCH, text):
        return Task(kind="search_notes", args={"query": _unquoted(found["query"])})
    if found := _first_match(_SAVE_TEXT, text):
        return Task(kind="save_note", args={"text": _unquoted(found["text"])})
    return Task(kind="list_notes") if _first_match(_LIST, text) else None


def _current_time(text: str) -> Task | None:
    if not re.search(r"\b(?:what|tell|current|show)\b.*\b(?:time|date|day)\b", text, re.IGNORECASE):
        return None
    place = re.search(r"\b(?:in|at|for) (?P<place>[A-Za-z][\w /+-]*)", text)
    return Task(kind="current_time", args={"timezone": place["place"].strip() if place else "UTC"})


def _count_words(text: str) -> Task | None:
    said = re.match(
        r"(?:how many (?:words|characters|letters|lines)\b.*?\b(?:in|of|has|does)"
        r"|count (?:the )?(?:words|characters|letters|lines) (?:in|of))\s*:?\s*(?P<text>.+)",
        text,
        re.IGNORECASE | re.DOTALL,
    )
    return Task(kind="count_words", args={"text": _unquoted(said["text"])}) if said else None


_SPOKEN_OPERATORS = (
    (r"\bdivided by\b", "/"),
    (r"\bto the power of\b", "**"),
    (r"\b(?:times|multiplied by)\b", "*"),
    (r"\bplus\b", "+"),
    (r"\bminus\b", "-"),
    (r"\bsquared\b", "**2"),
)
_ARITHMETIC = re.compile(r"[\d\s.,()+\-*/%^×÷·−]*\d[\d\s.,()+\-*/%^×÷·−]*")


def _calculate(text: str) -> Task | None:
    said = re.match(
        r"(?P<asked>calculate|compute|evaluate|work out|what(?:'s|’s| is| are)|how much (?:is|are))?"
        r"\s*:?\s*(?P<rest>.+)",
        text,
        re.IGNORECASE,
    )
    if said is None:
        return None
    expression = said["rest"].strip().rstrip("?=!. ")
    for spoken, sign in _SPOKEN_OPERATORS:
        expression = re.sub(spoken, sign, expression, flags=re.IGNORECASE)
    asked = (said["asked"] or "").lower()
    is_arithmetic = _ARITHMETIC.fullmatch(expression) and re.search(r"[-+*/%^×÷·−]", expression)
    if is_arithmetic or asked in ("calculate", "compute", "evaluate", "work out"):
        return Task(kind="calculate", args={"expression": expression})
    return None


def _first_match(patterns: Sequence[str], text: str) -> re.Match[str] | None:
    found = (re.match(pattern, text, re.IGNORECASE | re.DOTALL) for pattern in patterns)
    return next((match for match in found if match), None)


def _unquoted(text: str) -> str:
    text = text.strip()
    if len(text) > 1 and text[-1] in "?!." and text[-2] in "\"'”’":
        text = text[:-1]
    if len(text) > 1 and text[0] + text[-1] in ('""', "''", "“”", "‘’"):
        return text[1:-1]
    return text.rstrip("?") if not text.startswith(("http:", "https:")) else text
