"""What becomes an artifact of well-known servers, ready for `ExternalToolConfig.artifact_extraction`.

Tools are named without their namespace, so a preset fits whatever name a connection is given.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Literal, TypedDict

from penguiflow.tools.config import ArtifactExtractionConfig, ArtifactFieldConfig, BinaryDetectionConfig

__all__ = [
    "ARTIFACT_PRESETS",
    "FILESYSTEM_ARTIFACT_PRESET",
    "GITHUB_ARTIFACT_PRESET",
    "GOOGLE_DRIVE_ARTIFACT_PRESET",
    "TABLEAU_ARTIFACT_PRESET",
    "ArtifactPresetInfo",
    "get_artifact_preset",
    "get_artifact_preset_info",
    "get_artifact_preset_with_overrides",
    "list_artifact_presets",
    "merge_artifact_preset",
]


class ArtifactPresetInfo(TypedDict):
    """What a preset does, as plain values."""

    name: str
    max_inline_size: int
    auto_artifact_large_content: bool
    binary_detection_enabled: bool
    resources_enabled: bool
    tool_fields: list[str]


def _content(
    content_type: Literal["pdf", "image", "binary", "text"], what: str, mime_type: str | None = None
) -> list[ArtifactFieldConfig]:
    return [
        ArtifactFieldConfig(
            field_path="content",
            content_type=content_type,
            mime_type=mime_type,
            summary_template=f"{what} ({{mime_type}}, {{size}} bytes)",
        )
    ]


TABLEAU_ARTIFACT_PRESET = ArtifactExtractionConfig(
    max_inline_size=5_000,
    binary_detection=BinaryDetectionConfig(min_size_for_detection=500),
    tool_fields={
        "download_workbook": _content("binary", "Downloaded workbook"),
        "get_view_as_pdf": _content("pdf", "View as PDF"),
        "get_view_as_image": _content("image", "View as image"),
        "export_dashboard": _content("pdf", "Exported dashboard"),
    },
)
"""Workbooks, and views as PDF and image."""

# `binary`: a file that is text is left as it is, and long ones become artifacts by their size.
GITHUB_ARTIFACT_PRESET = ArtifactExtractionConfig(
    max_inline_size=10_000,
    binary_detection=BinaryDetectionConfig(min_size_for_detection=1_000),
    tool_fields={
        "get_file_contents": _content("binary", "File of the repository"),
        "download_artifact": _content("binary", "Build artifact", "application/zip"),
        "get_release_asset": _content("binary", "Release asset"),
    },
)
"""Files of repositories, builds and releases."""

FILESYSTEM_ARTIFACT_PRESET = ArtifactExtractionConfig(
    max_inline_size=50_000,
    binary_detection=BinaryDetectionConfig(min_size_for_detection=500),
    tool_fields={"read_file": _content("binary", "File")},
)
"""Files that are not text, and texts that are very long."""

GOOGLE_DRIVE_ARTIFACT_PRESET = ArtifactExtractionConfig(
    max_inline_size=10_000,
    binary_detection=BinaryDetectionConfig(min_size_for_detection=1_000),
    tool_fields={
        "download_file": _content("binary", "Downloaded file"),
        "export_document": _content("pdf", "Exported document"),
    },
)
"""Downloaded files and exported documents."""

ARTIFACT_PRESETS: Mapping[str, ArtifactExtractionConfig] = MappingProxyType(
    {
        "tableau": TABLEAU_ARTIFACT_PRESET,
        "github": GITHUB_ARTIFACT_PRESET,
        "filesystem": FILESYSTEM_ARTIFACT_PRESET,
        "google-drive": GOOGLE_DRIVE_ARTIFACT_PRESET,
    }
)
"""Name of a preset -> its config."""


def list_artifact_presets() -> list[str]:
    """Return the names of the presets, sorted."""
    return sorted(ARTIFACT_PRESETS)


def get_artifact_preset(name: str) -> ArtifactExtractionConfig:
    """Return a preset, which all its users share; `get_artifact_preset_with_overrides` makes another.

    Raises:
        KeyError: there is no such preset; names those there are.
    """
    try:
        return ARTIFACT_PRESETS[name]
    except KeyError:
        known = ", ".join(f"`{preset}`" for preset in list_artifact_presets())
        raise KeyError(f"there is no artifact preset `{name}`; presets are {known}") from None


def get_artifact_preset_with_overrides(name: str, **fields: object) -> ArtifactExtractionConfig:
    """Return a preset that differs in some fields of `ArtifactExtractionConfig`.

    Raises:
        KeyError: there is no such preset.
        TypeError: there is no such field.
        ValidationError: a field has a wrong value.
    """
    preset = get_artifact_preset(name)
    for field in fields:
        if field not in ArtifactExtractionConfig.model_fields:
            known = ", ".join(f"`{known}`" for known in ArtifactExtractionConfig.model_fields)
            raise TypeError(f"an artifact preset has no field `{field}`; fields are {known}")
    return ArtifactExtractionConfig.model_validate({**preset.model_dump(), **fields})


def merge_artifact_preset(base: ArtifactExtractionConfig, name: str) -> ArtifactExtractionConfig:
    """Return `base` with the tools of a preset added, which win over its own; its settings stay.

    Raises:
        KeyError: there is no such preset.
    """
    preset = get_artifact_preset(name)
    merged = base.model_copy(deep=True)
    merged.tool_fields.update(preset.model_copy(deep=True).tool_fields)
    return merged


def get_artifact_preset_info(name: str) -> ArtifactPresetInfo:
    """Return what a preset does, for showing it.

    Raises:
        KeyError: there is no such preset.
    """
    preset = get_artifact_preset(name)
    return {
        "name": name,
        "max_inline_size": preset.max_inline_size,
        "auto_artifact_large_content": preset.auto_artifact_large_content,
        "binary_detection_enabled": preset.binary_detection.enabled,
        "resources_enabled": preset.resources.enabled,
        "tool_fields": list(preset.tool_fields),
    }
