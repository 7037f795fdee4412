"""What tests of a real client share."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest

from penguiflow.llm._package import load_litellm


@pytest.fixture
async def nothing_left_behind() -> AsyncIterator[None]:
    """Whatever a test does, no task of litellm may outlive the call.

    litellm is imported before, so that no bounded wait of a test includes that.
    """
    await asyncio.to_thread(load_litellm)
    before = asyncio.all_tasks()
    yield
    left = {task for task in asyncio.all_tasks() - before if task is not asyncio.current_task()}
    if left:
        # asyncio closes a generator that was garbage collected in a task of its own, which ends at once.
        _, left = await asyncio.wait(left, timeout=5)
    assert left == set()
