"""Recorded events played again: when each is due, where the playback stands, and a feed of it for screens.

Nothing here knows Textual, and nothing asks a model: the command line plays runs as text with the same times.
"""
