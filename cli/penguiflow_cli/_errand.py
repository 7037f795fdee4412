"""What `penguiflow run` was sent to do, read from its options."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

from penguiflow.planner.approvals import Decision, DecisionError, Respond, parse_decision
from penguiflow.state.events import PersonAsked
from penguiflow_cli._errors import CommandError
from penguiflow_cli.exit_codes import ExitCode


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """The options of `penguiflow run`, as they were given."""

    question: str | None = None
    resume: str | None = None
    reply: str | None = None
    recover: str | None = None
    json_lines: bool = False
    agent: str | None = None
    model: str | None = None
    session_id: str | None = None
    mcp_config: Sequence[Path] = ()
    project_servers: bool = False
    trust: bool = False
    project_root: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """Ask the agent, in the session given or a new one."""

    text: str
    session_id: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """Go on with the run that waits under the token."""

    token: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Recovery:
    """Go on with the run that broke off after its question was answered."""

    token: str


Errand: TypeAlias = Question | Reply | Recovery


def read_errand(options: RunOptions) -> Errand:
    """Tell what is to be done.

    Raises:
        CommandError: there is nothing to do, or two things at once.
    """
    if options.recover is not None:
        if (options.question, options.resume, options.reply) != (None, None, None):
            raise _usage("`--recover` goes alone", "the answer that was given before counts again.")
        return Recovery(token=options.recover)
    if options.resume is None:
        if options.reply is not None:
            raise _usage("`--input` needs `--resume TOKEN`", "a paused run prints its token.")
        if options.question is None or not options.question.strip():
            raise _usage("no question was asked", 'penguiflow run "What can you do?"')
        return Question(text=options.question, session_id=options.session_id)
    if options.question is not None:
        raise _usage("a question and `--resume` do not go together", "answer with `--input TEXT`.")
    if options.reply is None:
        raise _usage("`--resume` needs `--input TEXT`", "--input approve, or --input 'reject: REASON'")
    return Reply(token=options.resume, text=options.reply)


def read_decision(text: str, request: PersonAsked) -> Decision:
    """Read the reply to a request: a decision about a tool call, or the answer to a question as it stands.

    Raises:
        CommandError: the text is no decision.
    """
    if request.call is None:
        return Respond(text)
    try:
        return parse_decision(text)
    except DecisionError as exc:
        raise bad_decision(exc) from exc


def bad_decision(error: DecisionError) -> CommandError:
    """Translate a decision that does not fit the request; the run still waits."""
    return CommandError(
        str(error),
        exit_code=ExitCode.USAGE,
        code="bad_decision",
        hint="the run still waits under the same token.",
    )


def options_to_repeat(options: RunOptions, started_in: Path) -> Sequence[str]:
    """Return the words that a command needs again to reach the same agent and history."""
    words: list[str] = []
    if options.agent is not None:
        words += ["--agent", options.agent]
    if options.model is not None:
        words += ["--model", options.model]
    for path in options.mcp_config:
        words += ["--mcp-config", str(path)]
    if options.project_servers:
        words += ["--project-servers"]
    if options.project_root != started_in:
        words += ["--project-root", str(options.project_root)]
    return words


def _usage(message: str, hint: str) -> CommandError:
    return CommandError(message, exit_code=ExitCode.USAGE, hint=hint)
