"""Artifacts: bytes too large for a prompt or a message, kept aside under a short id.

Whoever has bytes puts them into an `ArtifactStore` and passes the `ArtifactRef` on. `InMemoryArtifactStore`
keeps them for a while and within limits; `NoOpArtifactStore` keeps nothing and says so in each ref.
"""

from __future__ import annotations

from penguiflow._artifacts.in_memory import InMemoryArtifactStore
from penguiflow._artifacts.models import ArtifactRef, ArtifactRetentionConfig, ArtifactScope
from penguiflow._artifacts.no_op import NoOpArtifactStore
from penguiflow._artifacts.protocol import ArtifactStore, discover_artifact_store

__all__ = [
    "ArtifactRef",
    "ArtifactRetentionConfig",
    "ArtifactScope",
    "ArtifactStore",
    "InMemoryArtifactStore",
    "NoOpArtifactStore",
    "discover_artifact_store",
]
