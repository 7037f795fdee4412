"""The tokens of people in a store: found by person and server, and dropped when they belong elsewhere."""

from __future__ import annotations

from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager

from penguiflow.redaction import remember_secret
from penguiflow.tools._oauth.grants import Grant, Registration, parse_grant, parse_registration
from penguiflow.tools._oauth.provider import Provider
from penguiflow.tools._oauth.stores import (
    EntryLocks,
    SecretStore,
    TokenStore,
    entry_of_grant,
    entry_of_registration,
)


class GrantBook:
    """What the manager needs of a store, whether it keeps secrets of any kind or access tokens only."""

    def __init__(self, store: TokenStore) -> None:
        self._store = store
        self._secrets = store if isinstance(store, SecretStore) else None
        self._locks = EntryLocks()

    async def given(self, user_id: str, provider_name: str) -> str | None:
        """Return a token that somebody put into the store for a provider nobody described."""
        if self._secrets is None:
            return _remembered(await self._store.get(user_id, provider_name))
        grant = await self._load(entry_of_grant(user_id, provider_name))
        return None if grant is None or grant.binding else await self._store.get(user_id, provider_name)

    async def load(self, user_id: str, provider: Provider) -> Grant | None:
        """Return the tokens of a person for a server; those of another issuer are deleted.

        What was put into the store without saying where it belongs counts for every server of that name.
        """
        if self._secrets is None:
            for resource in dict.fromkeys((provider.bound_resource, "")):
                name = _bound_name(provider.name, resource)
                token = _remembered(await self._store.get(user_id, name))
                if token is not None:
                    return Grant(access_token=token)
            return None
        entry = entry_of_grant(user_id, provider.name, provider.bound_resource)
        grant = await self._load(entry)
        if grant is not None and (not grant.binding or grant.binding == provider.binding):
            return grant
        if grant is not None:
            await self._secrets.remove(entry)
        given = await self._load(entry_of_grant(user_id, provider.name)) if provider.bound_resource else None
        return None if given is None or given.binding else given

    async def save(self, user_id: str, provider: Provider, grant: Grant) -> None:
        """Keep the tokens; durable when this returns."""
        if self._secrets is None:
            name = _bound_name(provider.name, provider.bound_resource)
            await self._store.store(user_id, name, grant.access_token, grant.expires_at)
        else:
            entry = entry_of_grant(user_id, provider.name, provider.bound_resource)
            await self._secrets.write(entry, grant.model_dump_json())

    async def forget(self, user_id: str, provider_name: str, resource: str) -> bool:
        """Delete the tokens of a person for a server; return whether there were any."""
        found = False
        for bound in dict.fromkeys((resource, "")):
            if self._secrets is None:
                name = _bound_name(provider_name, bound)
                found |= await self._store.get(user_id, name) is not None
                await self._store.delete(user_id, name)
            else:
                entry = entry_of_grant(user_id, provider_name, bound)
                found |= await self._secrets.read(entry) is not None
                await self._secrets.remove(entry)
        return found

    @asynccontextmanager
    async def exclusive(self, user_id: str, provider: Provider) -> AsyncGenerator[None]:
        """Be the only one who changes the tokens of a person for a server."""
        entry = entry_of_grant(user_id, provider.name, provider.bound_resource)
        owner = self._secrets or self._locks
        async with owner.exclusive(entry):
            yield

    async def registration(self, issuer: str, redirect_uri: str, *, now: float) -> Registration | None:
        """Return how this program is registered with an issuer; None when it is not, or no longer."""
        if self._secrets is None:
            return None
        text = await self._secrets.read(entry_of_registration(issuer, redirect_uri))
        found = parse_registration(text) if text is not None else None
        if found is None or found.issuer != issuer:
            return None
        return None if found.expires_at is not None and now >= found.expires_at else found

    async def save_registration(self, registration: Registration) -> None:
        """Keep a registration, where the store keeps more than access tokens."""
        if self._secrets is not None:
            entry = entry_of_registration(registration.issuer, registration.redirect_uri)
            await self._secrets.write(entry, registration.model_dump_json())

    async def forget_registration(self, issuer: str, redirect_uri: str) -> None:
        """Delete a registration the issuer no longer knows."""
        if self._secrets is not None:
            await self._secrets.remove(entry_of_registration(issuer, redirect_uri))

    async def _load(self, entry: str) -> Grant | None:
        text = await self._secrets.read(entry) if self._secrets is not None else None
        return parse_grant(text) if text is not None else None


def _bound_name(provider_name: str, resource: str) -> str:
    """Return the name under which a store of access tokens alone keeps those of one server."""
    return f"{provider_name}@{resource}" if resource else provider_name


def _remembered(token: str | None) -> str | None:
    if token:
        remember_secret(token)
    return token
