"""Signing people in to external tools: OAuth 2.1 with PKCE, on the terms of the MCP specification.

`OAuthManager` gives a `ToolNode` the token of the person it works for, and asks for a sign-in when there is
none. Tokens are bound to one server and one issuer, kept per person in a `TokenStore`, and travel in headers
only. Importing this module loads no HTTP client, no MCP package and no keyring.
"""

from __future__ import annotations

from penguiflow.tools._oauth.auth_request import AuthRequest
from penguiflow.tools._oauth.errors import SignInError
from penguiflow.tools._oauth.file_store import FileTokenStore
from penguiflow.tools._oauth.keyring_store import KeyringBackend, KeyringTokenStore, keyring_or_memory
from penguiflow.tools._oauth.manager import OAuthManager
from penguiflow.tools._oauth.outcomes import OutcomeListener, SignInOutcome
from penguiflow.tools._oauth.provider import OAuthProviderConfig
from penguiflow.tools._oauth.redirect import LoopbackRedirect
from penguiflow.tools._oauth.sign_in import open_in_browser, sign_in
from penguiflow.tools._oauth.stores import InMemoryTokenStore, SecretStore, TokenStore

__all__ = [
    "AuthRequest",
    "FileTokenStore",
    "InMemoryTokenStore",
    "KeyringBackend",
    "KeyringTokenStore",
    "LoopbackRedirect",
    "OAuthManager",
    "OAuthProviderConfig",
    "OutcomeListener",
    "SecretStore",
    "SignInError",
    "SignInOutcome",
    "TokenStore",
    "keyring_or_memory",
    "open_in_browser",
    "sign_in",
]
