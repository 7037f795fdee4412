"""The one way by which secrets are kept out of the history.

`redact` walks a JSON value and returns a copy of the same shape in which secrets read `[redacted]`. A value
is a secret because of its key (`password`, `access_token`, `Authorization`) or because of its own form
(`sk-...`, a bearer token, a JSON Web Token, the password in a URL). Texts and numbers go; `true`, `false`
and `null` stay, they only say whether a secret was set.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import pairwise
from typing import Any, TypeAlias, overload

REDACTED = "[redacted]"
"""What stands in the place of a secret."""

TOO_DEEP = "[redacted: nested too deeply]"
"""What stands in the place of a value that lies too deep to be looked through."""

_Json: TypeAlias = "bool | float | str | Mapping[str, _Json] | list[_Json] | tuple[_Json, ...] | None"

_MAX_DEPTH = 100

# fmt: off
_SECRET_WORDS = frozenset({
    "apikey", "authorization", "cookie", "cookies", "credential", "credentials", "passphrase", "passwd",
    "password", "passwords", "pwd", "secret", "secrets",
})
# fmt: on
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key")})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")

# fmt: off
_SCHEMA_KEYWORDS = frozenset({
    "$ref", "additionalProperties", "allOf", "anyOf", "default", "description", "format", "items",
    "maxLength", "minLength", "oneOf", "pattern", "properties", "required", "title", "type", "writeOnly",
})
# fmt: on

# Repetitions that could start anywhere are bounded, or a hostile text would take quadratic time.
_SECRET_FORMS = re.compile(
    r"""
      -----BEGIN\ [A-Z ]{0,40}PRIVATE\ KEY-----[\s\S]*?(?:-----END\ [A-Z ]{0,40}PRIVATE\ KEY-----|\Z)
    | \b eyJ [\w-]{8,4096} \. [\w-]{8,4096} \. [\w-]*               # JSON Web Token
    | \b sk- [\w-]{16,}                                             # OpenAI, Anthropic, OpenRouter
    | \b [rsp]k_(?:live|test)_ \w{10,}                              # Stripe
    | \b (?: gh[oprsu]_ | github_pat_ | glpat- | npm_ | hf_ | pypi- ) [\w-]{16,}
    | \b xox[abeprs]- [\w-]{10,}                                    # Slack
    | \b A[KS]IA [0-9A-Z]{16} \b                                    # Amazon Web Services
    | \b AIza [\w-]{35}                                             # Google
    """,
    re.VERBOSE,
)

_GAP = r"\s{0,8}"
_CREDENTIALS = r"(?!(?:Basic|Bearer|Token|ApiKey)\b)[^\s\"',\[]{6,}"
_KEY = r"(?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?key|[_-]token)"

# Each keeps what stands before and after the secret.
_SECRETS_IN_PLACE = tuple(
    re.compile(rf"(?P<before>{before}){secret}(?P<after>{after})", re.IGNORECASE)
    for before, secret, after in (
        (r"\b[a-z][a-z0-9+.-]{0,20}://", r"[^\s/@:]{0,256}:[^\s/@]{1,1024}", "@"),
        (r"\bBearer\s{1,8}", r"[\w.~+/=-]{16,}", ""),
        (
            rf"\bAuthorization[\"']?{_GAP}[:=]{_GAP}[\"']?(?:(?:Basic|Bearer|Token|ApiKey)\s{{1,8}})?",
            _CREDENTIALS,
            "",
        ),
        (r"[?&](?:key|sig|signature|token|auth)=", r"[^\s&#\"']+", ""),
        # Three dots stand for a value in our own hints: `export API_KEY=...`.
        (rf"{_KEY}=[\"']?", r"(?!\.{3})[^\s&\"']+", ""),
        # A member of a JSON text, also of one that is quoted in another: \"api_key\": \"...\"
        (rf"(?:{_KEY}|\btoken)(?P<quote>\\{{0,8}}\"){_GAP}:{_GAP}(?P=quote)", r".*?", r"(?<!\\)(?P=quote)"),
    )
)


@overload
def redact(value: Mapping[str, Any]) -> dict[str, Any]: ...
@overload
def redact(value: str) -> str: ...
@overload
def redact(value: Any) -> Any: ...
def redact(value: Any) -> Any:  # any JSON value; what comes back has the same shape
    """Return a copy of a JSON value without secrets; `value` itself is never changed."""
    return _redact(value, secret=False, depth=0)


def redact_text(text: str) -> str:
    """Return `text` with everything that has the form of a secret replaced by `[redacted]`."""
    text = _SECRET_FORMS.sub(REDACTED, text)
    for pattern in _SECRETS_IN_PLACE:
        text = pattern.sub(rf"\g<before>{REDACTED}\g<after>", text)
    return text


def is_secret_key(key: str) -> bool:
    """Tell whether a value under this key is a secret whatever it looks like."""
    words = [word.lower() for word in _WORD.findall(key)]
    return (
        not _SECRET_WORDS.isdisjoint(words)
        or words[-1:] == ["token"]  # `access_token`, but neither `token_count` nor `max_tokens`
        or not _SECRET_PAIRS.isdisjoint(pairwise(words))
    )


def _redact(value: _Json, *, secret: bool, depth: int) -> _Json:
    if isinstance(value, str):
        return REDACTED if secret and value else redact_text(value)
    if value is None or isinstance(value, bool):
        return value
    if depth >= _MAX_DEPTH and isinstance(value, Mapping | list | tuple):
        return TOO_DEEP
    if isinstance(value, Mapping):
        # The schema of a field called `password` describes the field and holds no password.
        secret = secret and not value.keys() <= _SCHEMA_KEYWORDS
        return {
            redact_text(key): _redact(item, secret=secret or is_secret_key(key), depth=depth + 1)
            for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return [_redact(item, secret=secret, depth=depth + 1) for item in value]
    return REDACTED if secret else value
