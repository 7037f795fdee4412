"""Which conversation a call continues."""

from __future__ import annotations

import re
import uuid
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.planner._memory.keys import EphemeralKey, ephemeral_key, key_in
from penguiflow.planner.memory import MemoryIsolation, MemoryKey

PARTS = st.text(alphabet=st.sampled_from("a:\\"), max_size=4) | st.text(max_size=6)
KEYS = st.builds(MemoryKey, tenant_id=PARTS, user_id=PARTS, session_id=PARTS)
SESSION_ID = uuid.UUID("00000000-0000-4000-8000-000000000001")


def test_a_key_of_plain_parts_reads_as_they_are() -> None:
    assert MemoryKey("acme", "user123", "sess-abc").composite() == "acme:user123:sess-abc"


@given(KEYS)
def test_a_key_can_be_read_back_from_its_text_so_no_two_look_alike(key: MemoryKey) -> None:
    parts = re.findall(r"(?:^|:)((?:[^:\\]|\\.)*)", key.composite(), re.DOTALL)
    assert MemoryKey(*(re.sub(r"\\(.)", r"\1", part, flags=re.DOTALL) for part in parts)) == key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (("a:b", "c", "d"), ("a", "b:c", "d")),
        (("a\\", "b", "c:d"), ("a:b", "c\\", "d")),
        (("a", "", "b"), ("a:", "", "b")),
    ],
)
def test_separators_inside_parts_do_not_mix_tenants(
    one: tuple[str, str, str], other: tuple[str, str, str]
) -> None:
    assert MemoryKey(*one).composite() != MemoryKey(*other).composite()


@pytest.mark.parametrize(
    ("context", "key"),
    [
        ({"session_id": "s"}, MemoryKey("default", "anonymous", "s")),
        ({"tenant_id": " t ", "user_id": "u", "session_id": " s\n"}, MemoryKey("t", "u", "s")),
        ({"tenant_id": "", "user_id": None, "session_id": "s"}, MemoryKey("default", "anonymous", "s")),
        ({"tenant_id": 7, "session_id": SESSION_ID}, MemoryKey("7", "anonymous", str(SESSION_ID))),
        ({}, None),
        ({"tenant_id": "t", "user_id": "u"}, None),
        ({"session_id": "  "}, None),
    ],
)
def test_a_key_is_read_from_the_tool_context(context: dict[str, Any], key: MemoryKey | None) -> None:
    assert key_in(context, MemoryIsolation()) == key


@pytest.mark.parametrize("part", [object(), True, 1.5, ["t"], {"id": "t"}])
@pytest.mark.parametrize("name", ["tenant_id", "user_id", "session_id"])
def test_a_part_that_is_no_identifier_turns_the_memory_off_instead_of_falling_back(
    name: str, part: object
) -> None:
    assert key_in({"session_id": "s", name: part}, MemoryIsolation()) is None


def test_a_path_leads_through_nested_mappings() -> None:
    isolation = MemoryIsolation(tenant_key="org.id", user_key="org.who.id", session_key="chat.id")
    context = {"org": {"id": "acme", "who": {"id": "ann"}}, "chat": {"id": "c1"}}
    assert key_in(context, isolation) == MemoryKey("acme", "ann", "c1")
    assert key_in({"chat": {"id": "c1"}}, isolation) == MemoryKey("default", "anonymous", "c1")
    assert key_in({"org": "acme", "chat": {"id": "c1"}}, isolation) is None


@pytest.mark.parametrize("name", ["tenant_key", "user_key", "session_key"])
@pytest.mark.parametrize("path", ["", "  ", None])
def test_an_empty_path_is_refused(name: str, path: Any) -> None:
    with pytest.raises(ValueError, match=f"{name} must be a non-empty string"):
        MemoryIsolation(**{name: path})


def test_every_call_without_a_key_gets_one_of_its_own() -> None:
    ids = iter(["one", "two"])
    first, second = ephemeral_key(lambda: next(ids)), ephemeral_key(lambda: next(ids))
    assert isinstance(first, EphemeralKey)
    assert first.composite() != second.composite()
