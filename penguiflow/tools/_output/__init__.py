"""What a result of a tool becomes before a planner reads it: its files and long texts become artifacts."""

from __future__ import annotations

from penguiflow.tools._output.transform import transform_output

__all__ = ["transform_output"]
