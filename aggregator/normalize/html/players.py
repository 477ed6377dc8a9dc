"""Turns custom elements that stand for a player into the frame of that player.

A page leaves it to a script to replace `<lite-youtube videoid="…">`. Here the element's
name tells the platform, an attribute the recording.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from aggregator.normalize import url

if TYPE_CHECKING:
    from collections.abc import Iterator

_YOUTUBE = "https://www.youtube-nocookie.com/embed/{id}"
_YOUTUBE_PLAYLIST = "https://www.youtube-nocookie.com/embed/videoseries?list={id}"
_VIMEO = "https://player.vimeo.com/video/{id}"
_DAILYMOTION = "https://www.dailymotion.com/embed/video/{id}"
_SOUNDCLOUD_TRACK = (
    "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Ftracks%2F{id}"
)
_SOUNDCLOUD_PLAYLIST = (
    "https://w.soundcloud.com/player/?url=https%3A%2F%2Fapi.soundcloud.com%2Fplaylists%2F{id}"
)
_SPOTIFY = "https://open.spotify.com/embed/{id}"
_VIDEO_ID = ("videoid", "video-id", "data-videoid", "data-video-id")

# The attributes that hold the id of a recording, and the frame that plays it.
_Frame = tuple[tuple[str, ...], str]
_FRAMES: dict[str, tuple[_Frame, ...]] = {
    "lite-youtube": (
        (_VIDEO_ID, _YOUTUBE),
        (("playlistid", "playlist-id"), _YOUTUBE_PLAYLIST),
    ),
    "amp-youtube": ((_VIDEO_ID, _YOUTUBE),),
    "youtube-video": ((_VIDEO_ID, _YOUTUBE),),
    "youtube-embed": ((_VIDEO_ID, _YOUTUBE),),
    "lite-vimeo": ((_VIDEO_ID, _VIMEO),),
    "amp-vimeo": ((_VIDEO_ID, _VIMEO),),
    "vimeo-video": ((_VIDEO_ID, _VIMEO),),
    "amp-dailymotion": ((_VIDEO_ID, _DAILYMOTION),),
    "lite-dailymotion": ((_VIDEO_ID, _DAILYMOTION),),
    "amp-soundcloud": (
        (("data-trackid",), _SOUNDCLOUD_TRACK),
        (("data-playlistid",), _SOUNDCLOUD_PLAYLIST),
    ),
    "spotify-audio": ((("src",), _SPOTIFY),),
}
TAGS = frozenset(_FRAMES)

_ID = re.compile(r"[\w-]{1,100}")
_URL_ATTRIBUTES = ("source", "src", "data-src", "data-source")
_WATCH_PAGE = re.compile(
    r"https?://(?:(?:www\.|m\.)?youtube\.com/(?:watch\?(?:[^#]*&)?v=|shorts/|live/)|youtu\.be/)"
    r"(?P<youtube>[\w-]{11})(?![\w-])"
    r"|https?://(?:www\.)?vimeo\.com/(?P<vimeo>\d+)(?![\w-])"
    r"|https?://open\.spotify\.com/(?!embed/)(?P<spotify>\w+/\w+)"
)
_WATCH_FRAMES = {"youtube": _YOUTUBE, "vimeo": _VIMEO, "spotify": _SPOTIFY}


def find_player_url(element: Any, base: str | None) -> str | None:
    """Return the URL of the frame that a custom element stands for, None if it is no player."""
    if element.tag not in TAGS and not element.tag.endswith("-player"):
        return None
    for address in _urls(element, base):
        return _frame_of_watch_page(address)
    return _frame_by_id(element)


def _urls(element: Any, base: str | None) -> Iterator[str]:
    for name in _URL_ATTRIBUTES:
        address = url.clean(element.get(name) or "", base=base)
        if address:
            yield address


def _frame_of_watch_page(address: str) -> str:
    """Return the frame of a recording whose page is named; any other URL as it is."""
    match = _WATCH_PAGE.match(address)
    if match is None or match.lastgroup is None:
        return address
    return _WATCH_FRAMES[match.lastgroup].format(id=match[match.lastgroup])


def _frame_by_id(element: Any) -> str | None:
    for names, frame in _FRAMES.get(element.tag, ()):
        for name in names:
            value = (element.get(name) or "").strip()
            if _ID.fullmatch(value):
                return frame.format(id=value)
    return None
