"""The parts of a `ToolNode`: its catalog, whose connection a call uses, and when a call is repeated."""
