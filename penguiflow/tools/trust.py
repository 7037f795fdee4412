"""Servers that a file names are started only after a person saw what would be started.

    files = read_servers(project_root)
    by_trust = sort_by_trust(files.entries, store := TrustStore(config_folder / "trusted_servers.json"))
    for question in by_trust.questions: ...  # show it; then store.trust, store.refuse or store.trust_once

A server is known by the folder of the project, its name and a hash of its definition: when another command,
argument, variable, URL, header or filter stands there, it is asked again. Presets and what a person types are
their own doing and not asked for.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable
from dataclasses import dataclass

from penguiflow.tools._server_files.entries import ServerEntry
from penguiflow.tools._trust.question import TrustQuestion, definition_hash, trust_question
from penguiflow.tools._trust.store import Decision, TrustStore, TrustStoreError

__all__ = [
    "Decision",
    "SortedByTrust",
    "TrustQuestion",
    "TrustStore",
    "TrustStoreError",
    "definition_hash",
    "sort_by_trust",
    "trust_question",
    "untrusted",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class SortedByTrust:
    """What may be done with each entry; those with a problem are in none.

    `disabled` are switched off and were never asked for: ask with `trust_question` before one is switched on.
    """

    trusted: tuple[ServerEntry, ...] = ()
    questions: tuple[TrustQuestion, ...] = ()
    refused: tuple[ServerEntry, ...] = ()
    disabled: tuple[ServerEntry, ...] = ()


def sort_by_trust(entries: Iterable[ServerEntry], store: TrustStore) -> SortedByTrust:
    """Return which servers may be started, have to be asked for, and were refused.

    Raises:
        TrustStoreError: the store cannot be read; none may be started then.
    """
    trusted: list[ServerEntry] = []
    questions: list[TrustQuestion] = []
    refused: list[ServerEntry] = []
    disabled: list[ServerEntry] = []
    for entry in entries:
        if entry.config is None:
            continue
        question = trust_question(entry)
        decision = store.decision(question)
        if decision == "trusted":
            trusted.append(entry)
        elif decision == "refused":
            refused.append(entry)
        elif not entry.config.enabled:
            disabled.append(entry)
        else:
            changed = store.knows_another_definition(question)
            questions.append(dataclasses.replace(question, changed=changed))
    return SortedByTrust(
        trusted=tuple(trusted), questions=tuple(questions), refused=tuple(refused), disabled=tuple(disabled)
    )


def untrusted(entries: Iterable[ServerEntry], store: TrustStore) -> list[TrustQuestion]:
    """Return what has to be asked; raises as `sort_by_trust`."""
    return list(sort_by_trust(entries, store).questions)
