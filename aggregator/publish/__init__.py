"""Entries -> the documents people subscribe to, and those documents -> files.

The rule: an output is one module and one line of the table below; it is pure, and the same entries give the same bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from aggregator.publish import atom
from aggregator.publish.atomic_file import is_view_file, remove_view_file, write
from aggregator.publish.document import PublishedDocument, make_document
from aggregator.publish.view import SourceHead, ViewHead

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from aggregator.model import Entry

__all__ = [
    "OUTPUTS",
    "Output",
    "PublishedDocument",
    "SourceHead",
    "ViewHead",
    "is_view_file",
    "make_document",
    "remove_view_file",
    "write",
]


@dataclass(frozen=True, slots=True)
class Output:
    """One way to write a view; `kind` ends its file name and its URL (`merged.atom`)."""

    kind: str
    media_type: str
    render: Callable[[ViewHead, Sequence[Entry]], bytes]

    @property
    def content_type(self) -> str:
        """The header for HTTP: every output is UTF-8."""
        return f"{self.media_type}; charset=utf-8"


OUTPUTS: Mapping[str, Output] = MappingProxyType(
    {output.kind: output for output in (Output("atom", "application/atom+xml", atom.render),)}
)
