"""How each client writes a server, as the keys that `mcpServers` files of this project have. Pure.

A translation drops what is no part of the connection (window settings, lists of tools a client may call
without asking) and turns references into `${VAR}`. What cannot be carried over is said in a note.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from pydantic import JsonValue

from penguiflow.tools._other_clients.places import ClientName

Definition = dict[str, JsonValue]

_MCP_KEYS = ("command", "args", "env", "cwd", "url", "headers", "type")
_LEAST_TIMEOUT_S, _MOST_TIMEOUT_S = 1.0, 300.0
_DOLLAR_NAME = re.compile(r"(?<!\$)\$([A-Za-z_][A-Za-z0-9_]*)")
_BRACED = re.compile(r"\$?\{(env|input|file|workspaceFolder|workspaceRoot|userHome)(?::([^}]*))?\}")
_NOT_IN_A_VARIABLE = re.compile(r"[^A-Za-z0-9]+")


@dataclass(slots=True)
class Translated:
    """A server in our keys; `notes` say what could not be taken over."""

    definition: Definition = field(repr=False)
    notes: list[str] = field(default_factory=list[str])


def translated(client: ClientName, value: Mapping[str, JsonValue]) -> Translated:
    """Return a server of a client in the keys of this project."""
    result = _DIALECTS.get(client, _plain)(value)
    for key in ("command", "args", "env", "cwd", "url", "headers"):
        if key in result.definition:
            result.definition[key] = _with_references(result.definition[key], result.notes)
    return result


def variable_name(*words: str) -> str:
    """Return a name for an environment variable: `perplexity-key` is `PERPLEXITY_KEY`."""
    name = "_".join(filter(None, (_NOT_IN_A_VARIABLE.sub("_", word).strip("_") for word in words))).upper()
    return f"_{name}" if name[:1].isdigit() else name or "VALUE"


def _plain(value: Mapping[str, JsonValue]) -> Translated:
    """Claude Desktop, Claude Code, Cursor, VS Code, Windsurf, Cline: the common keys."""
    definition: Definition = {key: value[key] for key in _MCP_KEYS if value.get(key) is not None}
    if "url" not in definition and isinstance(value.get("serverUrl"), str):  # Windsurf
        definition["url"] = value["serverUrl"]
    if value.get("disabled") is True:
        definition["disabled"] = True
    result = Translated(definition=definition)
    for key in ("envFile", "headersHelper"):
        if key in value:
            result.notes.append(f"`{key}` is not taken over: name the variables in `env`")
    if "oauth" in value:
        result.notes.append("its sign-in is not taken over: sign in again")
    return result


def _cline(value: Mapping[str, JsonValue]) -> Translated:
    result = _plain(value)
    _set_timeout(result.definition, value.get("timeout"), unit_s=1.0)
    return result


def _gemini(value: Mapping[str, JsonValue]) -> Translated:
    """`httpUrl` is streamable HTTP, `url` the older protocol; `$VAR` is a reference too."""
    result = _plain({key: _braced_names(item) for key, item in value.items()})
    if isinstance(value.get("httpUrl"), str):
        result.definition |= {"url": _braced_names(value["httpUrl"]), "type": "http"}
    elif "url" in result.definition:
        result.definition.setdefault("type", "sse")
    _set_timeout(result.definition, value.get("timeout"), unit_s=0.001)
    _set_tools(result.definition, value.get("includeTools"), value.get("excludeTools"))
    return result


def _codex(value: Mapping[str, JsonValue]) -> Translated:
    definition: Definition = {key: value[key] for key in ("command", "args", "cwd", "url") if key in value}
    headers = dict(_object(value.get("http_headers")))
    env = dict(_object(value.get("env")))
    for name in _texts(value.get("env_vars")):
        env.setdefault(name, f"${{{name}}}")
    for header, variable in _object(value.get("env_http_headers")).items():
        headers[header] = f"${{{variable}}}"
    if isinstance(token := value.get("bearer_token_env_var"), str):
        headers["Authorization"] = f"Bearer ${{{token}}}"
    if isinstance(token := value.get("bearer_token"), str):
        headers["Authorization"] = f"Bearer {token}"
    definition |= {key: part for key, part in (("env", env), ("headers", headers)) if part}
    if value.get("enabled") is False:
        definition["disabled"] = True
    _set_timeout(definition, value.get("tool_timeout_sec"), unit_s=1.0)
    _set_tools(definition, value.get("enabled_tools"), value.get("disabled_tools"))
    return Translated(definition=definition)


def _zed(value: Mapping[str, JsonValue]) -> Translated:
    """`command` is a text, or an object with `path`, `args` and `env` as it was once."""
    command = value.get("command")
    if isinstance(command, dict):
        value = {**value, **{key: command[key] for key in ("args", "env") if key in command}}
        value["command"] = command.get("path")
    result = _plain(value)
    result.definition.pop("type", None)
    if value.get("enabled") is False:
        result.definition["disabled"] = True
    if "command" not in result.definition and "url" not in result.definition:
        result.notes.append("it comes from an extension of Zed, which says how it is started")
    return result


def _opencode(value: Mapping[str, JsonValue]) -> Translated:
    """`command` holds the arguments too, `environment` is `env`, `{env:VAR}` a reference."""
    definition: Definition = {}
    match value.get("command"):
        case [command, *arguments]:
            definition["command"] = command
            if arguments:
                definition["args"] = arguments
        case None:
            pass
        case command:
            definition["command"] = command
    for theirs, ours in (("environment", "env"), ("url", "url"), ("headers", "headers"), ("cwd", "cwd")):
        if value.get(theirs) is not None:
            definition[ours] = value[theirs]
    if value.get("enabled") is False:
        definition["disabled"] = True
    _set_timeout(definition, value.get("timeout"), unit_s=0.001)
    return Translated(definition=definition)


_DIALECTS: Mapping[ClientName, Callable[[Mapping[str, JsonValue]], Translated]] = {
    "cline": _cline,
    "codex": _codex,
    "gemini": _gemini,
    "opencode": _opencode,
    "zed": _zed,
}


def _set_timeout(definition: Definition, value: JsonValue, *, unit_s: float) -> None:
    if isinstance(value, int | float) and not isinstance(value, bool) and value > 0:
        most = _MOST_TIMEOUT_S / unit_s  # compared before it is multiplied: a number may have any size
        definition["timeout_s"] = max(min(value, most) * unit_s, _LEAST_TIMEOUT_S)


def _set_tools(definition: Definition, included: JsonValue, excluded: JsonValue) -> None:
    """Write lists of names as the regular expression they are here."""
    names = [re.escape(name.partition("(")[0]) for name in _texts(included)]
    out = "|".join(re.escape(name) for name in _texts(excluded))
    without = f"(?!(?:{out})$)" if out else ""
    if names:
        definition["tool_filter"] = [f"{without}{name}$" for name in names]
    elif without:
        definition["tool_filter"] = [without]


def _with_references(value: JsonValue, notes: list[str]) -> JsonValue:
    if isinstance(value, str):
        return _BRACED.sub(lambda found: _reference(found, notes), value)
    if isinstance(value, list):
        return [_with_references(item, notes) for item in value]
    if isinstance(value, dict):
        return {key: _with_references(item, notes) for key, item in value.items()}
    return value


def _reference(found: re.Match[str], notes: list[str]) -> str:
    """Return what a reference of a client is here; a folder of the project is where commands run."""
    kind, name = found.group(1), found.group(2) or ""
    match kind:
        case "env":
            variable, colon, default = name.partition(":-")
            return f"${{{variable}{colon}{default}}}"
        case "input":
            return f"${{{variable_name(name)}}}"
        case "userHome":
            return "${HOME}"
        case "workspaceFolder" | "workspaceRoot" if not name:
            return "."
        case _:
            notes.append(f"`{found.group()}` means nothing here: write the value or a variable instead")
            return found.group()


def _braced_names(value: JsonValue) -> JsonValue:
    """Write `$VAR` as `${VAR}`."""
    if isinstance(value, str):
        return _DOLLAR_NAME.sub(r"${\1}", value)
    if isinstance(value, list):
        return [_braced_names(item) for item in value]
    if isinstance(value, dict):
        return {key: _braced_names(item) for key, item in value.items()}
    return value


def _object(value: JsonValue) -> Mapping[str, JsonValue]:
    return value if isinstance(value, dict) else {}


def _texts(value: JsonValue) -> Sequence[str]:
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []
