"""The errors a `penguiflow tools` command ends with, made from those of the library."""

from __future__ import annotations

from penguiflow.tools.errors import ToolAuthError, ToolConnectionError, ToolNodeError, ToolTimeoutError
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_exit import ToolsExit, process_code

_CODES = {
    ToolsExit.USAGE: "usage",
    ToolsExit.UNREACHABLE: "unreachable",
    ToolsExit.NEEDS_AUTH: "needs_auth",
    ToolsExit.TOOL_ERROR: "tool_error",
}

_HINTS = {
    ToolsExit.UNREACHABLE: "`penguiflow tools doctor` looks for the cause.",
    ToolsExit.TOOL_ERROR: "`penguiflow tools connect ... --discover` shows what each tool takes.",
}


def tools_error(
    message: str, exit_code: ToolsExit, *, hint: str | None = None, code: str | None = None
) -> CommandError:
    """Return the error that ends a command; without `code` the name of the exit code is used."""
    return CommandError(
        message,
        exit_code=process_code(exit_code),
        hint=hint,
        code=code or _CODES.get(exit_code, "failed"),
    )


def usage_error(message: str, hint: str, *, code: str | None = None) -> CommandError:
    """Return the error for what the person typed or has to decide."""
    return tools_error(message, ToolsExit.USAGE, hint=hint, code=code)


def exit_of(error: ToolNodeError, *, connecting: bool) -> ToolsExit:
    """Return what a failure says to a script; while `connecting`, whatever is not about sign-in is "not
    reached"."""
    if isinstance(error, ToolAuthError):
        return ToolsExit.NEEDS_AUTH
    if connecting or isinstance(error, ToolConnectionError | ToolTimeoutError):
        return ToolsExit.UNREACHABLE
    return ToolsExit.TOOL_ERROR


def error_of(error: ToolNodeError, *, connecting: bool, sign_in: str | None = None) -> CommandError:
    """Translate a failure of a server; `sign_in` is the command that helps when a person has to sign in."""
    exit_code = exit_of(error, connecting=connecting)
    hint = error.hint
    # What the library says about a refusal is for programmers; about a missing variable, for everyone.
    if exit_code is ToolsExit.NEEDS_AUTH and (hint is None or error.status_code is not None):
        hint = sign_in or hint
    return tools_error(error.message, exit_code, hint=hint or _HINTS.get(exit_code))
