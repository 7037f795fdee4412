"""The runs of a session as a tree: run, step, tool call.

`show` compares values by identity and touches the nodes of those that changed; nothing is cleared and
filled again. Runs of the past stay folded and get their nodes when they are unfolded. The cursor follows
the run that works until the person moves it.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.segment import Segment
from rich.style import Style
from rich.text import Text
from textual import on
from textual.reactive import var
from textual.strip import Strip
from textual.widgets import Tree
from textual.widgets.tree import TreeNode

from penguiflow_tui.keys import bindings_of
from penguiflow_tui.messages import StepSelected
from penguiflow_tui.model.select import TrajectoryKey, TrajectoryRow, call_row, run_row, step_row
from penguiflow_tui.model.state import RunView, StepView, ToolCallView
from penguiflow_tui.styles import styles_beside
from penguiflow_tui.widgets.fitted_line import fitted, notes_that_fit

Node = TreeNode[TrajectoryRow]

_EMPTY_LABEL = "Steps appear here when the agent works."


class Trajectory(Tree[TrajectoryRow]):
    """Posts `StepSelected` when the cursor moves to another run, step or call."""

    DEFAULT_CSS = styles_beside(__file__)
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "trajectory--plain",
        "trajectory--muted",
        "trajectory--active",
        "trajectory--success",
        "trajectory--warning",
        "trajectory--error",
    }
    BINDINGS = bindings_of("trajectory")
    BORDER_TITLE = "Trajectory"
    ICON_NODE = "▸ "
    ICON_NODE_EXPANDED = "▾ "

    follows: var[bool] = var(True)
    """Whether the cursor goes to the latest step as steps arrive."""

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(Text("session"), id=id)
        self.show_root = False
        self.root.expand()
        self.guide_depth = 2
        self.auto_expand = False
        self._runs: dict[str, RunView] = {}
        self._drawn: dict[TrajectoryKey, StepView | ToolCallView] = {}
        self._current: dict[str, StepView] = {}
        self._row_nodes: dict[TrajectoryKey, Node] = {}
        self._latest: Node | None = None

    # What the screen calls

    def show(self, runs: Sequence[RunView]) -> None:
        """Show these runs, the current one last. Runs that are the same values as before cost nothing."""
        for place, run in enumerate(runs):
            if self._runs.get(run.run_id) is not run:
                self._show_run(run, is_last=place == len(runs) - 1)
        if self.follows and self._latest is not None:
            self.call_after_refresh(self._go_to_latest)

    def clear_runs(self) -> None:
        """Forget all runs: another session is shown."""
        self.root.remove_children()
        self._runs.clear()
        self._drawn.clear()
        self._current.clear()
        self._row_nodes.clear()
        self._latest = None
        self.follows = True

    def go_to(self, key: TrajectoryKey) -> None:
        """Unfold what hides `key` and put the cursor there."""
        run = self._row_nodes.get(TrajectoryKey(key.run_id))
        if run is not None and not run.is_expanded:
            run.expand()
            self._show_steps(self._runs[key.run_id])
        node = self._row_nodes.get(key)
        if node is not None:
            self.follows = False
            self.call_after_refresh(self.move_cursor, node)

    # Nodes

    def _show_run(self, run: RunView, *, is_last: bool) -> None:
        self._runs[run.run_id] = run
        key = TrajectoryKey(run.run_id)
        node = self._row_nodes.get(key)
        if node is None:
            self._fold_earlier()
            node = self._put(self.root, run_row(run), expand=is_last)
        else:
            self._put(self.root, run_row(run))
        if node.is_expanded:
            self._show_steps(run)

    def _fold_earlier(self) -> None:
        reading = None if self.follows or self.cursor_node is None else self.cursor_node.data
        for node in self.root.children:
            is_read = (
                reading is not None and node.data is not None and node.data.key.run_id == reading.key.run_id
            )
            if node.is_expanded and not is_read:
                node.collapse()

    def _show_steps(self, run: RunView) -> None:
        run_node = self._row_nodes[TrajectoryKey(run.run_id)]
        # What the current step shows depends on its run too, so that and the one before it are drawn anew.
        volatile = (self._current.get(run.run_id), run.step)
        for step in run.steps:
            drawn = self._drawn.get(TrajectoryKey(run.run_id, step.number))
            if drawn is not step or step is volatile[0] or step is volatile[1]:
                self._show_step(run_node, run, step)
        if run.step is not None:
            self._current[run.run_id] = run.step

    def _show_step(self, run_node: Node, run: RunView, step: StepView) -> None:
        self._drawn[TrajectoryKey(run.run_id, step.number)] = step
        step_node = self._put(run_node, step_row(run, step), expand=True, has_children=bool(step.calls))
        for call in step.calls:
            row = call_row(run, step, call)
            if self._drawn.get(row.key) is not call:
                self._drawn[row.key] = call
                self._latest = self._put(step_node, row)
        if step is run.step and not step.calls:
            self._latest = step_node

    def _put(
        self, parent: Node, row: TrajectoryRow, *, expand: bool = False, has_children: bool | None = None
    ) -> Node:
        label = _plain_label(row)
        node = self._row_nodes.get(row.key)
        if node is None:
            is_leaf = has_children is False or row.key.call_id is not None
            node = parent.add(label, row, expand=expand, allow_expand=not is_leaf)
            self._row_nodes[row.key] = node
            if row.key.step is None:
                self._latest = node
        elif node.data != row:
            node.data = row
            node.set_label(label)
        if has_children and not node.allow_expand:
            node.allow_expand = True
            node.expand()
        return node

    @on(Tree.NodeExpanded)
    def _fill_run(self, message: Tree.NodeExpanded[TrajectoryRow]) -> None:
        row = message.node.data
        if row is not None and row.key.step is None:
            self._show_steps(self._runs[row.key.run_id])

    # Drawing

    def render_line(self, y: int) -> Strip:
        if self._runs or y:
            return super().render_line(y)
        style = self.get_component_rich_style("trajectory--muted")
        return Strip([Segment(_EMPTY_LABEL, style)]).crop_extend(0, self.size.width, style)

    def get_label_width(self, node: Node) -> int:
        return 1  # a label is fitted to its line, so measuring each would cost a lot and say nothing

    def _label_cells(self, node: Node) -> int:
        key = None if node.data is None else node.data.key
        level = 0 if key is None or key.step is None else 1 if key.call_id is None else 2
        return max(1, self.scrollable_content_region.width - level * self.guide_depth)

    def render_label(self, node: Node, base_style: Style, style: Style) -> Text:
        row = node.data
        if row is None:
            return Text("")
        is_cursor = node is self.cursor_node and self.has_focus
        muted, tone = self._tone("muted", is_cursor), self._tone(row.mark.tone, is_cursor)
        text = Text(no_wrap=True, style=style)
        if node.allow_expand:
            icon = self.ICON_NODE_EXPANDED if node.is_expanded else self.ICON_NODE
            text.append(icon, base_style + Style.from_meta({"toggle": True}) + muted)
        elif row.key.call_id is None:
            text.append(" " * len(self.ICON_NODE))
        text.append(f"{row.mark.glyph} ", tone)
        text.append(row.label, tone if row.is_error else None)
        cells = self._label_cells(node)
        return fitted(text, Text(notes_that_fit(row.notes, cells), muted), cells)

    def _tone(self, tone: str, is_cursor: bool) -> Style:
        if is_cursor:
            return Style()
        return Style(color=self.get_component_rich_style(f"trajectory--{tone}").color)

    # Moving

    def _go_to_latest(self) -> None:
        if self.follows and self._latest is not None and self._latest.line >= 0:
            self.move_cursor(self._latest)

    @on(Tree.NodeHighlighted)
    def _tell_selection(self, message: Tree.NodeHighlighted[TrajectoryRow]) -> None:
        message.stop()
        if message.node.data is not None:
            self.post_message(StepSelected(message.node.data.key))

    def action_cursor_up(self) -> None:
        super().action_cursor_up()
        self._moved()

    def action_cursor_down(self) -> None:
        super().action_cursor_down()
        self._moved()

    def action_page_up(self) -> None:
        super().action_page_up()
        self._moved()

    def action_page_down(self) -> None:
        super().action_page_down()
        self._moved()

    def action_scroll_home(self) -> None:
        super().action_scroll_home()
        self._moved()

    def action_select_cursor(self) -> None:
        super().action_select_cursor()
        self._moved()

    def _moved(self) -> None:
        self.follows = self._latest is not None and self.cursor_node is self._latest

    def action_latest(self) -> None:
        self.follows = True
        self._go_to_latest()

    def action_go_to_error(self, direction: int) -> None:
        """Go to the next row with an error, around the end; unfolded rows only."""
        shown = sorted(
            (node for node in self._row_nodes.values() if node.line >= 0 and node.data is not None),
            key=lambda node: node.line,
        )
        errors = [node for node in shown if node.data is not None and node.data.is_error]
        if not errors:
            return
        after = [node for node in errors if (node.line - self.cursor_line) * direction > 0]
        ordered = after if direction > 0 else after[::-1]
        self.follows = False
        self.move_cursor(ordered[0] if ordered else errors[0 if direction > 0 else -1])


def _plain_label(row: TrajectoryRow) -> Text:
    """Return the label without colours: setting one tells the tree to draw the line again."""
    return Text(f"{row.mark.glyph} {row.label}", no_wrap=True)


if __name__ == "__main__":
    from penguiflow_tui.widgets.alone import AloneApp, sample_state

    AloneApp(Trajectory(), lambda tree: tree.show(sample_state().runs)).run()
