"""What can go wrong with a cassette.

CassetteError
├── CassetteFileError    the file is missing, damaged, of another version, in the way, or not writable
├── CassetteMissError    a call was made that is not recorded
└── CassetteUnusedError  a call is recorded that was not made

None of them is an `LLMError`: what retries, compresses or falls back after a provider's failure must not
take a wrong recording for one. The last two are `AssertionError`s, because they are findings of a test.
"""

from __future__ import annotations

from typing import ClassVar


class CassetteError(Exception):
    """A cassette cannot be used as it was asked for."""

    code: ClassVar[str] = "cassette"


class CassetteFileError(CassetteError):
    """The file cannot be read or written; the message names the line."""

    code = "cassette_file"


class CassetteMissError(CassetteError, AssertionError):
    """The cassette holds no outcome for a call, and nothing was sent."""

    code = "cassette_miss"


class CassetteUnusedError(CassetteError, AssertionError):
    """Recorded calls were never made."""

    code = "cassette_unused"
