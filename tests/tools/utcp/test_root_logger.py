"""The UTCP packages configure logging when they are imported, which must not reach the application."""

from __future__ import annotations

import logging
import subprocess
import sys

import pytest

from penguiflow.tools._utcp.root_logger import root_logger_kept


@pytest.mark.process
def test_loading_and_failing_prints_nothing_and_leaves_logging_alone() -> None:
    program = """
import asyncio, logging, sys
import penguiflow.tools
assert not {"utcp", "utcp_http", "aiohttp"} & set(sys.modules)
from penguiflow.registry import ModelRegistry
from penguiflow.tools import ExternalToolConfig, ToolNode, ToolNodeError

async def main():
    config = ExternalToolConfig(name="a", transport="utcp", connection="http://127.0.0.1:9", timeout_s=2)
    try:
        await ToolNode(config, ModelRegistry()).connect()
    except ToolNodeError:
        pass

asyncio.run(main())
assert "utcp_http" in sys.modules
root = logging.getLogger()
assert (root.handlers, root.level) == ([], logging.WARNING)
"""
    command = [sys.executable, "-W", "default", "-c", program]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_handlers_of_the_application_stay() -> None:
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    own = logging.NullHandler()
    root.addHandler(own)
    try:
        with root_logger_kept():
            logging.basicConfig(level=logging.DEBUG)
        assert (root.handlers, root.level) == ([*before, own], level)
    finally:
        root.removeHandler(own)
