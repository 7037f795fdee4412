from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "toolnode_presets" / "presets.py"

PRINTED = """\
brave-search  npx -y @anthropic/mcp-server-brave-search               BRAVE_API_KEY
duckduckgo    npx -y duckduckgo-mcp-server                            none
filesystem    npx -y @modelcontextprotocol/server-filesystem /data    none
github        npx -y @modelcontextprotocol/server-github              oauth2_user
google-drive  npx -y @anthropic/mcp-server-google-drive               oauth2_user
postgres      npx -y @modelcontextprotocol/server-postgres            DATABASE_URL
redis         uvx --from redis-mcp-server@latest redis-mcp-server     REDIS_HOST, REDIS_PORT
slack         npx -y @modelcontextprotocol/server-slack               oauth2_user
notes: npx -y @modelcontextprotocol/server-filesystem ./notes, takes write_file: False
"""


@pytest.mark.process
def test_the_presets_are_listed_and_a_copy_of_one_differs() -> None:
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)], capture_output=True, text=True, timeout=30, check=False
    )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")
