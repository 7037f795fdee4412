"""Why a paused run cannot be kept, or cannot go on.

PauseError
├── PauseNotSavedError   the store could not keep the pause; no token exists
├── PauseBusyError       another answer to the same step is being worked on; the token stays valid
├── PauseStoreError      the store could not be read (also a KeyError)
├── PauseOwnerError      the run belongs to another conversation; the token stays valid
└── UnknownTokenError    nothing waits under the token (also a KeyError)
    └── PauseExpiredError    not any more
"""

from __future__ import annotations


class PauseError(Exception):
    """A paused run cannot be kept, or cannot go on."""


class PauseNotSavedError(PauseError, RuntimeError):
    """The store could not keep a pause, so no token exists; the cause is the store's own error."""


class PauseBusyError(PauseError):
    """Another question of the same step is being answered at this moment; the token stays valid."""


class PauseStoreError(PauseError, KeyError):
    """The store could not be read, so nobody knows what waits; the cause is the store's own error."""

    def __str__(self) -> str:
        return str(self.args[0])


class PauseOwnerError(PauseError):
    """The run belongs to another tenant, user or session than the one that answers; the token stays valid."""


class UnknownTokenError(PauseError, KeyError):
    """No run waits under a token: it never did, or somebody resumed it already."""

    def __str__(self) -> str:
        return str(self.args[0])


class PauseExpiredError(UnknownTokenError):
    """The token was valid once; its time is over and the run is gone."""
