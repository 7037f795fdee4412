from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.servers import redis_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "memory_redis" / "main.py"

PRINTED = """\
kept in: RedisMemoryStore
Which cabin do I have? -> I do not know.
I have cabin number 7. -> Number 7.
Which cabin do I have? -> Number 7.
"""


@pytest.mark.process
def test_the_conversation_is_kept_in_a_real_redis(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        done = subprocess.run(
            [sys.executable, str(EXAMPLE)],
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
            env={**os.environ, "REDIS_URL": server.url},
        )

    assert (done.returncode, done.stdout, done.stderr) == (0, PRINTED, "")
