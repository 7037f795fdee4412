"""Asking a person before a server that a file names is started for the first time."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

from penguiflow.safe_text import SafeText
from penguiflow.tools.project import ServerEntry
from penguiflow.tools.trust import TrustQuestion, TrustStore, trust_question
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_error import usage_error
from penguiflow_cli._tools_person import Person


async def make_trusted(entry: ServerEntry, store: TrustStore, person: Person, *, trust: bool) -> None:
    """Return when the server may be started; `trust` says so without a question.

    Raises:
        CommandError: it may not, or nobody is there to say so.
        TrustStoreError: what was decided cannot be read or kept.
    """
    question = trust_question(entry)
    if store.decision(question) == "trusted":
        return
    question = dataclasses.replace(question, changed=store.knows_another_definition(question))
    if trust:
        store.trust(question)
        return
    if not person.is_there:
        raise _nobody(question)
    for line in question_lines(question):
        person.tell(line)
    answer = await person.ask("Start it? y: always, o: only now, n: never, Enter: not now  ")
    match (answer or "").strip().lower():
        case "y" | "yes":
            store.trust(question)
        case "o" | "once":
            store.trust_once(question)
        case "n" | "no" | "never":
            store.refuse(question)
            raise _not_started(
                question, "it is not asked for again until its definition changes; --trust allows it."
            )
        case _:
            raise _not_started(question, "nothing was started and nothing was decided.")


def question_lines(question: TrustQuestion) -> list[str]:
    """Return what a person has to see before saying yes: exactly what would run, and with what."""
    verb = "changed since you allowed it" if question.changed else "was never started here"
    lines = [f"`{question.name}` of {question.source} {verb}."]
    if question.url is not None:
        lines.append(f"  URL        {question.url}")
    lines += [
        f"  {'Program' if place == 0 else f'argument {place}':<10} {word}"
        for place, word in enumerate(question.argv)
    ]
    facts: Sequence[tuple[str, str]] = (
        ("Folder", question.cwd or ""),
        ("Variables", _names(question.env_names)),
        ("It reads", ", ".join(question.variables)),
        ("Headers", _names(question.header_names)),
        ("Sign-in", "" if question.auth == "none" else question.auth),
    )
    lines += [f"  {label:<10} {text}" for label, text in facts if text]
    lines += [f"  ! {warning}" for warning in question.warnings]
    return lines


def _names(names: Sequence[SafeText]) -> str:
    return ", ".join(names)


def _nobody(question: TrustQuestion) -> CommandError:
    what = str(question.url or question.command_line)
    changed = "was changed since it was allowed" if question.changed else "was not allowed to start yet"
    return usage_error(
        f"`{question.name}` of `{question.source}` {changed}: {what}",
        "look at it, then add --trust, or run the command on a terminal, where it asks.",
        code="not_trusted",
    )


def _not_started(question: TrustQuestion, hint: str) -> CommandError:
    return usage_error(f"`{question.name}` was not started", hint, code="not_trusted")
