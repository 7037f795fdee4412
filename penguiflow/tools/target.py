"""What a person types to name a tool server: a configured server, a preset, a URL or a command line."""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import PurePath
from urllib.parse import urlsplit

from penguiflow.tools._connecting.secrets import remember_secrets_of
from penguiflow.tools.config import ExternalToolConfig, TransportType
from penguiflow.tools.presets import POPULAR_MCP_SERVERS

__all__ = ["config_for_target"]

_URL = re.compile(r"[a-z][a-z0-9+.-]*://", re.IGNORECASE)
_NOT_IN_A_NAME = re.compile(r"[^a-z0-9]+")
_RUNNER = re.compile(r"python[0-9.]*|py|node|npx|bunx?|deno|uvx?|pipx")
_RUNNER_COMMANDS = frozenset({"run", "exec", "x"})
_FALLBACK_NAME = "server"


def config_for_target(
    target: str,
    *,
    configured: Sequence[ExternalToolConfig] = (),
    timeout_s: float | None = None,
    cwd: str | None = None,
) -> ExternalToolConfig:
    """Return the config that `target` means.

    The exact name of a server in `configured` comes first, then that of a preset, then a URL; anything else
    is a command line. `cwd` is for a command typed here; `timeout_s` replaces the
    one of a server or preset too.

    Raises:
        ValueError: `target` is empty, or no command line that can be split.
    """
    named = {**POPULAR_MCP_SERVERS, **{config.name: config for config in configured}}.get(target)
    config = named if named is not None else _typed_config(target, cwd)
    remember_secrets_of(config)
    if timeout_s is None:
        return config
    return ExternalToolConfig.model_validate({**config.model_dump(), "timeout_s": timeout_s})


def _typed_config(target: str, cwd: str | None) -> ExternalToolConfig:
    if not target.strip():
        raise ValueError("name a server, a preset, a URL or a command")
    if _URL.match(target):
        name = _name_of_url(target)
        return ExternalToolConfig(name=name, transport=TransportType.MCP, connection=target)
    words = shlex.split(target)
    return ExternalToolConfig(
        name=_name_of_command(words), transport=TransportType.MCP, connection=target, cwd=cwd
    )


def _name_of_url(url: str) -> str:
    """Return the host without `mcp.`, `www.` and the top level: `https://mcp.linear.app/sse` is `linear`."""
    host = urlsplit(url).hostname or ""
    labels = [label for label in host.split(".") if label not in ("mcp", "www", "api")]
    return _as_name(labels[0] if labels and not host.replace(".", "").isdigit() else "")


def _name_of_command(words: Sequence[str]) -> str:
    """Return the name of the program, or of the script, package or module that a runner runs."""
    program = PurePath(words[0]).stem
    if not _RUNNER.fullmatch(program):
        return _as_name(program)
    for index, word in enumerate(words[1:], start=1):
        if word == "-m" and index + 1 < len(words):
            return _as_name(words[index + 1].rpartition(".")[2])
        if not word.startswith("-") and word not in _RUNNER_COMMANDS:
            return _as_name(PurePath(word).stem)
    return _as_name(program)


def _as_name(text: str) -> str:
    return _NOT_IN_A_NAME.sub("_", text.lower()).strip("_") or _FALLBACK_NAME
