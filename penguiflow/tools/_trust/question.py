"""What a person is asked before a server that a file names is started. Pure."""

from __future__ import annotations

import hashlib
import json
import re
import shlex
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from urllib.parse import urlsplit, urlunsplit

from penguiflow._redaction.forms import without_secret_forms
from penguiflow.redaction import REDACTED, is_secret_key, without_known_secrets
from penguiflow.safe_text import SafeText, safe_line
from penguiflow.tools._connecting.environment import names_referred_to
from penguiflow.tools._server_files.entries import ServerEntry
from penguiflow.tools.config import ExternalToolConfig

# What neither decides what is started, nor what it is given, nor which calls need an approval.
_NOT_PART_OF_A_DEFINITION = frozenset({
    "name", "description", "timeout_s", "retry_policy", "max_concurrency", "arg_validation",
    "artifact_extraction", "max_response_bytes", "enabled",
})  # fmt: skip
_SHELL = re.compile(r"(?:ba|z|da|k|c|tc|fi)?sh|cmd|powershell|pwsh", re.IGNORECASE)
_CREDENTIAL = re.compile(
    r"[\w.~+/=:@%!-]{1,4096}"
)  # no space, quote, bracket or sign a shell or a language takes
_LOADER_NAMES = frozenset({"PATH", "PYTHONPATH", "PYTHONSTARTUP", "NODE_OPTIONS", "BASH_ENV", "PERL5OPT"})
_LOOPBACK = ("localhost", "127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrustQuestion:
    """One server as it would be started: nothing is expanded, and credentials that stand in it are masked.

    It is safe to show as it is. To mask more of it, with `redact_text`, would let a file hide its command: it
    only has to declare the words to be a secret.

    `argv` is run without a shell in `cwd`; it is empty for a URL. `env_names` are set for the process,
    `header_names` are sent to the URL; `variables` are those of the person's environment whose values the
    server is given. `definition` is a hash of all that; code that a command runs is not part of it.
    `changed`: it was decided before, about another definition.
    """

    project_root: Path
    name: str
    source: Path
    definition: str
    transport: str
    argv: tuple[SafeText, ...] = ()
    url: SafeText | None = None
    cwd: SafeText | None = None
    env_names: tuple[SafeText, ...] = ()
    header_names: tuple[SafeText, ...] = ()
    variables: tuple[str, ...] = ()
    auth: str = "none"
    changed: bool = False
    warnings: tuple[SafeText, ...] = ()

    @property
    def command_line(self) -> SafeText:
        """The words of `argv` on one line, quoted where their borders could be mistaken."""
        return safe_line(shlex.join(self.argv))


def trust_question(entry: ServerEntry) -> TrustQuestion:
    """Return what to ask about a server.

    Raises:
        ValueError: the entry has a problem, so there is nothing to start.
    """
    config = entry.config
    if config is None:
        raise ValueError(entry.problem or f"`{entry.name}` has no config")
    words = () if config.is_url else shlex.split(config.connection)
    argv = tuple(safe_line(word) for word in _masked_words(words))
    url = _shown_url(config.connection) if config.is_url else None
    warnings = [*_warnings(config, words), *_masking_warnings((*argv, url or ""))]
    return TrustQuestion(
        project_root=entry.project_root,
        name=entry.name,
        source=entry.source,
        definition=definition_hash(config, entry.project_root),
        transport=config.transport.value,
        argv=argv,
        url=url,
        cwd=safe_line(config.cwd) if config.cwd is not None else None,
        env_names=tuple(safe_line(name) for name in config.env),
        header_names=tuple(safe_line(name) for name in config.headers),
        variables=_variables(config),
        auth=config.auth_type.value,
        warnings=tuple(safe_line(warning) for warning in warnings),
    )


def definition_hash(config: ExternalToolConfig, project_root: Path) -> str:
    """Return a hash of everything that decides what is started and what it is given.

    The order of keys does not matter, that of arguments does. The folder counts as seen from the project, so
    that a project may be moved.
    """
    # Without defaults: a setting that a later version adds does not make every server one to ask for again.
    definition = config.model_dump(mode="json", exclude=set(_NOT_PART_OF_A_DEFINITION), exclude_defaults=True)
    if config.cwd is not None:
        definition["cwd"] = _seen_from(config.cwd, project_root)
    if not config.is_url:
        definition["connection"] = shlex.split(config.connection)
    canonical = json.dumps(definition, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _seen_from(folder: str, project_root: Path) -> str:
    path = PurePath(folder)
    return path.relative_to(project_root).as_posix() if path.is_relative_to(project_root) else folder


def _masked_words(words: Sequence[str]) -> Iterator[str]:
    """Yield the words with credentials masked that are known by their place or form, and no others.

    What is known as a secret elsewhere stays: a file could declare the name of a program to be one. So does
    what could be more than a credential, such as code that begins with `API_KEY=`.
    """
    before = ""
    for word in words:
        name, equals, value = word.partition("=")
        if equals and is_secret_key(name) and _CREDENTIAL.fullmatch(value):
            yield f"{name}={REDACTED}"
        elif _is_secret_flag(before) and _CREDENTIAL.fullmatch(word):
            yield REDACTED
        else:
            shown = without_secret_forms(word)
            yield shown if all(map(_CREDENTIAL.fullmatch, _hidden_parts(word, shown))) else word
        before = word


def _is_secret_flag(word: str) -> bool:
    return word.startswith("-") and "=" not in word and is_secret_key(word)


def _hidden_parts(word: str, shown: str) -> Iterator[str]:
    position = 0
    first, *others = shown.split(REDACTED)
    position = len(first)
    for part in others:
        end = word.find(part, position) if part else len(word)
        yield word[position : end if end >= 0 else len(word)]
        position = (end if end >= 0 else len(word)) + len(part)


def _variables(config: ExternalToolConfig) -> tuple[str, ...]:
    texts = (config.connection, *config.env.values(), *config.headers.values(), *config.auth_config.values())
    return tuple(dict.fromkeys(name for text in texts for name in names_referred_to(text)))


def _shown_url(url: str) -> SafeText:
    """Return the URL with the host in the form that is looked up: letters that only look Latin show up."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return safe_line(without_secret_forms(url))
    if not parts.netloc.isascii():
        userinfo, at, host_and_port = parts.netloc.rpartition("@")
        host, colon, port = host_and_port.partition(":")
        url = urlunsplit(parts._replace(netloc=f"{userinfo}{at}{_host_in_ascii(host)}{colon}{port}"))
    return safe_line(without_secret_forms(url))


def _host_in_ascii(host: str) -> str:
    return ".".join(
        label if label.isascii() else "xn--" + label.lower().encode("punycode").decode()
        for label in host.split(".")
    )


def _warnings(config: ExternalToolConfig, words: list[str] | tuple[str, ...]) -> Iterator[str]:
    if words and _SHELL.fullmatch(PurePath(words[0].replace("\\", "/")).stem):
        yield f"`{words[0]}` is a shell: what follows can run any command"
    if any(not word.isascii() for word in words):
        yield "the command has characters that may look like others"
    if config.is_url:
        yield from _url_warnings(config.connection)
    if takes := sorted(_loader_names(config.env)):
        yield f"{', '.join(f'`{name}`' for name in takes)} can make the command run other code"
    if config.allowed_hosts:
        yield f"it may reach private addresses: {', '.join(config.allowed_hosts)}"


def _masking_warnings(shown: Iterable[str]) -> Iterator[str]:
    """A screen that masks all known secrets would mask a part of what is started, perhaps on purpose."""
    if any(without_known_secrets(text) != text for text in shown):
        yield "a part of it is known as a secret too and may be masked: read it in the file"


def _url_warnings(url: str) -> Iterator[str]:
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        yield "the URL cannot be read"
        return
    if not host.isascii():
        yield "the host has letters that may look like others"
    if parts.scheme.lower() in ("http", "ws") and host not in _LOOPBACK:
        yield "the connection is not encrypted"


def _loader_names(env: Mapping[str, str]) -> Iterator[str]:
    for name in env:
        known = name.upper()
        if known in _LOADER_NAMES or known.startswith(("LD_", "DYLD_")):
            yield name
