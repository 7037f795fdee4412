"""Where tokens are kept: never readable by others, never in plain text by accident (T11)."""

from __future__ import annotations

import asyncio
import contextlib
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import keyring.backend
import keyring.backends.fail
import keyring.backends.null
import keyring.errors
import pytest
from hypothesis import given
from hypothesis import strategies as st

from penguiflow.tools._oauth.stores import entry_of_grant, entry_of_registration
from penguiflow.tools.errors import ToolAuthError
from penguiflow.tools.oauth import (
    FileTokenStore,
    InMemoryTokenStore,
    KeyringTokenStore,
    SecretStore,
    keyring_or_memory,
)

CANARY = "token-canary-7f3a"


class DictKeyring(keyring.backend.KeyringBackend):
    """A keyring that works."""

    priority = 1  # type: ignore[assignment]  # the base declares a class property

    def __init__(self) -> None:
        super().__init__()
        self.kept: dict[tuple[str, str], str] = {}

    def get_password(self, service: str, username: str) -> str | None:
        return self.kept.get((service, username))

    def set_password(self, service: str, username: str, password: str) -> None:
        self.kept[service, username] = password

    def delete_password(self, service: str, username: str) -> None:
        if (service, username) not in self.kept:
            raise keyring.errors.PasswordDeleteError("not there")
        del self.kept[service, username]


class LockedKeyring(DictKeyring):
    """A keyring whose owner did not unlock it."""

    def get_password(self, service: str, username: str) -> str | None:
        raise keyring.errors.KeyringLocked(f"{username} is locked")


class PlaintextKeyring(DictKeyring):
    """A keyring that is a readable file."""


MAKERS: dict[str, Callable[[Path], SecretStore]] = {
    "memory": lambda folder: InMemoryTokenStore(),
    "keyring": lambda folder: KeyringTokenStore(backend=DictKeyring()),
    "file": lambda folder: FileTokenStore(folder / "a" / "tokens.json"),
    "sealed file": lambda folder: FileTokenStore(folder / "tokens.json", "open sesame"),
}


@pytest.fixture(params=MAKERS.values(), ids=MAKERS.keys())
def store(request: pytest.FixtureRequest, tmp_path: Path) -> SecretStore:
    make: Callable[[Path], SecretStore] = request.param
    return make(tmp_path)


async def test_every_store_keeps_the_tokens_of_each_user_apart(store: SecretStore) -> None:
    assert isinstance(store, SecretStore)
    await store.store("ann", "srv", "ann-token", None)
    await store.store("ben", "srv", "ben-token", None)
    await store.store("ann", "other", "other-token", None)
    await store.delete("ann", "other")
    await store.delete("nobody", "srv")
    assert await store.get("ann", "srv") == "ann-token"
    assert await store.get("ben", "srv") == "ben-token"
    assert await store.get("ann", "other") is None


async def test_every_store_forgets_an_expired_token(store: SecretStore) -> None:
    await store.store("ann", "srv", CANARY, 1.0)
    assert await store.get("ann", "srv") is None
    assert await store.read(entry_of_grant("ann", "srv")) is None


async def test_every_store_keeps_any_text_and_removes_it(store: SecretStore) -> None:
    async with store.exclusive("entry"):
        await store.write("entry", 'ünï"\n\u202e')
    assert await store.read("entry") == 'ünï"\n\u202e'
    await store.remove("entry")
    await store.remove("entry")
    assert await store.read("entry") is None


async def test_every_store_lets_one_change_an_entry_at_a_time(store: SecretStore) -> None:
    inside = 0

    async def take_turn() -> None:
        nonlocal inside
        async with store.exclusive("entry"):
            inside += 1
            assert inside == 1
            await store.write("entry", "x")
            inside -= 1

    await asyncio.gather(*[take_turn() for _ in range(5)])


async def test_a_damaged_entry_counts_as_no_token(store: SecretStore) -> None:
    await store.write(entry_of_grant("ann", "srv"), '{"access_token": 7')
    assert await store.get("ann", "srv") is None


@given(st.lists(st.tuples(st.text(), st.text(), st.text()), min_size=2, max_size=2, unique=True))
def test_no_two_people_or_servers_share_an_entry(triples: list[tuple[str, str, str]]) -> None:
    with contextlib.suppress(UnicodeEncodeError):  # a lone surrogate is no text
        first, second = (entry_of_grant(*triple) for triple in triples)
        assert first != second


def test_a_registration_is_no_token() -> None:
    assert not entry_of_registration("a", "b").startswith(entry_of_grant("", "")[:6])


def test_a_file_and_its_new_folder_are_for_the_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "tokens.json"
    asyncio.run(FileTokenStore(path).store("ann", "srv", CANARY, None))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert all(stat.S_IMODE(file.stat().st_mode) == 0o600 for file in path.parent.iterdir())
    assert not list(path.parent.glob("*.part"))


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o660, 0o666])
async def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    store = FileTokenStore(tmp_path / "tokens.json")
    await store.store("ann", "srv", CANARY, None)
    (tmp_path / "tokens.json").chmod(mode)
    with pytest.raises(ToolAuthError, match="others can read the tokens") as caught:
        await store.get("ann", "srv")
    assert "chmod 600" in str(caught.value.hint)
    with pytest.raises(ToolAuthError, match="others can read the tokens"):
        await store.store("ann", "srv", CANARY, None)


def test_a_folder_that_others_can_write_to_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o777)
    with pytest.raises(ToolAuthError, match="others can replace files"):
        asyncio.run(FileTokenStore(tmp_path / "tokens.json").store("ann", "srv", CANARY, None))
    assert list(tmp_path.iterdir()) == []


async def test_a_link_in_the_place_of_the_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").write_text("{}")
    (tmp_path / "tokens.json").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ToolAuthError, match="cannot be read"):
        await FileTokenStore(tmp_path / "tokens.json").get("ann", "srv")


@pytest.mark.parametrize(
    "content", ["", "{", "[]", '{"version": 2, "entries": {}}', '{"version": 1}', "\x00"]
)
async def test_a_damaged_file_says_which_and_what_to_do(tmp_path: Path, content: str) -> None:
    path = tmp_path / "tokens.json"
    path.touch(mode=0o600)
    path.write_text(content)
    with pytest.raises(ToolAuthError, match="is damaged") as caught:
        await FileTokenStore(path).get("ann", "srv")
    assert f"delete it and sign in again: {path}" == caught.value.hint


async def test_a_sealed_file_holds_no_token_and_opens_with_its_passphrase_only(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    await FileTokenStore(path, "open sesame").store("ann", "srv", CANARY, None)
    assert CANARY not in path.read_text()
    assert await FileTokenStore(path, "open sesame").get("ann", "srv") == CANARY
    with pytest.raises(ToolAuthError, match="the passphrase is not the one"):
        await FileTokenStore(path, "open says me").get("ann", "srv")
    with pytest.raises(ToolAuthError, match="are encrypted"):
        await FileTokenStore(path).get("ann", "srv")


async def test_a_sealed_file_that_was_changed_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    await FileTokenStore(path, "open sesame").store("ann", "srv", CANARY, None)
    content = json.loads(path.read_text())
    content["sealed"] = content["sealed"][:-8] + "AAAAAAA="
    path.write_text(json.dumps(content))
    with pytest.raises(ToolAuthError, match="or the file was changed"):
        await FileTokenStore(path, "open sesame").get("ann", "srv")


async def test_a_readable_file_is_not_taken_for_a_sealed_one(tmp_path: Path) -> None:
    path = tmp_path / "tokens.json"
    await FileTokenStore(path).store("ann", "srv", CANARY, None)
    with pytest.raises(ToolAuthError, match="are not encrypted, though a passphrase is given"):
        await FileTokenStore(path, "open sesame").store("ben", "srv", CANARY, None)


@pytest.mark.process
def test_processes_that_share_a_file_lose_nothing(tmp_path: Path) -> None:
    program = """
import asyncio, sys
from penguiflow.tools.oauth import FileTokenStore

async def main(path, user):
    store = FileTokenStore(path)
    for number in range(10):
        async with store.exclusive("turn"):
            count = int(await store.read("count") or "0")
            await store.write("count", str(count + 1))
        await store.store(user, str(number), "some-token", None)

asyncio.run(main(*sys.argv[1:]))
"""
    path = tmp_path / "tokens.json"
    command = [sys.executable, "-c", program, str(path)]
    running = [subprocess.Popen([*command, user]) for user in ("ann", "ben")]
    assert [process.wait(timeout=30) for process in running] == [0, 0]
    store = FileTokenStore(path)
    assert asyncio.run(store.read("count")) == "20"
    for user in ("ann", "ben"):
        assert asyncio.run(store.get(user, "9")) == "some-token"


async def test_who_gives_up_waiting_for_a_turn_leaves_it_to_the_next(tmp_path: Path) -> None:
    first, second = (FileTokenStore(tmp_path / "tokens.json") for _ in range(2))
    async with first.exclusive("entry"):
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(_turn(second), timeout=0.05)
    async with asyncio.timeout(5), second.exclusive("entry"):
        pass


async def _turn(store: FileTokenStore) -> None:
    async with store.exclusive("entry"):
        pass


@pytest.mark.parametrize("backend", [keyring.backends.fail.Keyring(), keyring.backends.null.Keyring()])
async def test_a_machine_without_a_keyring_keeps_tokens_in_memory_and_says_so(
    backend: keyring.backend.KeyringBackend,
) -> None:
    store, why = await keyring_or_memory(backend=backend)
    assert isinstance(store, InMemoryTokenStore)
    assert why == "this machine has no keyring"
    with pytest.raises(ToolAuthError, match="this machine has no keyring") as caught:
        await KeyringTokenStore(backend=backend).store("ann", "srv", CANARY, None)
    assert "FileTokenStore" in str(caught.value.hint)


async def test_a_keyring_that_does_not_encrypt_is_not_used() -> None:
    backend = PlaintextKeyring()
    store, why = await keyring_or_memory(backend=backend)
    assert isinstance(store, InMemoryTokenStore)
    assert "does not encrypt" in str(why)
    with pytest.raises(ToolAuthError, match="does not encrypt"):
        await KeyringTokenStore(backend=backend).store("ann", "srv", CANARY, None)
    assert backend.kept == {}


async def test_a_locked_keyring_is_an_error_without_the_names_of_entries() -> None:
    with pytest.raises(ToolAuthError, match="KeyringLocked") as caught:
        await KeyringTokenStore(backend=LockedKeyring()).get("ann", "srv")
    assert "grant:" not in str(caught.value)
    _, why = await keyring_or_memory(backend=LockedKeyring())
    assert why is not None


async def test_a_keyring_that_works_is_used() -> None:
    backend = DictKeyring()
    store, why = await keyring_or_memory("my-program", backend)
    assert why is None
    await store.store("ann", "srv", CANARY, None)
    ((service, entry),) = backend.kept
    assert (service, entry) == ("my-program", "grant:ann:srv:")
