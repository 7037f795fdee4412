"""What is behind `penguiflow.bus`: one buffer, one sender, a thin transport per kind of server."""
