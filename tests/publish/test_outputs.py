"""The table of outputs: every line of it works, and the docs name it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from aggregator.publish import OUTPUTS, Output, PublishedDocument, make_document

if TYPE_CHECKING:
    from aggregator.model import Entry
    from aggregator.publish import ViewInfo

_DOCS = Path(__file__).parents[2] / "docs" / "feed.md"


@pytest.fixture(params=list(OUTPUTS))
def output(request: pytest.FixtureRequest) -> Output:
    found: Output = OUTPUTS[request.param]
    return found


def test_the_same_entries_give_the_same_bytes(
    output: Output, view: ViewInfo, hundred: list[Entry]
) -> None:
    assert output.render(view, hundred) == output.render(view, tuple(hundred))


def test_a_view_without_entries_is_a_document(output: Output, view: ViewInfo) -> None:
    assert output.render(view, ()) != b""


def test_the_docs_name_every_output(output: Output) -> None:
    assert f"`{output.kind}`" in _DOCS.read_text(encoding="utf-8")


def test_an_outputs_content_type_states_its_charset() -> None:
    assert OUTPUTS["atom"].content_type == "application/atom+xml; charset=utf-8"


def test_a_published_document_is_tagged_by_its_bytes() -> None:
    at = datetime(2026, 7, 3, tzinfo=UTC)

    assert make_document(b"<feed/>", "application/atom+xml", last_modified=at) == PublishedDocument(
        b"<feed/>", "application/atom+xml", "189c4a8be44abcf73a70a950ceeedddf", at
    )
