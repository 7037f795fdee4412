"""What a person decided about the servers of projects, in a file only they can read."""

from __future__ import annotations

import json
import os
import stat
import threading
from pathlib import Path
from typing import Literal, TypeAlias

from pydantic import BaseModel, ConfigDict, ValidationError

from penguiflow.safe_text import safe_line
from penguiflow.tools._server_files.whole_file import read_small, write_private
from penguiflow.tools._trust.question import TrustQuestion
from penguiflow.tools.errors import ErrorCategory, ToolNodeError

Decision: TypeAlias = Literal["trusted", "refused"]

_MAX_BYTES = 10_000_000


class TrustStoreError(ToolNodeError):
    """The file of decisions cannot be read or written; no server counts as trusted."""


class _Decided(BaseModel):
    model_config = ConfigDict(extra="forbid")

    definition: str
    decision: Decision


class _File(BaseModel):
    """Folder of a project -> name of a server -> what was decided last."""

    model_config = ConfigDict(extra="forbid")

    version: Literal[1] = 1
    projects: dict[str, dict[str, _Decided]] = {}


class TrustStore:
    """The decisions of one person. Usable from any thread.

    The file is read at each question, so that a decision made elsewhere counts at once; of two programs that
    decide in the same moment one may have to ask again.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._once: set[tuple[str, str, str]] = set()
        self._lock = threading.Lock()

    def decision(self, question: TrustQuestion) -> Decision | None:
        """Return what was decided about exactly this definition; None if it has to be asked.

        Raises:
            TrustStoreError: the file is damaged, or others may write it.
        """
        if (*_key(question), question.definition) in self._once:
            return "trusted"
        decided = self._decided(question)
        return decided.decision if decided is not None and decided.definition == question.definition else None

    def knows_another_definition(self, question: TrustQuestion) -> bool:
        """Whether a decision was made about this server when it was defined differently.

        Raises:
            TrustStoreError: as `decision`.
        """
        decided = self._decided(question)
        return decided is not None and decided.definition != question.definition

    def trust(self, question: TrustQuestion) -> None:
        """Remember that this definition may be started.

        Raises:
            TrustStoreError: the file is damaged or cannot be written.
        """
        self._remember(question, "trusted")

    def refuse(self, question: TrustQuestion) -> None:
        """Remember that this definition is not to be started, nor asked for again; raises as `trust`."""
        self._once.discard((*_key(question), question.definition))
        self._remember(question, "refused")

    def trust_once(self, question: TrustQuestion) -> None:
        """Let this definition start as long as this object lives; nothing is written."""
        self._once.add((*_key(question), question.definition))

    def forget(self, question: TrustQuestion) -> None:
        """Ask for this server again; raises as `trust`."""
        self._once.discard((*_key(question), question.definition))
        self._remember(question, None)

    def _decided(self, question: TrustQuestion) -> _Decided | None:
        project, name = _key(question)
        return self._read().projects.get(project, {}).get(name)

    def _remember(self, question: TrustQuestion, decision: Decision | None) -> None:
        project, name = _key(question)
        with self._lock:
            file = self._read()
            servers = file.projects.setdefault(project, {})
            servers.pop(name, None)
            if decision is not None:
                servers[name] = _Decided(definition=question.definition, decision=decision)
            try:
                write_private(self._path, json.dumps(file.model_dump(), indent=1) + "\n")
            except OSError as error:
                raise self._error(
                    f"cannot be written: {error.strerror or error}", "make its folder writable"
                ) from error

    def _read(self) -> _File:
        try:
            if os.name == "posix" and self._path.stat().st_mode & (stat.S_IWGRP | stat.S_IWOTH):
                raise self._error("may be written by others", f"chmod 600 {self._path}, after a look into it")
            return _File.model_validate_json(read_small(self._path, max_bytes=_MAX_BYTES))
        except FileNotFoundError:
            return _File()
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            raise self._damaged(first["msg"]) from None
        except (OSError, ValueError, RecursionError) as error:
            raise self._damaged(str(error)) from error

    def _damaged(self, what: str) -> TrustStoreError:
        return self._error(f"is damaged: {what}", "remove the file to be asked for each server again")

    def _error(self, what: str, hint: str) -> TrustStoreError:
        return TrustStoreError(
            safe_line(f"the list of trusted servers `{self._path}` {what}", max_chars=500),
            category=ErrorCategory.UNKNOWN,
            hint=hint,
        )


def _key(question: TrustQuestion) -> tuple[str, str]:
    return str(question.project_root.resolve()), question.name
