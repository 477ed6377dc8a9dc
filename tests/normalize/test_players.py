"""Custom elements that stand for a player become its frame."""

from __future__ import annotations

import pytest
from lxml import html as lxml_html

from aggregator.normalize.html import clean

YOUTUBE = "https://www.youtube-nocookie.com/embed/AbC123xyz_9"
PAGES = {
    "<lite-youtube videoid='AbC123xyz_9'></lite-youtube>": YOUTUBE,
    "<lite-youtube video-id='AbC123xyz_9'></lite-youtube>": YOUTUBE,
    "<lite-youtube playlistid='PL123'></lite-youtube>": (
        "https://www.youtube-nocookie.com/embed/videoseries?list=PL123"
    ),
    "<amp-youtube data-videoid='AbC123xyz_9' width=480 height=270></amp-youtube>": YOUTUBE,
    "<youtube-video video-id='AbC123xyz_9'></youtube-video>": YOUTUBE,
    "<youtube-video src='https://www.youtube.com/watch?v=AbC123xyz_9'></youtube-video>": YOUTUBE,
    "<youtube-video src='https://youtu.be/AbC123xyz_9?t=3'></youtube-video>": YOUTUBE,
    "<youtube-embed video-id='AbC123xyz_9'></youtube-embed>": YOUTUBE,
    "<lite-vimeo videoid='76979871'></lite-vimeo>": "https://player.vimeo.com/video/76979871",
    "<amp-vimeo data-videoid='76979871'></amp-vimeo>": "https://player.vimeo.com/video/76979871",
    "<vimeo-video src='https://vimeo.com/76979871'></vimeo-video>": (
        "https://player.vimeo.com/video/76979871"
    ),
    "<amp-dailymotion data-videoid='x2m8jpp'></amp-dailymotion>": (
        "https://www.dailymotion.com/embed/video/x2m8jpp"
    ),
    "<lite-dailymotion videoid='x2m8jpp'></lite-dailymotion>": (
        "https://www.dailymotion.com/embed/video/x2m8jpp"
    ),
    "<amp-soundcloud data-trackid='243169232'></amp-soundcloud>": (
        "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F243169232"
    ),
    "<amp-soundcloud data-playlistid='178'></amp-soundcloud>": (
        "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Fplaylists%2F178"
    ),
    "<spotify-audio src='https://open.spotify.com/episode/7makk4'></spotify-audio>": (
        "https://open.spotify.com/embed/episode/7makk4"
    ),
}


def read_frames(page: str) -> list[str | None]:
    body = lxml_html.fromstring(f"<div><p>The ferry runs.</p>{page}</div>")
    cleaned = clean(body, base="https://harbour.example/a") or ""
    return [frame.get("src") for frame in lxml_html.fromstring(cleaned).iter("iframe")]


@pytest.mark.parametrize(("page", "frame"), PAGES.items())
def test_an_element_of_a_platform_becomes_its_frame(page: str, frame: str) -> None:
    assert read_frames(page) == [frame]


def test_a_player_keeps_its_title() -> None:
    page = "<lite-youtube videoid='AbC123xyz_9' videotitle='The ferry'></lite-youtube>"
    body = lxml_html.fromstring(f"<div>{page}</div>")

    assert 'title="The ferry"' in (clean(body, base=None) or "")


@pytest.mark.parametrize(
    "page",
    [
        "<lite-youtube></lite-youtube>",
        "<lite-youtube videoid='a/../b?x=1'></lite-youtube>",
        "<x-youtube videoid='AbC123xyz_9'></x-youtube>",
    ],
)
def test_an_element_that_names_no_recording_is_no_player(page: str) -> None:
    assert read_frames(page) == []
