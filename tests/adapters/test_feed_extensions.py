"""Extensions are looked for only in documents that may have some."""

from __future__ import annotations

import pytest

from aggregator.adapters.feed.extensions import read_extensions

MEDIA = "http://search.yahoo.com/mrss/"


def feed(item: str, namespaces: str = f'xmlns:media="{MEDIA}"') -> bytes:
    return f"<rss {namespaces}><channel><item>{item}</item></channel></rss>".encode()


def test_media_rss_that_has_thumbnails_alone_is_not_read_again() -> None:
    text = 'the word content: <media:thumbnail url="https://example.org/1.jpg"/>'

    assert read_extensions(feed(text), 1) == ()


@pytest.mark.parametrize(
    "document",
    [
        feed('<media:content url="https://example.org/1.jpg"/>'),
        feed(
            '<M:Content url="https://example.org/1.jpg"/>',
            f'xmlns:M="{MEDIA}"',
        ),
        feed(f'<content xmlns = "{MEDIA}" url="https://example.org/1.jpg"/>', ""),
        feed(f"<media:content\nxmlns:media='{MEDIA}' url='https://example.org/1.jpg'/>", ""),
    ],
    ids=["prefix", "capitals", "no prefix", "single quotes"],
)
def test_media_rss_in_any_spelling_is_read(document: bytes) -> None:
    [found] = read_extensions(document, 1)

    assert list(found.media) == ["https://example.org/1.jpg"]
