"""Why connecting failed, in one line a person can act on. Pure: takes what is known, returns the error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from penguiflow.safe_text import safe_line
from penguiflow.tools.adapters import adapt_exception
from penguiflow.tools.errors import ToolAuthError, ToolConnectionError, ToolNodeError

_HINT_LINES = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """What is known about an attempt to connect, or about a connection that ended.

    `target` is the command or URL without secrets, `program` the first word of a command (None for a URL),
    `protocol` what was to be spoken (`MCP`).
    """

    name: str
    target: str
    program: str | None
    protocol: str
    cwd: str | None
    timeout_s: float
    last_lines: Sequence[str] = ()
    exit_code: int | None = None


def explain_failure(attempt: Attempt, error: Exception) -> ToolNodeError:
    """Return the error for a connection that did not come up."""
    if isinstance(error, ToolNodeError) and attempt.exit_code is None:
        return _with_refusal_hint(attempt, error)
    if attempt.exit_code is not None:
        return ToolConnectionError(
            f"the server of `{attempt.name}` {exit_text(attempt.exit_code)} before it answered: "
            f"`{attempt.target}`",
            cause=error,
            hint=_output_hint(attempt) or "run the command in a terminal to see why",
        )
    if isinstance(error, TimeoutError):
        return ToolConnectionError(
            f"`{attempt.name}` did not answer within {attempt.timeout_s:g} s: `{attempt.target}`",
            cause=error,
            hint=_output_hint(attempt) or _silence_hint(attempt),
        )
    if attempt.program is None:
        return _unreachable(attempt, error)
    if isinstance(error, OSError):
        return _not_started(attempt, error)
    return ToolConnectionError(
        f"`{attempt.name}` does not speak {attempt.protocol}: `{attempt.target}` ({_reason(error)})",
        cause=error,
        hint=_output_hint(attempt) or "check that the command starts an MCP server that uses stdio",
    )


def explain_end(attempt: Attempt) -> ToolConnectionError:
    """Return the error for a server that was connected and is gone."""
    how = exit_text(attempt.exit_code) if attempt.exit_code is not None else "is gone"
    hint = _output_hint(attempt) or "the next call connects again"
    return ToolConnectionError(f"the server of `{attempt.name}` {how}: `{attempt.target}`", hint=hint)


def exit_text(exit_code: int) -> str:
    """Return the exit as a verb phrase."""
    return f"was killed by signal {-exit_code}" if exit_code < 0 else f"exited with code {exit_code}"


def _not_started(attempt: Attempt, error: OSError) -> ToolConnectionError:
    if attempt.cwd is not None and error.filename == attempt.cwd:
        return ToolConnectionError(
            f"cannot start `{attempt.name}`: there is no folder `{attempt.cwd}`",
            cause=error,
            hint="correct `cwd` in its configuration",
        )
    if isinstance(error, FileNotFoundError):
        return ToolConnectionError(
            f"cannot start `{attempt.name}`: the command `{attempt.program}` was not found",
            cause=error,
            hint=f"install `{attempt.program}` or write its full path; the command is `{attempt.target}`",
        )
    return ToolConnectionError(
        f"cannot start `{attempt.name}`: `{attempt.program}`: {error.strerror or error}",
        cause=error,
        hint="check that the file is a program that may be executed",
    )


def _unreachable(attempt: Attempt, error: Exception) -> ToolNodeError:
    adapted = adapt_exception(error, attempt.protocol)
    if isinstance(adapted, ToolConnectionError):
        return ToolConnectionError(
            f"cannot reach `{attempt.name}` at `{attempt.target}`: {_reason(error)}",
            cause=error,
            hint="check that the server runs and that host and port are right",
        )
    return ToolConnectionError(
        f"no {attempt.protocol} server for `{attempt.name}` at `{attempt.target}`: {_reason(error)}",
        cause=error,
        hint=_path_hint(attempt),
    )


def _with_refusal_hint(attempt: Attempt, error: ToolNodeError) -> ToolNodeError:
    """Say where an HTTP status came from; errors of our own already do."""
    if error.status_code is None:
        return error
    if isinstance(error, ToolAuthError):
        return ToolAuthError(
            f"`{attempt.name}` refused the connection with status {error.status_code}: `{attempt.target}`",
            status_code=error.status_code,
            cause=error,
            hint="set `auth_type` and `auth_config`, or a header, with a credential that is valid",
        )
    return ToolConnectionError(
        f"`{attempt.name}` answered with status {error.status_code}: `{attempt.target}`",
        status_code=error.status_code,
        cause=error,
        hint=_path_hint(attempt),
    )


def _path_hint(attempt: Attempt) -> str:
    if attempt.protocol != "MCP":
        return "check the path of the URL: it should lead to the document that describes the service"
    return "check the path of the URL; MCP servers often listen at `/mcp`, older ones at `/sse`"


def _silence_hint(attempt: Attempt) -> str:
    kind = "URL" if attempt.program is None else "command"
    return (
        f"check that this {kind} is that of a server which speaks {attempt.protocol}; "
        "a slow one needs a larger `timeout_s`"
    )


def _output_hint(attempt: Attempt) -> str | None:
    shown = attempt.last_lines[-_HINT_LINES:]
    return f"it printed: {' ⏎ '.join(shown)}" if shown else None


def _reason(error: Exception) -> str:
    text = str(error).removeprefix("Client failed to connect: ")
    return safe_line(text or type(error).__name__, max_chars=300)
