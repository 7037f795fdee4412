"""The registry of actions is the truth about keys."""

from __future__ import annotations

from collections import Counter

from penguiflow_tui.app import WorkbenchApp
from penguiflow_tui.keys import ACTIONS, PLACE_TITLES, bindings_of
from penguiflow_tui.screens.help import help_text
from penguiflow_tui.screens.panes import PanesScreen
from penguiflow_tui.screens.replay import ReplayScreen
from penguiflow_tui.screens.review import ReviewScreen
from penguiflow_tui.screens.run import RunScreen
from penguiflow_tui.screens.sessions import SessionsScreen
from penguiflow_tui.screens.sign_in import SignInScreen
from penguiflow_tui.screens.tools import ToolsScreen
from penguiflow_tui.screens.trust import TrustScreen
from penguiflow_tui.widgets.approval_card import ApprovalCard
from penguiflow_tui.widgets.argument_form import ArgumentForm
from penguiflow_tui.widgets.composer import Composer
from penguiflow_tui.widgets.connections import Connections
from penguiflow_tui.widgets.detail_pane import DetailPane
from penguiflow_tui.widgets.reply_field import ReplyField
from penguiflow_tui.widgets.step_detail import StepDetail
from penguiflow_tui.widgets.text_pages import TextPages
from penguiflow_tui.widgets.tool_list import ToolList
from penguiflow_tui.widgets.trajectory import Trajectory
from penguiflow_tui.widgets.transcript import Transcript

OWNERS = {
    "everywhere": WorkbenchApp,
    "workbench": WorkbenchApp,
    "panes": PanesScreen,
    "run": RunScreen,
    "replay": ReplayScreen,
    "sessions": SessionsScreen,
    "pages": TextPages,
    "detail": StepDetail,
    "trajectory": Trajectory,
    "composer": Composer,
    "transcript": Transcript,
    "card": ApprovalCard,
    "form": ArgumentForm,
    "reply": ReplyField,
    "connections": Connections,
    "tools": ToolsScreen,
    "tool_list": ToolList,
    "whole_detail": DetailPane,
    "link": SignInScreen,
    "review": ReviewScreen,
    "trust": TrustScreen,
}


def test_ids_are_unique_and_every_place_has_a_title() -> None:
    assert [id_ for id_, count in Counter(action.id for action in ACTIONS).items() if count > 1] == []
    assert {action.place for action in ACTIONS} <= set(PLACE_TITLES)


def test_no_place_binds_a_key_twice() -> None:
    for place in PLACE_TITLES:
        keys = [key for action in ACTIONS if action.place == place for key in action.keys.split(",")]
        assert len(keys) == len(set(keys)), place


def test_every_action_has_a_method() -> None:
    for place, owner in OWNERS.items():
        for binding in bindings_of(place):  # type: ignore[arg-type] - the names of the table are places
            name = binding.action.partition("(")[0].rpartition(".")[2]
            assert hasattr(owner, f"action_{name}"), binding


def test_the_help_names_every_action() -> None:
    text = help_text(tuple(PLACE_TITLES)).plain
    assert [action.id for action in ACTIONS if action.description not in text] == []
