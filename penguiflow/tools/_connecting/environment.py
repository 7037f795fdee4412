"""Environment variables: what a config may name, and what a child process may see."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping

from penguiflow.tools.errors import MissingVariableError

# `env:` is how Cursor and VS Code write the same.
# A default holds no `${`, or a text full of references that never end would take quadratic time.
_REFERENCE = re.compile(r"\$\{(?:env:)?([A-Za-z_][A-Za-z0-9_]*+)(?::-((?:[^}$]|\$(?!\{))*+))?\}")

# What programs need to start, find their caches and write text; nothing in it is a credential.
_INHERITED = frozenset({
    "PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "TEMP", "TMP", "TERM", "USER", "LOGNAME", "SHELL",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "NODE_EXTRA_CA_CERTS", "REQUESTS_CA_BUNDLE",
    "SYSTEMROOT", "SYSTEMDRIVE", "PATHEXT", "COMSPEC", "APPDATA", "LOCALAPPDATA", "USERPROFILE", "USERNAME",
    "PROCESSOR_ARCHITECTURE", "PROGRAMFILES",
})  # fmt: skip
_INHERITED_PREFIXES = ("LC_", "XDG_")


def process_environment() -> Mapping[str, str]:
    """Return the environment of this process: the default wherever one may be passed in."""
    return os.environ


def expand(text: str, environment: Mapping[str, str], *, owner: str) -> str:
    """Replace each `${VAR}`, `${VAR:-default}` and `${env:VAR}` in `text`.

    Raises:
        MissingVariableError: a variable without default is not set; names it and the `owner`.
    """

    def value_of(reference: re.Match[str]) -> str:
        variable, default = reference.group(1), reference.group(2)
        value = environment.get(variable) or default
        if value is None:
            raise MissingVariableError(
                f"environment variable `{variable}`, which `{owner}` needs, is not set",
                hint=f"export {variable}=... and connect again",
            )
        return value

    return _REFERENCE.sub(value_of, text)


def expand_known(text: str, environment: Mapping[str, str]) -> str:
    """Replace as `expand` does; a variable that is not set stays as it is written."""
    return _REFERENCE.sub(
        lambda reference: environment.get(reference.group(1)) or reference.group(2) or reference.group(), text
    )


def names_referred_to(text: str) -> list[str]:
    """Return the variables that `expand` would look up, each once."""
    return list(dict.fromkeys(reference.group(1) for reference in _REFERENCE.finditer(text)))


def names_to_set(text: str) -> list[str]:
    """Return the variables that a person has to set before `expand`: no default, not set by every system."""
    required = [found.group(1) for found in _REFERENCE.finditer(text) if found.group(2) is None]
    return [name for name in dict.fromkeys(required) if not _is_harmless(name)]


def without_references(text: str) -> str:
    """Return what stands in the text itself."""
    return _REFERENCE.sub("", text)


def values_referred_to(text: str, environment: Mapping[str, str]) -> Iterator[str]:
    """Yield what `expand` would take from the environment, without what every program may see."""
    for reference in _REFERENCE.finditer(text):
        name = reference.group(1)
        if not _is_harmless(name) and (value := environment.get(name)):
            yield value


def child_environment(given: Mapping[str, str], inherited: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of a server process: the harmless part of `inherited`, then `given`.

    A value that begins with `()` is an exported shell function and is left out.
    """
    harmless = {
        name: value for name, value in inherited.items() if _is_harmless(name) and not value.startswith("()")
    }
    return harmless | dict(given)


def _is_harmless(name: str) -> bool:
    return name.upper() in _INHERITED or name.startswith(_INHERITED_PREFIXES)
