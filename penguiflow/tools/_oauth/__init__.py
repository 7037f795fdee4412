"""Signs people in with OAuth 2.1; `penguiflow.tools.oauth` is its public face."""
