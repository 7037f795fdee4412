"""The presets for well-known servers."""

from __future__ import annotations

import re
from typing import Any

import pytest

from penguiflow.tools import artifact_presets as presets
from penguiflow.tools.config import ArtifactExtractionConfig, ArtifactFieldConfig
from tests.tools.output.results import PDF, b64, transformed

KNOWN_PLACEHOLDERS = {"content_type", "mime_type", "size", "artifact_id", "field_path"}


def fields_of_all_presets() -> list[tuple[str, str, ArtifactFieldConfig]]:
    return [
        (preset, tool, field)
        for preset, config in presets.ARTIFACT_PRESETS.items()
        for tool, fields in config.tool_fields.items()
        for field in fields
    ]


def test_the_presets_that_there_are() -> None:
    assert presets.list_artifact_presets() == ["filesystem", "github", "google-drive", "tableau"]
    assert presets.get_artifact_preset("tableau") is presets.TABLEAU_ARTIFACT_PRESET
    assert presets.get_artifact_preset("github") is presets.GITHUB_ARTIFACT_PRESET
    assert presets.get_artifact_preset("filesystem") is presets.FILESYSTEM_ARTIFACT_PRESET
    assert presets.get_artifact_preset("google-drive") is presets.GOOGLE_DRIVE_ARTIFACT_PRESET


def test_an_unknown_preset_is_a_key_error_that_names_the_others() -> None:
    with pytest.raises(KeyError, match=r"no artifact preset `slack`.*`github`.*`tableau`"):
        presets.get_artifact_preset("slack")


@pytest.mark.parametrize(
    ("name", "info"),
    [
        (
            "tableau",
            (5_000, 500, ["download_workbook", "get_view_as_pdf", "get_view_as_image", "export_dashboard"]),
        ),
        ("github", (10_000, 1_000, ["get_file_contents", "download_artifact", "get_release_asset"])),
        ("filesystem", (50_000, 500, ["read_file"])),
        ("google-drive", (10_000, 1_000, ["download_file", "export_document"])),
    ],
)
def test_what_a_preset_does(name: str, info: tuple[int, int, list[str]]) -> None:
    max_inline_size, min_size_for_detection, tools = info

    assert presets.get_artifact_preset_info(name) == {
        "name": name,
        "max_inline_size": max_inline_size,
        "auto_artifact_large_content": True,
        "binary_detection_enabled": True,
        "resources_enabled": True,
        "tool_fields": tools,
    }
    detection = presets.get_artifact_preset(name).binary_detection
    assert detection.min_size_for_detection == min_size_for_detection


@pytest.mark.parametrize(("preset", "tool", "field"), fields_of_all_presets())
async def test_each_field_of_a_preset_matches_a_tool_under_any_namespace(
    preset: str, tool: str, field: ArtifactFieldConfig
) -> None:
    config = presets.get_artifact_preset(preset)

    result = await transformed({"content": b64(PDF)[:400]}, config, tool=f"mine.{tool}", name="mine")

    stub = result[field.field_path]
    assert stub["artifact"]["size_bytes"] == 300
    assert "{" not in stub["summary"]
    assert set(re.findall(r"\{(\w+)", field.summary_template)) <= KNOWN_PLACEHOLDERS


async def test_a_file_that_is_text_stays_readable_with_the_preset_for_files() -> None:
    text = "A line of text.\n" * 1000

    assert await transformed({"content": text}, presets.FILESYSTEM_ARTIFACT_PRESET, tool="fs.read_file") == {
        "content": text
    }


def test_a_preset_can_differ_in_some_fields() -> None:
    mine = presets.get_artifact_preset_with_overrides("github", max_inline_size=7)

    assert mine.max_inline_size == 7
    assert mine.tool_fields == presets.GITHUB_ARTIFACT_PRESET.tool_fields
    assert presets.GITHUB_ARTIFACT_PRESET.max_inline_size == 10_000


@pytest.mark.parametrize(
    ("fields", "error"), [({"max_inline": 7}, TypeError), ({"max_inline_size": "many"}, ValueError)]
)
def test_a_preset_cannot_differ_in_what_there_is_not(fields: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error, match="max_inline"):
        presets.get_artifact_preset_with_overrides("github", **fields)


def test_merging_adds_the_tools_and_keeps_the_settings() -> None:
    own = [ArtifactFieldConfig(field_path="x", content_type="text")]
    base = ArtifactExtractionConfig(max_inline_size=7, tool_fields={"read_file": own, "mine": own})

    merged = presets.merge_artifact_preset(base, "filesystem")

    assert merged.max_inline_size == 7
    assert merged.tool_fields == {
        "mine": own,
        "read_file": presets.FILESYSTEM_ARTIFACT_PRESET.tool_fields["read_file"],
    }
    assert base.tool_fields["read_file"] == own
