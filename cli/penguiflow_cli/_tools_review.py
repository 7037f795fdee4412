"""Showing a person how tools changed since they were approved, and asking whether they still may be used."""

from __future__ import annotations

from penguiflow_cli._tools_error import usage_error
from penguiflow_cli._tools_open import OpenServer
from penguiflow_cli._tools_person import Person, agrees


async def review_changes(server: OpenServer, person: Person) -> None:
    """Ask about each changed tool; those that are approved are in the catalog afterwards.

    Raises:
        CommandError: something changed and nobody is there to look at it.
    """
    changes = dict(server.node.changes)
    if changes and not person.is_there:
        names = ", ".join(f"`{change.shown_name}`" for change in changes.values())
        raise usage_error(
            f"changed since they were approved: {names}",
            "run the command on a terminal, where it shows what changed and asks.",
            code="changed_tools",
        )
    approved: list[str] = []
    for name, change in changes.items():
        person.tell(f"{change.shown_name}: {', '.join(change.kinds)} changed")
        for line in change.diff.split("\n"):
            person.tell(f"  {line}")
        for warning in change.warnings:
            person.tell(f"  ! {warning}")
        if await agrees(person, "Use it as it is now?"):
            approved.append(name)
    if approved:
        server.node.approve_changes(approved)
