"""Settings files of other MCP clients, written and read back."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from penguiflow.tools.other_clients import ClientFile, ClientName, ClientServer, read_client


def servers_of(folder: Path, client: ClientName, document: Any) -> list[ClientServer]:
    """Write the settings of a client, given as JSON or as text, and return the servers in them."""
    path = folder / f"{client}.settings"
    path.write_text(document if isinstance(document, str) else json.dumps(document), encoding="utf-8")
    return read_client(ClientFile(client=client, path=path), cwd=folder)
