"""A project full of secrets, and a model that repeats what it was told."""

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from tests.fakes import mcp_tiny
from tests.fakes.openai_server import ReceivedRequest, Reply, Says
from tests.leaks.canaries import Canaries

LOG_IN, BREAK_IN, EDIT = "log in", "break in", "let me edit"
VISIBLE = "nothing-secret-about-this-one"
"""Stands beside the secrets, so that a search that finds nothing is known to look at the right places."""


def write_project(folder: Path, secrets: Canaries, server_url: str) -> None:
    """Write the servers of the project: one over stdio, two over HTTP."""
    with_password = server_url.replace("://", f"://somebody:{quote(secrets.url_password, safe='')}@")
    servers = {
        "tiny": {
            "command": sys.executable,
            "args": [mcp_tiny.__file__, "--token", secrets.command_option],
            "env": {"SERVICE_TOKEN": secrets.stdio_variable, "SERVICE": "${STDIO_REFERENCE}"},
        },
        "web": {
            "url": server_url,
            "headers": {"Authorization": "Bearer ${HEADER_REFERENCE}", "X-Api-Key": secrets.header},
        },
        "wiki": {"url": with_password},
    }
    (folder / ".mcp.json").write_text(json.dumps({"mcpServers": servers}))


def environment_of(secrets: Canaries) -> Mapping[str, str]:
    """Return the variables under which the agent works."""
    return {
        "OPENAI_API_KEY": secrets.api_key,
        "STDIO_REFERENCE": secrets.stdio_reference,
        "HEADER_REFERENCE": secrets.header_reference,
        "LEAKY_DIARY": secrets.local,
        "SOME_PASSWORD": secrets.environment,
    }


class Parrot:
    """Decides for the model: calls what the question asks for, then every server, and repeats its own key."""

    def __init__(self, secrets: Canaries) -> None:
        self._secrets = secrets
        self.keys_seen: set[str] = set()

    def __call__(self, request: ReceivedRequest) -> Reply:
        key = request.headers["authorization"].removeprefix("Bearer ")
        self.keys_seen.add(key)
        asked = json.loads(
            next(m["content"] for m in reversed(request.messages) if '"query"' in m["content"])
        )
        steps = sum(message["role"] == "assistant" for message in request.messages)
        return Says(json.dumps(self._action(asked["query"], steps, key)), chunk_chars=8)

    def _action(self, question: str, steps: int, key: str) -> Mapping[str, Any]:
        account = {"user": VISIBLE, "password": self._secrets.argument, "pin": int(self._secrets.pin)}
        calls: list[tuple[str, Mapping[str, Any]]] = [
            ("break_in" if question == BREAK_IN else "log_in", account),
            ("tiny.environment", {}),
            ("tiny.echo", {"text": f"{key} {VISIBLE}"}),
            ("web.authorization", {}),
            ("wiki.authorization", {}),
        ]
        if steps < len(calls):
            node, args = calls[steps]
            return {"thought": f"I use {key}.", "next_node": node, "args": args}
        hidden = base64.b64encode(f"k={key}".encode()).decode()
        answer = f"{VISIBLE}: {key}, {quote(key, safe='')} and {hidden}."
        return {"thought": "", "next_node": "final_response", "args": {"answer": answer}}
