"""What stands in the place of what is left out."""

from __future__ import annotations

REDACTED = "[redacted]"
"""What stands in the place of a secret."""

TOO_DEEP = "[redacted: nested too deeply]"
"""What stands in the place of a value that lies too deep to be looked through."""

NOT_STORED = "[redacted: not stored]"
"""What stands in the place of a secret in something stored that a program will read again."""
