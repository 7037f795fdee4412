"""What can be wrong with one tool server, and what to do about it. No connection is made here."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow.safe_text import safe_line
from penguiflow.tools._connecting.environment import expand
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.errors import ToolAuthError
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_exit import ToolsExit

_INSTALL: Mapping[str, str] = {
    "npx": "install Node.js, which brings npx",
    "node": "install Node.js",
    "uvx": "install uv, which brings uvx",
    "uv": "install uv",
    "bunx": "install Bun",
    "deno": "install Deno",
    "docker": "install Docker, or start it",
}
_STATES: Mapping[str, str] = {
    "not_trusted": "not trusted",
    "needs_auth": "needs auth",
    "disabled": "disabled",
    "bad_server_file": "broken",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """One thing that is wrong. `exit_code` is OK for what is only worth knowing."""

    message: str
    fix: str
    exit_code: ToolsExit = ToolsExit.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What was found out about one server."""

    name: str
    state: str
    tool_count: int | None = None
    latency_ms: float | None = None
    protocol: str | None = None
    server: str | None = None
    problems: Sequence[Problem] = ()


def problems_before(config: ExternalToolConfig, environment: Mapping[str, str]) -> list[Problem]:
    """Return what would keep the server from being reached: variables that are not set, no program."""
    problems = _missing_variables(config, environment)
    missing = None if config.is_url or problems else _missing_program(config, environment)
    return [*problems, missing] if missing is not None else problems


def finding_of_error(name: str, error: CommandError) -> Finding:
    """Return what the failure to open a server says about it."""
    state = _STATES.get(error.code, "failed")
    if state == "disabled":
        return Finding(name=name, state=state)
    problem = Problem(
        message=error.message,
        fix=_fix(name, error),
        exit_code=ToolsExit(error.exit_code.value),
    )
    return Finding(name=name, state=state, problems=(problem,))


def unusable_schemas(offered: Mapping[str, object], used: Mapping[str, object]) -> list[Problem]:
    """Return the tools whose arguments nobody can check, because their schema is too large or no schema."""
    return [
        Problem(
            message=f"the schema of `{safe_line(name)}` cannot be used: its arguments are not checked",
            fix="ask the author of the server for a smaller JSON schema, or leave it out with `tool_filter`",
        )
        for name, schema in used.items()
        if name in offered and schema != offered[name]
    ]


def _missing_variables(config: ExternalToolConfig, environment: Mapping[str, str]) -> list[Problem]:
    texts = (
        config.connection,
        *config.env.values(),
        *config.headers.values(),
        *config.auth_config.values(),
    )
    found: dict[str, Problem] = {}
    for text in texts:
        try:
            expand(text, environment, owner=config.name)
        except ToolAuthError as error:
            fix = error.hint or "set it and try again"
            found[error.message] = Problem(message=error.message, fix=fix, exit_code=ToolsExit.NEEDS_AUTH)
    return list(found.values())


def _missing_program(config: ExternalToolConfig, environment: Mapping[str, str]) -> Problem | None:
    try:
        words = shlex.split(config.connection)
    except ValueError:
        return None  # connecting says what is wrong with it
    if not words:
        return None
    program = expand(words[0], environment, owner=config.name)
    if _is_there(program, config.cwd, environment):
        return None
    return Problem(
        message=f"the program `{safe_line(program, max_chars=120)}` was not found",
        fix=_INSTALL.get(Path(program).name, "install it, or correct the command of the server"),
        exit_code=ToolsExit.UNREACHABLE,
    )


def _is_there(program: str, cwd: str | None, environment: Mapping[str, str]) -> bool:
    if os.sep in program:
        path = Path(cwd or ".", program)
        return path.is_file() and os.access(path, os.X_OK)
    return shutil.which(program, path=environment.get("PATH")) is not None


def _fix(name: str, error: CommandError) -> str:
    if error.code == "not_trusted":
        return f"penguiflow tools connect {shlex.quote(name)} --discover, which shows it and asks"
    return error.hint or "penguiflow tools connect shows more"
