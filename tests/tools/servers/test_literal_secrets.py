"""What of a definition is a credential, and the variable that takes its place."""

from __future__ import annotations

from typing import Any

import pytest

from penguiflow.tools._other_clients.literal_secrets import LiteralSecrets, looks_random
from penguiflow.tools._other_clients.merging import merged

RANDOM = "a1B2c3D4e5F6g7H8i9"


def replaced(**definition: Any) -> Any:
    (key,) = definition
    return LiteralSecrets().replaced("my-srv", definition)[key]


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("API_KEY", "secret", "${API_KEY}"),
        ("LINEAR_KEY", "lin", "${LINEAR_KEY}"),
        ("GITHUB_PAT", "x", "${GITHUB_PAT}"),
        ("my.token", "x", "${MY_SRV_MY_TOKEN}"),
        ("ANYTHING", RANDOM, "${ANYTHING}"),
        ("DATABASE_URL", "postgres://u:p@h/db", "${DATABASE_URL}"),
        ("ORG", "5f1c2d3e-0000-4000-8000-a1b2c3d4e5f6", "${ORG}"),
        ("API_KEY", "${API_KEY}", "${API_KEY}"),
        ("API_KEY", "${OTHER:-x}", "${OTHER:-x}"),
        ("API_KEY", "", ""),
        ("MODE", "fast", "fast"),
        ("FOLDER", "/home/me/projects-2024/data", "/home/me/projects-2024/data"),
        ("PORT", "8080", "8080"),
        ("NODE_OPTIONS", "--max-old-space-size=4096", "--max-old-space-size=4096"),
    ],
)
def test_the_environment(name: str, value: str, written: str) -> None:
    assert replaced(env={name: value}) == {name: written}


@pytest.mark.parametrize(
    ("name", "value", "written"),
    [
        ("Authorization", "Bearer abc", "Bearer ${MY_SRV_TOKEN}"),
        ("Authorization", "abc", "${MY_SRV_TOKEN}"),
        ("Authorization", "Bearer ${KEY}", "Bearer ${KEY}"),
        ("X-Api-Key", "abc", "${MY_SRV_X_API_KEY}"),
        ("Cookie", "session=abc", "${MY_SRV_COOKIE}"),
        ("X-Other", RANDOM, "${MY_SRV_X_OTHER}"),
        ("Accept", "application/json", "application/json"),
    ],
)
def test_headers(name: str, value: str, written: str) -> None:
    assert replaced(headers={name: value}) == {name: written}


@pytest.mark.parametrize(
    ("url", "written"),
    [
        ("https://h.example/mcp", "https://h.example/mcp"),
        ("https://h.example/mcp?api_key=abc&x=1", "https://h.example/mcp?api_key=${MY_SRV_API_KEY}&x=1"),
        ("https://me:pw@h.example/mcp", "https://me:${MY_SRV_PASSWORD}@h.example/mcp"),
        ("https://tok@h.example/", "https://${MY_SRV_USER}@h.example/"),
        ("https://${U}@h.example/", "https://${U}@h.example/"),
        (f"https://h.example/s/{RANDOM}/mcp", "https://h.example/s/${MY_SRV_URL_KEY}/mcp"),
        (f"https://{RANDOM}.example/mcp", f"https://{RANDOM}.example/mcp"),
        ("https://h.example/a-long-but-harmless-name/mcp", "https://h.example/a-long-but-harmless-name/mcp"),
    ],
)
def test_urls(url: str, written: str) -> None:
    assert replaced(url=url) == written


@pytest.mark.parametrize(
    ("words", "written"),
    [
        (["--token", "abc", "--port", "80"], ["--token", "${MY_SRV_TOKEN}", "--port", "80"]),
        (["--api-key=abc"], ["--api-key=${MY_SRV_API_KEY}"]),
        (["--key", "abc"], ["--key", "${MY_SRV_KEY}"]),
        (["--token", "${T}"], ["--token", "${T}"]),
        (["--token", "--verbose"], ["--token", "--verbose"]),
        (["--header", "Authorization: Bearer abc"], ["--header", "Authorization: Bearer ${MY_SRV_TOKEN}"]),
        (["API_TOKEN=abc"], ["API_TOKEN=${MY_SRV_API_TOKEN}"]),
        (["https://h.example?token=abc"], ["https://h.example?token=${MY_SRV_TOKEN}"]),
        (["--url=https://h.example?key=abc"], ["--url=https://h.example?key=${MY_SRV_KEY}"]),
        ([RANDOM, "sk-abcdefghijklmnopqrstuv"], ["${MY_SRV_ARGUMENT}", "${MY_SRV_ARGUMENT_2}"]),
        (["-y", "@scope/server-everything@2025.9.12", 7], ["-y", "@scope/server-everything@2025.9.12", 7]),
        (["--no-auth", "x", "/data/folder"], ["--no-auth", "x", "/data/folder"]),
    ],
)
def test_words_of_a_command(words: list[Any], written: list[Any]) -> None:
    assert replaced(args=words) == written


def test_two_servers_with_different_values_of_one_name_get_two_variables() -> None:
    servers: list[Any] = [
        ("a", {"env": {"A_KEY": "1"}}),
        ("b", {"env": {"A_KEY": "2"}}),
        ("c", {"env": {"A_KEY": "1"}}),
    ]
    result = merged(None, servers, replace=False)
    assert [(variable.server, variable.name) for variable in result.variables] == [
        ("a", "A_KEY"),
        ("b", "B_A_KEY"),
        ("c", "A_KEY"),
    ]


def test_variables_of_the_system_and_those_with_a_default_need_no_export() -> None:
    result = merged(None, [("a", {"args": ["${HOME}", "${X:-1}", "${Y}", "${env:Z}"]})], replace=False)
    assert [(variable.name, variable.place) for variable in result.variables] == [
        ("Y", "args 3"),
        ("Z", "args 4"),
    ]


@pytest.mark.parametrize(
    "text", ["documentation", "2024-01-01", "server-everything", "a" * 40, "1" * 40, "/usr/lib64"]
)
def test_words_are_not_random(text: str) -> None:
    assert not looks_random(text)
