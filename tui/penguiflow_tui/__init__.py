"""The terminal workbench: talk to the agent under development, watch each step, approve what it does.

Importing this package loads no terminal library. `penguiflow_tui.model` turns the history into frozen
values, `penguiflow_tui.widgets` shows them, and the application ties both to a running session.
"""
