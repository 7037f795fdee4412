"""What a person has to see before a server is started: exactly what would run, and what it is given."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content

from penguiflow.safe_text import safe_line
from penguiflow_tui.ports import ServerQuestion
from penguiflow_tui.tones import MUTED

_LABEL_CELLS = 11
_MAX_WORDS = 1_000


def trust_head(question: ServerQuestion) -> Content:
    """Return who asks, and where it stands."""
    verb = " changed since you allowed it." if question.changed else " was never started here."
    return Content.assemble(
        (safe_line(question.name, max_chars=60), "bold $accent"),
        (verb, "bold $text-warning" if question.changed else ""),
        (f"\nnamed in {safe_line(str(question.source), max_chars=300)}", MUTED),
    )


def trust_facts(question: ServerQuestion) -> Content:
    """Return the whole command or URL, a word of it in each line, and the names of what it is given."""
    lines = [Content.styled(f"⚠ {warning}", "bold $text-error") for warning in question.warnings]
    if question.url is not None:
        lines.append(_fact("URL", question.url))
    for place, word in enumerate(question.argv[:_MAX_WORDS]):
        lines.append(_fact("Runs" if place == 0 else "", word))
    if len(question.argv) > _MAX_WORDS:
        more = len(question.argv) - _MAX_WORDS
        lines.append(_fact("", f"… and {more} more words: look into the file"))
    facts: Sequence[tuple[str, Sequence[str]]] = (
        ("In", [question.cwd] if question.cwd else []),
        ("Sets", question.env_names),
        ("Reads yours", question.variables),
        ("Headers", question.header_names),
        ("Signs in", [] if question.auth == "none" else [question.auth]),
    )
    lines += [_fact(label, ", ".join(map(safe_line, texts))) for label, texts in facts if texts]
    return Content("\n").join(lines)


def _fact(label: str, text: str) -> Content:
    return Content.assemble((f"{label:<{_LABEL_CELLS}}  ", MUTED), (text, "bold" if label == "Runs" else ""))
