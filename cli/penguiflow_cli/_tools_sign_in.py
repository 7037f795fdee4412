"""The sign-ins of the people at this machine: kept in the keyring of the system, or in a file on request."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Literal, TypeAlias

from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.errors import ToolAuthError
from penguiflow.tools.oauth import (
    FileTokenStore,
    LoopbackRedirect,
    OAuthManager,
    SecretStore,
    keyring_or_memory,
)
from penguiflow_cli._tools_places import PersonalFolder

StoreKind: TypeAlias = Literal["keyring", "file"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIns:
    """Who is signed in to one server."""

    manager: OAuthManager
    config: ExternalToolConfig

    async def token(self, user: str) -> str | None:
        """Return the user's token; `None` when they have to sign in.

        Raises:
            ToolNodeError: the server does not say how, or cannot be asked.
        """
        await self.manager.discover(self.config.name, self.config.connection)
        return await self.manager.get_token(user, self.config.name)


@asynccontextmanager
async def open_sign_ins(
    folder: PersonalFolder,
    config: ExternalToolConfig,
    *,
    store: StoreKind | None = None,
    redirect: LoopbackRedirect | None = None,
) -> AsyncGenerator[SignIns]:
    """Open the sign-ins to a server: in the store that is named, else where there are some.

    Raises:
        ToolAuthError: this system has no keyring and no file was asked for.
    """
    manager = OAuthManager(
        token_store=await _store(folder, store, to_write=redirect is not None),
        redirect=redirect,
        allowed_hosts=config.allowed_hosts,
    )
    async with manager:
        yield SignIns(manager=manager, config=config)


async def _store(folder: PersonalFolder, kind: StoreKind | None, *, to_write: bool) -> SecretStore:
    if kind == "file" or (kind is None and folder.tokens.exists()):
        return FileTokenStore(folder.tokens)
    store, why_not = await keyring_or_memory()
    if why_not is not None and to_write:
        raise ToolAuthError(
            f"the sign-in cannot be kept: {why_not}",
            hint="--store file keeps it in a file that only you can read",
        )
    return store
