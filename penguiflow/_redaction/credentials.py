"""Which values in a configuration are credentials. Pure: finds them, remembers nothing."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast
from urllib.parse import unquote

from penguiflow._redaction.forms import is_secret_key, words_of

_SCHEME = re.compile(r"(Basic|Bearer|Token|ApiKey)\s+(\S.*)", re.IGNORECASE)
_HEADER = re.compile(r"([A-Za-z][A-Za-z0-9-]{0,60}):\s*(?!//)(\S.*)")
_USERINFO = re.compile(r"\b[a-z][a-z0-9+.-]{0,20}://([^\s/?#]{1,2048})@", re.IGNORECASE)
_QUERY = re.compile(r"[?&]([^\s=&#]{1,256})=([^\s&#]+)")
_QUERY_NAMES = frozenset({"key", "sig", "signature", "token", "auth"})
_HEADER_ENDINGS = frozenset({"auth", "key", "signature"})
_FOLDERS = frozenset({"PWD", "OLDPWD"})  # of a shell; elsewhere `pwd` is a password
_LEAST_USER_CHARS = 16


def credentials_in(settings: Mapping[str, Any]) -> Iterator[str]:  # Any: settings of any program
    """Yield what is secret by its name, or is a credential in a header or a URL, at any depth."""
    for key, value in settings.items():
        if str(key) not in _FOLDERS and is_secret_key(str(key)):
            yield from _all_texts(str(key), value)
        elif isinstance(value, Mapping):
            yield from credentials_in(cast("Mapping[str, Any]", value))  # what is inside is looked at above
        elif isinstance(value, str):
            yield from credentials_in_text(value)


def credentials_in_headers(headers: Mapping[str, str]) -> Iterator[str]:
    """Yield the credentials among HTTP headers."""
    for name, value in headers.items():
        words = words_of(name)
        if is_secret_key(name) or (len(words) > 1 and words[-1] in _HEADER_ENDINGS):
            yield from _credential(name, value)
        else:
            yield from credentials_in_text(value)


def credentials_in_command(words: Sequence[str]) -> Iterator[str]:
    """Yield the credentials among the words of a command: `--token X`, `API_KEY=X`, `-H 'Name: X'`, URLs."""
    before = ""
    for word in words:
        name, equals, value = word.partition("=")
        if equals and is_secret_key(name):
            yield from _credential(name, value)
        elif before.startswith("-") and "=" not in before and is_secret_key(before):
            yield from _credential(before, word)
        elif header := _HEADER.fullmatch(word):
            yield from credentials_in_headers({header[1]: header[2]})
        else:
            yield from credentials_in_text(word)
        before = word


def credentials_in_text(text: str) -> Iterator[str]:
    """Yield the password of a URL, and what follows the name of an authentication scheme."""
    if scheme := _SCHEME.fullmatch(text.strip()):
        yield from _after_scheme(scheme[1], scheme[2])
    for userinfo in _USERINFO.finditer(text):
        user, _, password = userinfo[1].partition(":")
        if password:
            yield from (password, unquote(password))
        elif len(user) >= _LEAST_USER_CHARS:  # a token in the place of the user
            yield from (user, unquote(user))
    for parameter in _QUERY.finditer(text):
        if parameter[1].lower() in _QUERY_NAMES or is_secret_key(parameter[1]):
            yield from (parameter[2], unquote(parameter[2]))


def _all_texts(key: str, value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield from _credential(key, value)
    elif isinstance(value, Mapping):
        for name, item in cast("Mapping[object, object]", value).items():
            yield from _all_texts(str(name), item)
    elif isinstance(value, list | tuple):
        for item in cast("Sequence[object]", value):
            yield from _all_texts(key, item)


def _credential(name: str, value: str) -> Iterator[str]:
    if {"cookie", "cookies"} & set(words_of(name)) and "=" in value:
        for pair in value.split(";"):
            yield pair.partition("=")[2].strip()
        return
    yield from credentials_in_text(value)
    if "authorization" not in words_of(name) or not _SCHEME.fullmatch(value.strip()):
        yield value


def _after_scheme(scheme: str, credential: str) -> Iterator[str]:
    yield credential
    if scheme.lower() == "basic":
        try:
            decoded = base64.b64decode(credential, validate=True).decode()
        except (binascii.Error, ValueError):
            return
        yield decoded.partition(":")[2]
