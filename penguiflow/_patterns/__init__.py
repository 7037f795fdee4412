"""The ready-made nodes and the concurrent map behind `penguiflow.patterns`."""
