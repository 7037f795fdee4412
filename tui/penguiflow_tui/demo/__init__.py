"""The bundled demo agent: works offline, and with `--model` on a real language model.

`agent` builds it, `tools` and `notes_server` are what it can do, `model` is the offline model that decides.
"""
