"""The parts of `penguiflow.redaction`."""
