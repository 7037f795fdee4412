from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.servers import free_port, nats_server, redis_server

EXAMPLE = Path(__file__).parents[2] / "examples" / "message_bus" / "flow.py"

PRINTED = """\
OpenSea->weigh: {'fish': 'herring'}
weigh->label: {'fish': 'herring', 'weight_g': 200}
label->Rookery: {'fish': 'herring', 'weight_g': 200, 'label': 'fresh'}
"""

pytestmark = pytest.mark.process


def run(**settings: str) -> tuple[int, str, str]:
    environment = {name: value for name, value in os.environ.items() if name not in ("REDIS_URL", "NATS_URL")}
    done = subprocess.run(
        [sys.executable, str(EXAMPLE)],
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
        env={**environment, **settings},
    )
    return done.returncode, done.stdout, done.stderr


def test_without_a_server_each_item_is_printed_on_each_edge() -> None:
    assert run() == (0, PRINTED, "")


def test_with_redis_the_items_are_sent_there(tmp_path: Path) -> None:
    with redis_server(tmp_path) as server:
        assert run(REDIS_URL=server.url) == (0, "sent: 3, not sent: 0, problem: None\n", "")


def test_with_nats_the_items_are_sent_there(tmp_path: Path) -> None:
    with nats_server(tmp_path, "-js") as server:
        assert run(NATS_URL=server.url) == (0, "sent: 3, not sent: 0, problem: None\n", "")


def test_with_a_server_that_is_not_there_the_example_ends_and_says_so() -> None:
    code, printed, told = run(REDIS_URL=f"redis://127.0.0.1:{free_port()}/0")

    assert code == 0
    assert printed.startswith("sent: 0, not sent: 3, problem: ConnectionError: ")
    assert told.splitlines() == ["message_bus_unreachable", "message_bus_unsent"]
