"""Renders views as documents and writes them to files.

An output is one module and one line of the table below. It is pure: the same entries
give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aggregator.publish import atom, json_feed, rss
from aggregator.publish.atomic_file import is_view_file, remove_view_file, write_file
from aggregator.publish.document import PublishedDocument, make_document
from aggregator.publish.entry_parts import published_entries
from aggregator.publish.view import SourceInfo, ViewInfo

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.model import Entry

__all__ = [
    "OUTPUTS",
    "Output",
    "PublishedDocument",
    "SourceInfo",
    "ViewInfo",
    "is_view_file",
    "make_document",
    "published_entries",
    "remove_view_file",
    "write_file",
]


@dataclass(frozen=True, slots=True)
class Output:
    """One output format; `kind` is the suffix of file names and URLs (`merged.atom`).

    `render` makes the document of entries; `write` that of entries that `published_entries`
    prepared, which is done once for all formats.
    """

    kind: str
    media_type: str
    render: Callable[[ViewInfo, Sequence[Entry]], bytes]
    write: Callable[[ViewInfo, Sequence[Entry]], bytes]

    @property
    def content_type(self) -> str:
        """The Content-Type header; every output is UTF-8."""
        return f"{self.media_type}; charset=utf-8"


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {
        output.kind: output
        for output in (
            Output("atom", "application/atom+xml", atom.render, atom.write),
            Output("rss", "application/rss+xml", rss.render, rss.write),
            Output("json", "application/feed+json", json_feed.render, json_feed.write),
        )
    }
)
