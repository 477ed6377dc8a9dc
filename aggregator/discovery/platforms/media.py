"""Feeds of video, audio, pictures and films."""

from __future__ import annotations

from aggregator.discovery.platforms.rows import QUERY, PlatformRule, platform_rows

_YOUTUBE = r"(?:m\.|music\.)?youtube\.com"
_YOUTUBE_FEED = "https://www.youtube.com/feeds/videos.xml"

MEDIA: tuple[PlatformRule, ...] = platform_rows(
    (
        "YouTube channel",
        _YOUTUBE,
        rf"/channel/(?P<id>UC[\w-]{{22}})(?:/\w+)?{QUERY}",
        _YOUTUBE_FEED + "?channel_id={id}",
    ),
    (
        "YouTube playlist",
        _YOUTUBE,
        r"/(?:playlist|watch)\?(?:.*&)?list=(?P<id>[\w-]{13,64})(?:&.*)?",
        _YOUTUBE_FEED + "?playlist_id={id}",
    ),
    (
        "YouTube user",
        _YOUTUBE,
        rf"/user/(?P<id>\w+)(?:/\w+)?{QUERY}",
        _YOUTUBE_FEED + "?user={id}",
    ),
    (
        "Vimeo",
        r"vimeo\.com",
        r"/(?P<kind>channels|groups)/(?P<name>[\w-]+)(?:/videos)?",
        "https://vimeo.com/{kind}/{name}/videos/rss",
    ),
    (
        "Vimeo",
        r"vimeo\.com",
        r"/(?!\d+$|(?:features|watch|categories|search|blog)\b)(?P<name>[\w-]+)(?:/videos)?",
        "https://vimeo.com/{name}/videos/rss",
    ),
    (
        "Dailymotion",
        r"dailymotion\.com",
        r"/(?!video\b|playlist\b)(?P<name>[\w.-]+)",
        "https://www.dailymotion.com/rss/user/{name}",
    ),
    (
        "DeviantArt",
        r"deviantart\.com",
        r"/(?P<name>[\w-]+)(?:/gallery)?",
        "https://backend.deviantart.com/rss.xml?type=deviation&q=by%3A{name}+sort%3Atime+meta%3Aall",
    ),
    (
        "Letterboxd",
        r"letterboxd\.com",
        r"/(?!film\b|films\b|lists\b)(?P<name>\w+)",
        "https://letterboxd.com/{name}/rss/",
    ),
    (
        "SoundCloud",
        r"(?:api\.)?soundcloud\.com",
        r"/users/(?:soundcloud:users:)?(?P<id>\d+)",
        "https://feeds.soundcloud.com/users/soundcloud:users:{id}/sounds.rss",
    ),
    (
        "Flickr photos",
        r"flickr\.com",
        r"/(?:photos|people)/(?P<id>\d+@N\d\d)(?:/.*)?",
        "https://www.flickr.com/services/feeds/photos_public.gne?id={id}&format=atom",
    ),
    (
        "Flickr tag",
        r"flickr\.com",
        r"/photos/tags/(?P<tag>[\w%-]+)",
        "https://www.flickr.com/services/feeds/photos_public.gne?tags={tag}&format=atom",
    ),
    (
        "Flickr group",
        r"flickr\.com",
        r"/groups/(?P<id>\d+@N\d\d)(?:/.*)?",
        "https://www.flickr.com/services/feeds/groups_pool.gne?id={id}&format=atom",
    ),
    (
        "Odysee",
        r"odysee\.com",
        r"/(?P<name>@[\w.-]+(?::[0-9a-f]+)?)",
        "https://odysee.com/$/rss/{name}",
    ),
)
