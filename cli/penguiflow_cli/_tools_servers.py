"""The servers a command knows by name, and the one that a person means."""

from __future__ import annotations

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from penguiflow.redaction import remember_credentials, remember_secret
from penguiflow.safe_text import safe_line
from penguiflow.tools.config import AuthType, ExternalToolConfig
from penguiflow.tools.presets import POPULAR_MCP_SERVERS
from penguiflow.tools.project import FileProblem, ServerEntry, ServerFiles, read_servers
from penguiflow.tools.target import config_for_target
from penguiflow_cli._errors import CommandError
from penguiflow_cli._tools_error import usage_error
from penguiflow_cli._tools_values import closest


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """The options by which a command names a server and says how to reach it, as they were given.

    Without `timeout_s` the server's own counts.
    """

    target: str
    transport: str | None = None
    timeout_s: float | None = None
    env: Sequence[str] = ()
    headers: Sequence[str] = ()
    token_env: str | None = None
    mcp_config: Sequence[Path] = ()
    trust: bool = False
    user: str
    project_root: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class ChosenServer:
    """The server that is meant; `entry` when a file names it, whose author may be somebody else."""

    config: ExternalToolConfig
    entry: ServerEntry | None = None
    is_preset: bool = False


def servers_of_files(project_root: Path, mcp_config: Sequence[Path]) -> ServerFiles:
    """Return what the files of the project and those given name; the later replaces the earlier."""
    return read_servers(project_root, mcp_config)


def choose_server(options: ServerOptions) -> ChosenServer:
    """Return the server that the options mean.

    Raises:
        CommandError: they mean none, or cannot be understood.
    """
    variables = read_variables(options.env)
    headers = read_headers(options.headers)
    files = servers_of_files(options.project_root, options.mcp_config)
    entry = next((entry for entry in files.entries if entry.name == options.target), None)
    if entry is not None and entry.problem is not None:
        raise broken_entry(entry)
    if entry is None and files.problems and _is_bare_name(options.target):
        raise broken_file(files.problems[0])
    config = _config(options, files)
    config = _with(config, options, variables=variables, headers=headers)
    return ChosenServer(
        config=config, entry=entry, is_preset=entry is None and options.target in POPULAR_MCP_SERVERS
    )


def read_variables(given: Sequence[str]) -> Mapping[str, str]:
    """Read `KEY=VALUE` words.

    Raises:
        CommandError: a word is not of this form.
    """
    variables: dict[str, str] = {}
    for word in given:
        name, equals, value = word.partition("=")
        if not equals:
            # The word may be the value itself, a secret: it is not repeated whole.
            raise _bad_variable(f"Invalid env override `{word[:12]}`. Expected KEY=VALUE.")
        if not name.strip():
            raise _bad_variable("Invalid env override: KEY cannot be empty.")
        variables[name.strip()] = value
    remember_credentials(variables)
    return variables


def read_headers(given: Sequence[str]) -> Mapping[str, str]:
    """Read `Name: value` words, as curl takes them.

    Raises:
        CommandError: a word is not of this form.
    """
    headers: dict[str, str] = {}
    for word in given:
        name, colon, value = word.partition(":")
        if not colon or not name.strip():
            raise usage_error(
                f"Invalid header `{word[:12]}`. Expected NAME: VALUE.", "for example --header 'X-Team: birds'"
            )
        headers[name.strip()] = value.strip()
        if "${" not in value:
            remember_secret(value.strip())
    return headers


def broken_entry(entry: ServerEntry) -> CommandError:
    """Return the error for a server whose description in a file is wrong."""
    problem = entry.problem or f"`{entry.source}` cannot be used"
    return usage_error(problem, "correct the file and try again.", code="bad_server_file")


def broken_file(problem: FileProblem) -> CommandError:
    """Return the error for a file that is no list of servers."""
    return usage_error(problem.message, "correct the file and try again.", code="bad_server_file")


def name_meant(target: str, configured: Sequence[str]) -> str | None:
    """Return the known name that a word without a program of that name was probably meant to be."""
    if not _is_bare_name(target) or shutil.which(target) is not None:
        return None
    return closest(target, [*configured, *POPULAR_MCP_SERVERS])


def _config(options: ServerOptions, files: ServerFiles) -> ExternalToolConfig:
    try:
        config = config_for_target(
            options.target,
            configured=files.configs,
            timeout_s=options.timeout_s,
            cwd=str(options.project_root),
        )
        if options.transport is None:
            return config
        return ExternalToolConfig.model_validate({**config.model_dump(), "transport": options.transport})
    except ValueError as exc:
        raise usage_error(
            f"`{safe_line(options.target, max_chars=200)}` names no server: {exc}",
            "`penguiflow tools list` shows the names; a command or a URL works as well.",
        ) from exc


def _with(
    config: ExternalToolConfig,
    options: ServerOptions,
    *,
    variables: Mapping[str, str],
    headers: Mapping[str, str],
) -> ExternalToolConfig:
    """Return the config with what was given besides: variables, headers, and the token in a variable."""
    if headers and not config.is_url:
        raise usage_error(
            f"`{config.name}` is a command, which is sent no headers",
            "give its token with --env or --token-env",
        )
    changed: dict[str, object] = {
        "env": {**config.env, **variables},
        "headers": {**config.headers, **headers},
    }
    token_env = options.token_env
    if token_env is not None:
        if not os.environ.get(token_env):
            raise usage_error(
                f"environment variable `{safe_line(token_env)}` of --token-env is not set",
                f"export {safe_line(token_env)}=... and try again",
            )
        remember_secret(os.environ[token_env])
        reference = f"${{{token_env}}}"
        if config.is_url:
            changed |= {"auth_type": AuthType.BEARER, "auth_config": {"token": reference}}
        else:
            expected = config.auth_config.get("token_env", token_env)
            changed["env"] = {**config.env, **variables, expected: reference}
    names_no_variable = not config.is_url and "token_env" not in config.auth_config
    if names_no_variable and config.auth_type is AuthType.OAUTH2_USER and (token_env or variables):
        # Whoever gives variables knows in which the server reads its token.
        changed |= {"auth_type": AuthType.NONE}
    return config.model_copy(update=changed)


def _is_bare_name(target: str) -> bool:
    try:
        words = shlex.split(target)
    except ValueError:
        return False
    return len(words) == 1 and "/" not in target and "\\" not in target and target not in POPULAR_MCP_SERVERS


def _bad_variable(message: str) -> CommandError:
    return usage_error(message, "for example --env API_URL=http://127.0.0.1:8000")
