"""Secrets known by their own form, or by the name under which they stand."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise

from penguiflow._redaction.placeholders import REDACTED

# fmt: off
_SECRET_WORDS = frozenset({
    "apikey", "authorization", "cookie", "cookies", "credential", "credentials", "passphrase", "passwd",
    "password", "passwords", "pwd", "secret", "secrets",
})
# fmt: on
_SECRET_PAIRS = frozenset({("api", "key"), ("access", "key"), ("private", "key"), ("signing", "key")})
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Rule:
    """A pattern and what a text must contain for it to match at all, in lower case.

    Looking for a few words costs a hundredth of the pattern, and most texts contain none of them.
    """

    pattern: re.Pattern[str]
    replacement: str
    needles: tuple[str, ...]

    def applied(self, text: str, lowered: str) -> str:
        if any(needle in lowered for needle in self.needles):
            return self.pattern.sub(self.replacement, text)
        return text


# Repetitions that could start anywhere are bounded, or a hostile text would take quadratic time.
_FORMS = _Rule(
    pattern=re.compile(
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
    ),
    replacement=REDACTED,
    needles=(
        *("-----begin", "eyj", "sk-", "k_live_", "k_test_", "gho_", "ghp_", "ghr_", "ghs_", "ghu_"),
        *("github_pat_", "glpat-", "npm_", "hf_", "pypi-", "xox", "akia", "asia", "aiza"),
    ),
)

_GAP = r"\s{0,8}"
_CREDENTIALS = r"(?!(?:Basic|Bearer|Token|ApiKey)\b)[^\s\"',\[]{6,}"
_KEY = r"(?:password|passwd|passphrase|secret|api[_-]?key|access[_-]?key|[_-]token)"
_KEY_NEEDLES = ("password", "passwd", "passphrase", "secret", "key", "token")


def _in_place(before: str, secret: str, after: str, *needles: str) -> _Rule:
    """Return a rule that keeps what stands before and after the secret."""
    return _Rule(
        pattern=re.compile(rf"(?P<before>{before}){secret}(?P<after>{after})", re.IGNORECASE),
        replacement=rf"\g<before>{REDACTED}\g<after>",
        needles=needles,
    )


_RULES = (
    _FORMS,
    _in_place("://", r"[^\s/@:]{0,256}:[^\s/@]{1,1024}", "@", "://"),
    _in_place(r"\bBearer\s{1,8}", r"[\w.~+/=-]{16,}", "", "bearer"),
    _in_place(
        rf"\bAuthorization[\"']?{_GAP}[:=]{_GAP}[\"']?(?:(?:Basic|Bearer|Token|ApiKey)\s{{1,8}})?",
        _CREDENTIALS,
        "",
        "authorization",
    ),
    _in_place(
        r"[?&](?:key|sig|signature|token|auth)=",
        r"[^\s&#\"']+",
        "",
        *("key=", "sig=", "signature=", "token=", "auth="),
    ),
    # Three dots stand for a value in our own hints: `export API_KEY=...`.
    _in_place(rf"{_KEY}=[\"']?", r"(?!\.{3})[^\s&\"']+", "", *(f"{word}=" for word in _KEY_NEEDLES)),
    # A member of a JSON text, also of one that is quoted in another: \"api_key\": \"...\"
    _in_place(
        rf"(?:{_KEY}|\btoken)(?P<quote>\\{{0,8}}\"){_GAP}:{_GAP}(?P=quote)",
        r".*?",
        r"(?<!\\)(?P=quote)",
        *(f"{word}{quote}" for word in _KEY_NEEDLES for quote in ('"', "\\")),
    ),
)


# One search for all of them is the fastest for a short text, and the slowest for a long one.
_ANY_NEEDLE = re.compile("|".join(re.escape(needle) for rule in _RULES for needle in rule.needles))
_SHORT_CHARS = 500


def without_secret_forms(text: str) -> str:
    """Return the text with everything that has the form of a secret replaced."""
    lowered = text.casefold()  # as a pattern that ignores case takes it: `ſ` is an `s`
    if len(text) < _SHORT_CHARS and _ANY_NEEDLE.search(lowered) is None:
        return text
    for rule in _RULES:
        text = rule.applied(text, lowered)
    return text


def is_secret_key(key: str) -> bool:
    """Tell whether a value under this key is a secret whatever it looks like."""
    words = words_of(key)
    return (
        not _SECRET_WORDS.isdisjoint(words)
        or words[-1:] == ["token"]  # `access_token`, but neither `token_count` nor `max_tokens`
        or not _SECRET_PAIRS.isdisjoint(pairwise(words))
    )


def words_of(key: str) -> list[str]:
    """Return the words of a name, in lower case: `X-Api-Key` and `xApiKey` are `x`, `api`, `key`."""
    return [word.lower() for word in _WORD.findall(key)]
