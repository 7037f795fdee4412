"""Runs that wait for somebody: how they are kept, and what an answer means for them."""
