"""A person with a browser for loopback pages, clocks to be late by, and a program's own token store."""

from __future__ import annotations

import httpx


class Clock:
    """A clock that a test sets."""

    def __init__(self, now: float = 1_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class OnlyTokens:
    """A token store of a program, with the three documented methods."""

    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], tuple[str, float | None]] = {}

    async def store(self, user_id: str, provider: str, token: str, expires_at: float | None) -> None:
        self.kept[user_id, provider] = token, expires_at

    async def get(self, user_id: str, provider: str) -> str | None:
        return self.kept[user_id, provider][0] if (user_id, provider) in self.kept else None

    async def delete(self, user_id: str, provider: str) -> None:
        self.kept.pop((user_id, provider), None)


async def allow(auth_url: str) -> str:
    """Open the sign-in page and allow the access; return the URL the person is sent back to."""
    async with httpx.AsyncClient(verify=False) as browser:
        answer = await browser.get(auth_url)
    assert answer.status_code in (302, 303, 307), answer.text
    return answer.headers["location"]


async def come_back(redirect_url: str) -> httpx.Response:
    """Open the page that the person is sent back to."""
    async with httpx.AsyncClient(verify=False) as browser:
        return await browser.get(redirect_url)
