"""Hundreds of real saved articles beside the repository: what must hold for each, and what each oddity must give.

They belong to their publishers and are no part of the repository; where they are absent these tests are skipped.
"""

from __future__ import annotations

import html
import json
import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

import pytest

from aggregator.model import Capture
from aggregator.normalize.html import html_to_text
from aggregator.parse.captures import ParseTask, parse_captures
from aggregator.rules.loader import load_sites

if TYPE_CHECKING:
    from collections.abc import Callable

    from aggregator.model import Revision
    from aggregator.rules.compiled import Sites

SAMPLES = Path(__file__).parent.parent.parent / "shared" / "samples"
FILES = sorted(SAMPLES.glob("**/*.txt"))
TAKEN = datetime(2026, 1, 1, tzinfo=UTC)
ODDITIES = sorted(path.name for path in (SAMPLES / "oddities").glob("*")) if FILES else []

pytestmark = pytest.mark.skipif(
    not FILES, reason="no samples beside the repository (../shared/samples)"
)

BODY = re.compile(r"\n-{3,}[ \t]*\n(.*)", re.DOTALL)
PARAGRAPH = re.compile(r"<p[\s>].*?</p>", re.DOTALL)
SCRIPT = re.compile(r"<(script|style|button|noscript)\b[^>]*>.*?</\1>", re.DOTALL)
# A line of furniture inside the article: the wire's copyright, the advertisement's label.
FURNITURE = re.compile(
    r"©20\d\dAFP|广告|继续浏览后续|Array|©20\d\d年德.之.版.声明：.*|©20\d\d年德.之.版.聲明：.*"
    r"|（欢迎点击此处订阅NYT简报，.*）"
)
LEFT_OVER = re.compile(
    r"weserv|<script|facebook\.com/dialog|whatsapp:|rfi\.my|feedx|selfpromo|#999|RFI_FB|\bArray\b|data:image/gif"
    r"|分享 ?[:：]|&amp;amp;|&amp;#|\b(?:class|style|on\w+)=|继续浏览后续|获取更多RSS|share-button|javascript:"
)
PLAYER = re.compile(
    r'<iframe [^>]*src="https://(?:www\.)?(?:youtube(?:-nocookie)?|dailymotion|player\.vimeo)\.com/'
)
# Each publisher's own rule, written down a second time.
DATES = {
    "voa": (
        r"<div><i>(?:[^<]*<br>)?\w+, (\d\d \w{3} \d{4} \d\d:\d\d:\d\d) GMT</i></div>",
        "%d %b %Y %H:%M:%S",
        "UTC",
    ),
    "rfi": (r"<div>(\d\d/\d\d/\d{4} - \d\d:\d\d)</div>", "%d/%m/%Y - %H:%M", "Europe/Paris"),
    "nyt": (
        r"<div><i>(?:[^<]*<br>)?(\d{4}-\d\d-\d\d \d\d:\d\d:\d\d)</i></div>",
        "%Y-%m-%d %H:%M:%S",
        "Asia/Shanghai",
    ),
    "reuters": (
        r"<div><i>(?:[^<]*<br>)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)Z?</i></div>",
        "%Y-%m-%dT%H:%M:%S",
        "UTC",
    ),
    "dw": (
        r"<div><i>(?:[^<]*<br>)?(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z</i></div>",
        "%Y-%m-%dT%H:%M:%S",
        "UTC",
    ),
}
HOSTS = {
    "voachinese.com": "voa",
    "rfi.fr": "rfi",
    "nytimes.com": "nyt",
    "reuters.com": "reuters",
    "dw.com": "dw",
}


@cache
def article(path: Path) -> Revision:
    found = parse_captures(
        [Capture("saved", path.as_uri(), TAKEN, path.read_bytes())],
        ParseTask("saved", "archive"),
        _sites(),
    )
    assert found.rejected == ()
    (revision,) = found.revisions
    return revision


@cache
def _sites() -> Sites:
    return load_sites()


def body(path: Path) -> str:
    match = BODY.search(path.read_text(encoding="utf-8"))
    assert match
    return match[1]


def publisher(revision: Revision) -> str | None:
    return next((name for host, name in HOSTS.items() if f"{host}/" in (revision.url or "")), None)


def squeezed(text: str) -> str:
    """Text without any blank: what was wrapped, padded or joined compares equal."""
    return re.sub(r"[\s\u00a0\u3000\u200b\ufeff]+", "", text)


def words(source: str) -> str:
    return squeezed(html.unescape(re.sub(r"<[^>]*>", "", source)))


def shown(revision: Revision) -> str:
    image = [revision.image.url, revision.image.caption] if revision.image else []
    return json.dumps(
        [revision.title, revision.summary, revision.content_html, *image, revision.authors],
        ensure_ascii=False,
    )


def stated_date(path: Path, revision: Revision) -> datetime | None:
    name = publisher(revision)
    if name is None:
        return None
    pattern, form, zone = DATES[name]
    match = re.search(pattern, body(path)[:400])
    if match is None:
        return None
    read = datetime.strptime(match[1], form).replace(tzinfo=ZoneInfo(zone))
    readings = [read.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    return next((reading for reading in readings if reading <= revision.captured), readings[0])


def test_every_date_that_is_stated_is_read_by_the_publishers_rule() -> None:
    stated = {path: date for path in FILES if (date := stated_date(path, article(path)))}

    wrong = {
        path.name: article(path).published
        for path, date in stated.items()
        if article(path).published != date
    }
    assert wrong == {}
    assert {article(path).published_from for path in stated} == {"body"}
    assert min(Counter(publisher(article(path)) for path in stated).values()) >= 8


def test_where_no_date_is_stated_the_capture_dates_it_and_that_is_said() -> None:
    others = [
        article(path)
        for path in FILES
        if publisher(article(path)) is None and "bbc" not in (article(path).url or "")
    ]

    assert {(one.published_from, one.published == one.captured) for one in others} == {
        ("archive", True)
    }


def test_no_article_lies_after_its_capture() -> None:
    assert [path.name for path in FILES if article(path).published > article(path).captured] == []


def test_nothing_of_proxies_scripts_shares_and_promotion_is_left() -> None:
    left = {
        str(path.relative_to(SAMPLES)): LEFT_OVER.findall(shown(article(path))) for path in FILES
    }

    assert {path: found for path, found in left.items() if found} == {}


def test_no_paragraph_of_an_article_is_lost() -> None:
    lost = []
    for path in FILES:
        kept = squeezed(html_to_text(article(path).content_html or ""))
        paragraphs = (
            words(paragraph) for paragraph in PARAGRAPH.findall(SCRIPT.sub("", body(path)))
        )
        lost += [
            (path.name, one[:60])
            for one in paragraphs
            if one not in kept and not FURNITURE.fullmatch(one)
        ]

    assert lost == []


def test_titles_name_the_article_alone() -> None:
    unclean = [
        (path.name, article(path).title)
        for path in FILES
        if re.search(
            r"[-–—] 法国国际广播电台|[-–—] RFI$|&(?:#\d+|\w+);|\s-\s\S+(?:分析|解说|摘要|专栏)$",
            article(path).title,
        )
    ]

    assert unclean == []


def test_paragraphs_are_trimmed_and_none_is_empty() -> None:
    blank = r"(?:\s|&nbsp;|<br>)"
    untidy = re.compile(
        rf"<(p|li|h\d|figcaption)[^>]*>{blank}|{blank}</(?:p|h\d|figcaption)>|<(p|li|h\d|ul|ol)[^>]*></\2>"
    )

    assert [path.name for path in FILES if untidy.search(article(path).content_html or "")] == []


def test_every_publisher_has_its_language_and_its_name() -> None:
    found = {
        (publisher(one), one.language, one.publisher)
        for one in map(article, FILES)
        if publisher(one)
    }

    assert found == {
        ("voa", "zh-Hans", "美国之音"),
        ("rfi", "zh-Hans", "法国国际广播电台"),
        ("nyt", "zh-Hans", "纽约时报中文网"),
        ("reuters", "zh-Hans", "路透中文网"),
        ("dw", "zh-Hans", "德国之声"),
    }


# --- oddities: folder by folder --------------------------------------------------------------------------------------


def has(kind: str, revision: Revision) -> bool:
    return any(one.type is not None and one.type.startswith(kind) for one in revision.enclosures)


def content(revision: Revision) -> str:
    return revision.content_html or ""


def is_before_capture_in_the_doubled_hour(revision: Revision) -> bool:
    hour = datetime(2020, 10, 25, 0, 35, tzinfo=UTC)
    return (
        revision.published in (hour, hour + timedelta(hours=1))
        and revision.published <= revision.captured
    )


def has_a_captioned_picture_in_its_text(revision: Revision) -> bool:
    return (
        re.search(
            r'<figure><img[^>]*src="https://s\.rfi\.fr/[^"]*"[^>]*><figcaption>.', content(revision)
        )
        is not None
    )


MUST: dict[str, Callable[[Revision], object]] = {
    "feedx_footer": lambda one: "feedx" not in content(one) and not content(one).endswith("<hr>"),
    "rfi_Array_instead_of_img": lambda one: one.image is None and "Array" not in content(one),
    "rfi_audio": lambda one: has("audio/", one),
    "rfi_default_image": lambda one: one.image is None,
    "rfi_dst_fold": is_before_capture_in_the_doubled_hour,
    "rfi_empty_lead": lambda one: (
        one.summary != "" and not content(one).startswith("<p><strong></strong>")
    ),
    "rfi_entity_title": lambda one: "&" not in one.title.replace(" & ", ""),
    "rfi_fffd": lambda one: "\ufffd" in content(one) + one.title,
    "rfi_iframe": lambda one: content(one).count("<iframe ") == len(PLAYER.findall(content(one))),
    "rfi_inline_figure": has_a_captioned_picture_in_its_text,
    "rfi_merged_tags": lambda one: len(content(one)) > 500 and "data-" not in content(one),
    "rfi_script_injected": lambda one: "script" not in content(one),
    "rfi_video": lambda one: '<iframe src="https://www.youtube.com/embed/' in content(one),
    "rfi_wire_copyright": lambda one: "©" not in content(one) and one.credits == ("AFP",),
    "title_brackets": lambda one: "[" in one.title or "]" in one.title,
    "voa_audio": lambda one: has("audio/", one) and one.image is not None,
    "voa_empty_caption": lambda one: one.image is None or one.image.caption is None,
    "voa_iframe": lambda one: content(one).count("<iframe") == content(one).count("sandbox="),
    "voa_inline_image": lambda one: '<figure><img src="https://gdb.voanews.com/' in content(one),
    "voa_no_p": lambda one: content(one).count("<p>") > 1,
    "voa_no_slug_url": lambda one: re.fullmatch(r"voa:\d+", one.keys[0]) is not None,
    "voa_placeholder_png": lambda one: "_w268_h151" in f"{one.image} {one.content_html}",
    "voa_video": lambda one: has("video/", one) and one.image is not None,
    "voa_video_audio": lambda one: has("video/", one) and has("audio/", one),
}


@pytest.mark.parametrize("oddity", ODDITIES)
def test_an_oddity_gives_what_it_must(oddity: str) -> None:
    files = sorted((SAMPLES / "oddities" / oddity).glob("*.txt"))

    assert files
    assert [path.name for path in files if not MUST[oddity](article(path))] == []


def test_what_was_filed_twice_is_one_article_and_what_only_has_its_title_is_another() -> None:
    files = sorted((SAMPLES / "same_title").glob("*/*.txt"))
    shared = {
        (one.stem, other.stem)
        for one, other in combinations(files, 2)
        if not set(article(one).keys).isdisjoint(article(other).keys)
    }

    assert shared == {("01_1", "01_2"), ("02_1", "02_2")}


def test_no_two_articles_share_a_key_of_their_text() -> None:
    owners: dict[str, set[str]] = {}
    for path in FILES:
        for key in article(path).keys:
            if ":text:" in key:
                owners.setdefault(key, set()).add(str(path.relative_to(SAMPLES)))

    assert len(owners) > 100
    assert {
        path.rpartition("_")[0] for found in owners.values() if len(found) > 1 for path in found
    } <= {
        "same_title/rfi/01",
        "same_title/rfi/02",
    }


def test_versions_of_one_article_share_its_key() -> None:
    keys: dict[str, set[str]] = {}
    for path in (SAMPLES / "revisions").glob("*/*.txt"):
        keys.setdefault(f"{path.parent.name}:{path.stem.partition('_')[0]}", set()).add(
            article(path).keys[0]
        )

    assert {name: found for name, found in keys.items() if found != {name}} == {}
