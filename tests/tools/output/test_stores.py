"""Stores of other people, as results meet them."""

from __future__ import annotations

import logging
from typing import Any

import pytest

from penguiflow.artifacts import InMemoryArtifactStore
from penguiflow.tools._output.stores import artifact_store_of, is_still_there, keep


class OwnStore:
    """Takes what is put, and answers as it likes."""

    def __init__(self, answer: object) -> None:
        self.answer = answer

    async def put_bytes(self, data: bytes, **about: object) -> object:
        return self.answer

    async def put_text(self, text: str, **about: object) -> object:
        return self.answer

    async def exists(self, artifact_id: str) -> bool:
        raise OSError(artifact_id)


class Silent:
    """Answers to any name, as a mock does, and to none of them usefully."""

    def __getattr__(self, name: str) -> object:
        return lambda *args, **kwargs: None


async def test_a_ref_may_be_a_mapping() -> None:
    kept = await keep(OwnStore({"id": "own_1"}), "text", mime_type="text/plain", namespace="desk")

    assert kept is not None
    assert (kept.id, kept.record, kept.is_stored) == ("own_1", {"id": "own_1"}, True)


@pytest.mark.parametrize("store", [OwnStore(None), OwnStore("own_1"), Silent()])
async def test_a_store_that_gives_no_ref_took_nothing(store: Any, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING, "penguiflow.tools"):
        assert await keep(store, b"bytes", mime_type="a/b", namespace="desk") is None

    assert "an artifact of `desk` was not stored: TypeError" in caplog.text


async def test_a_store_that_cannot_tell_has_it_no_longer() -> None:
    assert not await is_still_there(OwnStore(None), "own_1")
    store = InMemoryArtifactStore()
    ref = await store.put_text("text")
    assert await is_still_there(store, ref.id)


@pytest.mark.parametrize("ctx", [None, object(), {"artifacts": 1}])
def test_a_context_need_not_have_a_store(ctx: object) -> None:
    assert artifact_store_of(ctx) is None
