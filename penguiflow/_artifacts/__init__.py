"""What `penguiflow.artifacts` is made of."""
