"""Credentials that stand in a definition, replaced by references to environment variables. Pure.

What is written into a project is read by everybody who has the project, so that this errs on the side of
replacing: whatever has the name, the place or the look of a secret goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from pydantic import JsonValue

from penguiflow.redaction import is_secret_key, redact_text
from penguiflow.tools._connecting.environment import names_to_set, without_references
from penguiflow.tools._other_clients.dialects import Definition, variable_name

_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_SCHEME = re.compile(r"((?:Basic|Bearer|Token|ApiKey)\s+)(\S.*)", re.IGNORECASE)
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):\s*(?!//)(\S.*)")
_URL = re.compile(r"[a-z][a-z0-9+.-]{0,20}://", re.IGNORECASE)
_USERINFO = re.compile(r"(?<=://)[^\s/?#]{1,2048}(?=@)")
_QUERY = re.compile(r"(?<=[?&])([^\s=&#]{1,256})=([^\s&#]+)")
_AUTHORITY = re.compile(r"[^/]*//[^/?#]*")
_SEGMENT = re.compile(r"[^/]{16,}")
_WORDS = re.compile(r"[A-Za-z]+")
_RUN = re.compile(r"[A-Za-z0-9]{16,}")
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}", re.IGNORECASE)
_ENDINGS = frozenset({"auth", "dsn", "key", "pat", "sig", "signature", "token"})
_LEAST_OF_EACH = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class NeededVariable:
    """A variable to export before a server can be connected; `place` says what it is for."""

    name: str
    server: str
    place: str


@dataclass(slots=True)
class LiteralSecrets:
    """Replaces the credentials of servers; one value keeps one variable, two values never share one."""

    found: dict[str, str] = field(default_factory=dict[str, str], repr=False)
    """Variable -> the value that was replaced by it."""
    needed: list[NeededVariable] = field(default_factory=list[NeededVariable])

    def replaced(self, server: str, definition: Mapping[str, JsonValue]) -> Definition:
        """Return the definition without its credentials, and note the variables it needs."""
        result: Definition = dict(definition)
        server_finder = _Finder(server=server, secrets=self)
        for key, replace in (("env", server_finder.env), ("headers", server_finder.header)):
            members = definition.get(key)
            if isinstance(members, dict):
                result[key] = {
                    name: replace(name, value) if isinstance(value, str) else value
                    for name, value in members.items()
                }
        if isinstance(url := definition.get("url"), str):
            result["url"] = server_finder.url(url)
        if isinstance(args := definition.get("args"), list):
            result["args"] = server_finder.words(args)
        self._note_references(server, result)
        return result

    def variable_for(self, value: str, *names: str) -> str:
        """Return `${VAR}` for a value, by the first of the names that stands for no other value."""
        candidates = (*names, *(f"{names[-1]}_{number}" for number in range(2, len(self.found) + 3)))
        variable = next(name for name in candidates if self.found.get(name, value) == value)
        self.found[variable] = value
        return f"${{{variable}}}"

    def _note_references(self, server: str, definition: Definition) -> None:
        for place, text in _texts(definition):
            for name in names_to_set(text):
                if not any(known.name == name and known.server == server for known in self.needed):
                    self.needed.append(NeededVariable(name=name, server=server, place=place))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Finder:
    """The credentials of one server."""

    server: str
    secrets: LiteralSecrets

    def env(self, name: str, value: str) -> str:
        if not _is_literal_secret(name, value):
            return value
        own = (name,) if _VARIABLE.fullmatch(name) else ()
        return self.secrets.variable_for(value, *own, variable_name(self.server, name))

    def header(self, name: str, value: str) -> str:
        if not _is_literal_secret(name, value):
            return value
        what = "token" if "authorization" in name.lower() else name
        return self._after_scheme(value, variable_name(self.server, what))

    def url(self, url: str) -> str:
        def variable(what: str) -> Callable[[re.Match[str]], str]:
            return lambda found: self._variable(found.group(), what)

        def query(found: re.Match[str]) -> str:
            name, value = found.groups()
            return (
                f"{name}={self._variable(value, name)}" if _is_literal_secret(name, value) else found.group()
            )

        def segment(found: re.Match[str]) -> str:
            return self._variable(found.group(), "url_key") if looks_random(found.group()) else found.group()

        # Userinfo is also a literal when a reference stands in it: only one that is nothing else may stay.
        def userinfo(found: re.Match[str]) -> str:
            user, _, password = found.group().partition(":")
            if not without_references(password or user):
                return found.group()
            return f"{user}:{self._variable(password, 'password')}" if password else variable("user")(found)

        head, question_mark, rest = url.partition("?")
        authority = _AUTHORITY.match(head)
        host_end = authority.end() if authority is not None else 0
        return (
            _USERINFO.sub(userinfo, head[:host_end])
            + _SEGMENT.sub(segment, head[host_end:])
            + _QUERY.sub(query, question_mark + rest)
        )

    def words(self, words: list[JsonValue]) -> list[JsonValue]:
        result: list[JsonValue] = []
        before = ""
        for word in words:
            result.append(self._word(word, before) if isinstance(word, str) else word)
            before = word if isinstance(word, str) else ""
        return result

    def _word(self, word: str, before: str) -> str:
        name, equals, value = word.partition("=")
        if equals and _URL.match(value):
            return f"{name}={self.url(value)}"
        if equals and _is_flag_or_variable(name) and _is_literal_secret(name, value):
            return f"{name}={self._variable(value, name)}"
        if (
            before.startswith("-")
            and "=" not in before
            and _is_secret_flag(before)
            and not word.startswith("-")
        ):
            return self._variable(word, before) if without_references(word) else word
        if _URL.match(word):
            return self.url(word)
        if header := _HEADER.fullmatch(word):
            return word[: header.start(2)] + self.header(header[1], header[2])
        return self._variable(word, "argument") if _is_literal_secret("", word) else word

    def _after_scheme(self, value: str, variable: str) -> str:
        scheme = _SCHEME.fullmatch(value.strip())
        if scheme is None:
            return self.secrets.variable_for(value, variable)
        return scheme[1] + self.secrets.variable_for(scheme[2], variable)

    def _variable(self, value: str, what: str) -> str:
        return self.secrets.variable_for(value, variable_name(self.server, what))


def looks_random(text: str) -> bool:
    """Whether a text looks like a key rather than like words."""
    if _UUID.search(text):
        return True
    return any(
        sum(char.isdigit() for char in run) >= _LEAST_OF_EACH
        and sum(char.isalpha() for char in run) >= _LEAST_OF_EACH
        for run in _RUN.findall(text)
    )


def _is_literal_secret(name: str, value: str) -> bool:
    literal = without_references(value)
    if not literal.strip():
        return False
    if literal != value:  # something is referred to already: what stands beside it has to look like a secret
        return looks_random(literal) or redact_text(literal) != literal
    return _is_secret_name(name) or looks_random(value) or redact_text(value) != value


def _is_secret_name(name: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(name)]
    return is_secret_key(name) or not _ENDINGS.isdisjoint(words[-1:])


def _is_secret_flag(flag: str) -> bool:
    words = [word.lower() for word in _WORDS.findall(flag)]
    return is_secret_key(flag) or words[-1:] in (["key"], ["pat"])


def _is_flag_or_variable(name: str) -> bool:
    return name.startswith("-") or _VARIABLE.fullmatch(name) is not None


def _texts(definition: Definition) -> list[tuple[str, str]]:
    texts: list[tuple[str, str]] = []
    for key, value in definition.items():
        if isinstance(value, str):
            texts.append((key, value))
        elif isinstance(value, list):
            texts += [
                (f"{key} {number}", item) for number, item in enumerate(value, 1) if isinstance(item, str)
            ]
        elif isinstance(value, dict):
            texts += [(f"{key} {name}", item) for name, item in value.items() if isinstance(item, str)]
    return texts
