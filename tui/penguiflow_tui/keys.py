"""Every action of the workbench, once: the bindings, the help screen and the palette are made from here."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from textual.binding import Binding, BindingType

Place = Literal[
    "everywhere",
    "workbench",
    "panes",
    "run",
    "replay",
    "composer",
    "transcript",
    "card",
    "form",
    "reply",
    "sessions",
    "dialog",
    "pages",
    "trajectory",
    "detail",
    "log",
    "connections",
    "tools",
    "tool_list",
    "whole_detail",
    "link",
    "review",
    "trust",
]
"""Where the key works: in the whole application, on a screen, or while a widget has the focus."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAction:
    """One thing a person can do. `keys` is what is bound, `shown` how it is written for people.

    `action` is a Textual action; `footer` puts it into the last line of the screen, `in_palette` among the
    commands.
    """

    id: str
    place: Place
    keys: str
    shown: str
    action: str
    label: str
    description: str
    footer: bool = False
    in_palette: bool = False
    before_focus: bool = False  # taken before the focused widget sees the key


PLACE_TITLES: dict[Place, str] = {
    "everywhere": "Everywhere",
    "workbench": "Workbench",
    "panes": "Panes",
    "run": "Run screen",
    "replay": "Replay",
    "composer": "Composer",
    "transcript": "Chat",
    "card": "Approval card",
    "form": "Argument form",
    "reply": "Answer or reason",
    "sessions": "Session list",
    "dialog": "Dialogs",
    "pages": "Whole text",
    "trajectory": "Trajectory",
    "detail": "Step detail",
    "log": "Event log",
    "connections": "Tool connections",
    "tools": "Tools screen",
    "tool_list": "Tools of a connection",
    "whole_detail": "Connection or tool in full",
    "link": "Sign-in",
    "review": "Changed tools",
    "trust": "Servers of a project",
}

# fmt: off
ACTIONS: tuple[KeyAction, ...] = (
    KeyAction(id="help", place="everywhere", keys="f1", shown="F1", action="app.help", label="Help",
              description="Show all keys", footer=True, in_palette=True, before_focus=True),
    KeyAction(id="palette", place="workbench", keys="ctrl+p", shown="Ctrl+P", action="app.command_palette",
              label="Commands", description="Search commands, sessions and tool connections", footer=True),
    KeyAction(id="sessions", place="workbench", keys="ctrl+o", shown="Ctrl+O", action="app.sessions",
              label="Sessions", description="Open a stored session", footer=True, in_palette=True,
              before_focus=True),
    KeyAction(id="new-session", place="workbench", keys="ctrl+n", shown="Ctrl+N", action="app.new_session",
              label="New session", description="Begin a new session", in_palette=True, before_focus=True),
    KeyAction(id="load-again", place="workbench", keys="ctrl+l", shown="Ctrl+L", action="app.load_again",
              label="Load again", description="Load the agent again after it could not be loaded"),
    KeyAction(id="quit", place="everywhere", keys="ctrl+q", shown="Ctrl+Q", action="app.quit", label="Quit",
              description="Leave the workbench; asks first while the agent works", footer=True,
              in_palette=True, before_focus=True),
    KeyAction(id="copy-or-hint", place="everywhere", keys="ctrl+c", shown="Ctrl+C", action="app.help_quit",
              label="Copy", description="Copy the selected text; never ends anything"),

    KeyAction(id="next-pane", place="panes", keys="tab", shown="Tab", action="screen.pane(1)",
              label="Next pane", description="Go to the next pane"),
    KeyAction(id="previous-pane", place="panes", keys="shift+tab", shown="Shift+Tab",
              action="screen.pane(-1)", label="Previous pane", description="Go to the previous pane"),
    KeyAction(id="interrupt", place="run", keys="escape", shown="Esc", action="screen.interrupt",
              label="Stop", description="Stop the run that works; what you typed stays",
              footer=True, in_palette=True),
    KeyAction(id="show-card", place="run", keys="ctrl+g", shown="Ctrl+G", action="screen.show_card",
              label="Answer", description="Open the request that waits for you", footer=True, in_palette=True,
              before_focus=True),
    KeyAction(id="chat", place="panes", keys="f2", shown="F2", action="screen.show_pane('chat')",
              label="Chat", description="Go to the chat", in_palette=True, before_focus=True),
    KeyAction(id="steps", place="panes", keys="f3", shown="F3", action="screen.show_pane('steps')",
              label="Steps", description="Go to the trajectory", in_palette=True, before_focus=True),
    KeyAction(id="log", place="panes", keys="f4", shown="F4", action="screen.show_pane('log')", label="Log",
              description="Go to the event log", in_palette=True, before_focus=True),
    KeyAction(id="tools", place="panes", keys="f5", shown="F5", action="screen.show_pane('tools')",
              label="Tools", description="Go to the tool connections", in_palette=True, before_focus=True),

    KeyAction(id="play", place="replay", keys="space", shown="Space", action="screen.play",
              label="Play or pause", description="Pause, go on, or after the end begin again",
              before_focus=True),
    KeyAction(id="next-event", place="replay", keys="full_stop,right", shown=".", action="screen.next_event",
              label="Next event", description="Pause, and play the next event"),
    KeyAction(id="faster", place="replay", keys="plus,equals_sign", shown="+", action="screen.faster",
              label="Faster", description="Play faster: up to 16x, then all at once"),
    KeyAction(id="slower", place="replay", keys="minus", shown="-", action="screen.slower", label="Slower",
              description="Play slower"),
    KeyAction(id="replay-start", place="replay", keys="home", shown="Home", action="screen.to_start",
              label="Start", description="Go back to the start"),
    KeyAction(id="replay-end", place="replay", keys="end", shown="End", action="screen.to_end", label="End",
              description="Go to the end"),
    KeyAction(id="leave-replay", place="replay", keys="escape,q", shown="Esc", action="screen.leave",
              label="Leave", description="Leave the replay"),

    KeyAction(id="send", place="composer", keys="enter", shown="Enter", action="send", label="Send",
              description="Ask the agent"),
    KeyAction(id="new-line", place="composer", keys="shift+enter,ctrl+j", shown="Ctrl+J", action="new_line",
              label="New line", description="Begin a new line (Shift+Enter where the terminal can tell it)"),
    KeyAction(id="earlier", place="composer", keys="ctrl+up", shown="Ctrl+Up", action="recall(-1)",
              label="Earlier", description="Bring back an earlier question"),
    KeyAction(id="later", place="composer", keys="ctrl+down", shown="Ctrl+Down", action="recall(1)",
              label="Later", description="Bring back a later question"),

    KeyAction(id="copy-answer", place="transcript", keys="c", shown="C", action="copy_answer", label="Copy",
              description="Copy the last answer", footer=True),
    KeyAction(id="to-end", place="transcript", keys="g,end", shown="End", action="follow", label="End",
              description="Go to the end and follow it"),

    KeyAction(id="approve", place="card", keys="a", shown="A", action="approve", label="Approve once",
              description="Run exactly the call that is shown"),
    KeyAction(id="edit", place="card", keys="e", shown="E", action="edit", label="Edit",
              description="Change the arguments before the call runs"),
    KeyAction(id="reject", place="card", keys="r", shown="R", action="reject", label="Reject",
              description="Do not run it, and tell the model why"),
    KeyAction(id="open-link", place="card", keys="o", shown="O", action="open_link", label="Open link",
              description="Open the link of a sign-in in a browser"),
    KeyAction(id="copy-link", place="card", keys="c", shown="C", action="copy_link", label="Copy link",
              description="Copy the link of a sign-in"),
    KeyAction(id="defer", place="card", keys="d", shown="D", action="defer", label="Later",
              description="Fold the card; the run goes on waiting"),
    KeyAction(id="read-down", place="card", keys="down,pagedown", shown="↓", action="read(1)", label="Down",
              description="Read more of the arguments"),
    KeyAction(id="read-up", place="card", keys="up,pageup", shown="↑", action="read(-1)", label="Up",
              description="Read back in the arguments"),

    KeyAction(id="run-edited", place="form", keys="ctrl+s", shown="Ctrl+S", action="submit",
              label="Run edited", description="Check the changed arguments and run the call with them"),
    KeyAction(id="raw-json", place="form", keys="ctrl+r", shown="Ctrl+R", action="toggle_json",
              label="Form or JSON", description="Edit the fields, or all arguments as JSON"),
    KeyAction(id="next-field", place="form", keys="tab", shown="Tab", action="field(1)", label="Next field",
              description="Go to the next field"),
    KeyAction(id="previous-field", place="form", keys="shift+tab", shown="Shift+Tab", action="field(-1)",
              label="Previous field", description="Go to the previous field"),
    KeyAction(id="leave-form", place="form", keys="escape", shown="Esc", action="leave", label="Back",
              description="Back to the card; your changes stay"),

    KeyAction(id="send-reply", place="reply", keys="enter", shown="Enter", action="submit_reply",
              label="Send", description="Send the reason or the answer"),
    KeyAction(id="leave-reply", place="reply", keys="escape", shown="Esc", action="leave_reply", label="Back",
              description="Back to the card; your text stays"),

    KeyAction(id="open-session", place="sessions", keys="enter", shown="Enter", action="open", label="open",
              description="Open the session"),
    KeyAction(id="replay-session", place="sessions", keys="p", shown="P", action="replay", label="replay",
              description="Watch what happened in the session; no agent runs"),
    KeyAction(id="fork-session", place="sessions", keys="f", shown="F", action="fork", label="fork",
              description="Begin a session that goes on from the last run of this one"),
    KeyAction(id="name-session", place="sessions", keys="r", shown="R", action="name", label="rename",
              description="Give the session a name"),
    KeyAction(id="archive-session", place="sessions", keys="a", shown="A", action="archive", label="archive",
              description="Put the session away, or take it back"),
    KeyAction(id="export-session", place="sessions", keys="x", shown="X", action="export", label="export",
              description="Write the session into a file of the project"),
    KeyAction(id="filter-sessions", place="sessions", keys="slash", shown="/", action="filter",
              label="filter", description="Show the sessions with these words only"),
    KeyAction(id="archived-sessions", place="sessions", keys="tab,A", shown="Tab", action="toggle_archived",
              label="archived", description="Show archived sessions, too, or hide them"),
    KeyAction(id="close-sessions", place="sessions", keys="escape", shown="Esc", action="back",
              label="close", description="One step back: out of a field, the filter, the list"),
    KeyAction(id="close-dialog", place="dialog", keys="escape,q", shown="Esc", action="close", label="Close",
              description="Close the dialog or the text", footer=True),

    KeyAction(id="next-part", place="pages", keys="n", shown="N", action="section(1)", label="Next part",
              description="Go to the next message or text", footer=True),
    KeyAction(id="previous-part", place="pages", keys="N,p", shown="P", action="section(-1)",
              label="Part before", description="Go to the message or text before", footer=True),
    KeyAction(id="copy-whole", place="pages", keys="c", shown="C", action="copy", label="Copy",
              description="Copy all of it", footer=True),

    KeyAction(id="next-error", place="trajectory", keys="n", shown="N", action="go_to_error(1)",
              label="Next error", description="Go to the next step or call that failed", footer=True),
    KeyAction(id="previous-error", place="trajectory", keys="N", shown="Shift+N", action="go_to_error(-1)",
              label="Previous error", description="Go to the previous step or call that failed"),
    KeyAction(id="fold", place="trajectory", keys="space,enter", shown="Enter", action="toggle_node",
              label="Fold", description="Fold or unfold the run or step"),
    KeyAction(id="latest-step", place="trajectory", keys="end,G", shown="End", action="latest",
              label="Latest", description="Go to the latest step and follow the run"),

    KeyAction(id="open-whole", place="detail", keys="o", shown="O", action="open_whole", label="Whole text",
              description="Read the whole prompt and reply, or the whole result", footer=True),
    KeyAction(id="copy-detail", place="detail", keys="c", shown="C", action="copy", label="Copy",
              description="Copy what is shown", footer=True),

    KeyAction(id="open-event", place="log", keys="enter", shown="Enter", action="open", label="Open",
              description="Show the whole event in the detail pane", footer=True),
    KeyAction(id="copy-event", place="log", keys="c", shown="C", action="copy", label="Copy",
              description="Copy the line", footer=True),
    KeyAction(id="log-end", place="log", keys="end,G", shown="End", action="last", label="End",
              description="Go to the last event and follow"),
    KeyAction(id="log-start", place="log", keys="home", shown="Home", action="first", label="Start",
              description="Go to the oldest event"),
    KeyAction(id="log-up", place="log", keys="up", shown="↑", action="move(-1)", label="Up",
              description="Go to the event before"),
    KeyAction(id="log-down", place="log", keys="down", shown="↓", action="move(1)", label="Down",
              description="Go to the event after"),
    KeyAction(id="log-page-up", place="log", keys="pageup", shown="PgUp", action="page(-1)", label="Page up",
              description="Go back by a page"),
    KeyAction(id="log-page-down", place="log", keys="pagedown", shown="PgDn", action="page(1)",
              label="Page down", description="Go on by a page"),

    KeyAction(id="open-connection", place="connections", keys="enter", shown="Enter", action="open",
              label="Details", description="Show the connection and its last error", footer=True),
    KeyAction(id="retry-connection", place="connections", keys="r,R", shown="R", action="retry",
              label="Retry", description="Connect again", footer=True),
    KeyAction(id="toggle-connection", place="connections", keys="d", shown="D", action="switch",
              label="On/off", description="Switch the connection off, or on again", footer=True),
    KeyAction(id="sign-in", place="connections", keys="l", shown="L", action="sign_in", label="Sign in",
              description="Show where one signs in to the service", footer=True),
    KeyAction(id="review-tools", place="connections", keys="v", shown="V", action="review",
              label="Review", description="See which tools changed since you approved them", footer=True),
    KeyAction(id="connection-up", place="connections", keys="up", shown="↑", action="move(-1)", label="Up",
              description="Go to the connection before"),
    KeyAction(id="connection-down", place="connections", keys="down", shown="↓", action="move(1)",
              label="Down", description="Go to the connection after"),

    KeyAction(id="close-tools", place="tools", keys="escape", shown="Esc", action="back", label="Close",
              description="One step back: out of the filter, to the connections, out of the screen",
              footer=True),
    KeyAction(id="filter-tools", place="tools", keys="slash", shown="/", action="filter", label="Filter",
              description="Show the tools with these words only", footer=True),

    KeyAction(id="try-tool", place="tool_list", keys="t,enter", shown="T", action="try", label="Try",
              description="Call the tool by hand, outside of a run", footer=True),
    KeyAction(id="tool-up", place="tool_list", keys="up", shown="↑", action="move(-1)", label="Up",
              description="Go to the tool before"),
    KeyAction(id="tool-down", place="tool_list", keys="down", shown="↓", action="move(1)", label="Down",
              description="Go to the tool after"),
    KeyAction(id="tool-page-up", place="tool_list", keys="pageup", shown="PgUp", action="page(-1)",
              label="Page up", description="Go back by a page"),
    KeyAction(id="tool-page-down", place="tool_list", keys="pagedown", shown="PgDn", action="page(1)",
              label="Page down", description="Go on by a page"),
    KeyAction(id="first-tool", place="tool_list", keys="home", shown="Home", action="first", label="Start",
              description="Go to the first tool"),
    KeyAction(id="last-tool", place="tool_list", keys="end,G", shown="End", action="last", label="End",
              description="Go to the last tool"),

    KeyAction(id="copy-view", place="whole_detail", keys="c", shown="C", action="copy", label="Copy",
              description="Copy what is shown", footer=True),

    KeyAction(id="open-sign-in", place="link", keys="o", shown="O", action="open_link", label="Open",
              description="Open the link in a browser"),
    KeyAction(id="copy-sign-in", place="link", keys="c", shown="C", action="copy_link", label="Copy",
              description="Copy the link"),
    KeyAction(id="signed-in", place="link", keys="r,R", shown="R", action="signed_in", label="Connect",
              description="Connect again, after you signed in"),

    KeyAction(id="approve-tool", place="review", keys="a", shown="A", action="approve", label="Approve",
              description="Let the agent use the tool as it is now"),
    KeyAction(id="next-change", place="review", keys="n,right", shown="N", action="go(1)", label="Next",
              description="Go to the next changed tool"),
    KeyAction(id="previous-change", place="review", keys="p,left", shown="P", action="go(-1)",
              label="Before", description="Go to the changed tool before"),

    KeyAction(id="trust-server", place="trust", keys="t", shown="T", action="answer('trusted')",
              label="Trust", description="Start the server, now and later, as long as it is defined so"),
    KeyAction(id="trust-once", place="trust", keys="o", shown="O", action="answer('once')", label="Once",
              description="Start the server this time only"),
    KeyAction(id="refuse-server", place="trust", keys="r", shown="R", action="answer('refused')",
              label="Refuse", description="Do not start it, and do not ask again"),
    KeyAction(id="later-server", place="trust", keys="escape", shown="Esc", action="answer('later')",
              label="Later", description="Do not start it this time"),
)
# fmt: on


def actions_of(place: Place) -> Sequence[KeyAction]:
    """Return the actions that work in `place`, in the order they are shown."""
    return [action for action in ACTIONS if action.place == place]


def bindings_of(*places: Place) -> list[BindingType]:
    """Return the Textual bindings of `places`; their ids are those of the actions."""
    return [
        Binding(
            action.keys,
            action.action,
            action.label,
            show=action.footer,
            key_display=action.shown.replace("Ctrl+", "^"),  # the last line of the screen is short
            priority=action.before_focus,
            tooltip=action.description,
            id=action.id,
        )
        for action in ACTIONS
        if action.place in places
    ]


def shown_key(action_id: str) -> str:
    """Return how the key of an action is written on the screen."""
    return next(action.shown for action in ACTIONS if action.id == action_id)
