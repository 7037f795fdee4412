"""Sessions as things a person keeps: found by name, put away, forked, carried elsewhere, thrown away.

Functions on a `HistoryStore`; no agent is needed for any of them. What they do to a session is an event in
its log, numbered under a run id of its own. Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from penguiflow.sessions.shelf.errors import (
        AmbiguousSessionError,
        HistoryFileError,
        NothingToForkError,
        SessionExistsError,
        SessionNameError,
        SessionNotFoundError,
        ShelfError,
    )
    from penguiflow.sessions.shelf.exporting import export_run, export_session
    from penguiflow.sessions.shelf.finding import find_session
    from penguiflow.sessions.shelf.forking import Fork, fork_session
    from penguiflow.sessions.shelf.importing import Imported, import_history
    from penguiflow.sessions.shelf.marking import archive_session, name_session
    from penguiflow.sessions.shelf.past import Past, past_of
    from penguiflow.sessions.shelf.pruning import PrunePlan, PruneRules, plan_to_prune
    from penguiflow.sessions.shelf.removal import remove_session

__all__ = [
    "AmbiguousSessionError",
    "Fork",
    "HistoryFileError",
    "Imported",
    "NothingToForkError",
    "Past",
    "PrunePlan",
    "PruneRules",
    "SessionExistsError",
    "SessionNameError",
    "SessionNotFoundError",
    "ShelfError",
    "archive_session",
    "export_run",
    "export_session",
    "find_session",
    "fork_session",
    "import_history",
    "name_session",
    "past_of",
    "plan_to_prune",
    "remove_session",
]

_MODULES = {
    "errors": (
        "AmbiguousSessionError",
        "HistoryFileError",
        "NothingToForkError",
        "SessionExistsError",
        "SessionNameError",
        "SessionNotFoundError",
        "ShelfError",
    ),
    "exporting": ("export_run", "export_session"),
    "finding": ("find_session",),
    "forking": ("Fork", "fork_session"),
    "importing": ("Imported", "import_history"),
    "marking": ("archive_session", "name_session"),
    "past": ("Past", "past_of"),
    "pruning": ("PrunePlan", "PruneRules", "plan_to_prune"),
    "removal": ("remove_session",),
}
_LAZY = {name: f"{__name__}.{module}" for module, names in _MODULES.items() for name in names}


def __getattr__(name: str) -> object:
    module = _LAZY.get(name)
    if module is None:
        raise AttributeError(f"module `{__name__}` has no attribute `{name}`")
    return getattr(import_module(module), name)
