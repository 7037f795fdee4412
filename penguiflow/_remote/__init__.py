"""The parts of `penguiflow.remote`."""
