"""What the history is shown as: pure functions from the events of a run to a picture of it."""
