"""Saved articles, made from a seed: as the two great publishers' are, in three languages, 6 to 10 KB each.

The shapes are those of real archives (proxied picture, Paris wall clock, share block, collector's footer), the
text is invented.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import Random
from typing import TYPE_CHECKING
from uuid import UUID
from zoneinfo import ZoneInfo

from benchmarks.words import CHINESE, ENGLISH, FRENCH, paragraph, title

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.words import Tongue

_START = datetime(2024, 1, 1, tzinfo=UTC)
_APART = timedelta(minutes=7)
_PARIS = ZoneInfo("Europe/Paris")
_FOOTER = (
    '<br><hr><div>获取更多RSS：<br><a href="https://feedx.net">https://feedx.net</a> <br></div>'
)
_SHARE = (
    '<div><div>分享 :</div><a href="https://www.facebook.com/dialog/share?href=https://rfi.my/{stem}.F">Facebook</a>'
    '<a href="whatsapp://send?text=https://rfi.my/{stem}.W">WhatsApp</a></div>'
)


def fill(folder: Path, count: int, *, seed: int = 1) -> None:
    """Write `count` articles into `folder`, half of each publisher, every fifth with the collector's footer."""
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        (folder / f"{number:05}.txt").write_text(article(number, seed=seed), encoding="utf-8")


def article(number: int, *, seed: int = 1) -> str:
    """Write the article of that number, header and body."""
    random = Random(f"{seed}:{number}")
    published = _START + number * _APART
    shape = (_voa, _rfi)[number % 2]
    url, headline, body = shape(random, number, published)
    epoch = int((published + timedelta(minutes=31)).timestamp()) * 1000
    footer = _FOOTER if number % 5 == 0 else ""
    return f"<!--{epoch}-->\n[{headline}]({url})\n------\n\n{body}{footer}\n"


def body_of(text: str) -> str:
    """Return what follows the header of a saved article."""
    return text.partition("------\n")[2]


def _voa(random: Random, number: int, published: datetime) -> tuple[str, str, str]:
    tongue, host = ((CHINESE, "www.voachinese.com"), (ENGLISH, "www.voanews.com"))[number % 4 // 2]
    picture = (
        f"https://images.weserv.nl?url=gdb.voanews.com/{_uuid(random)}_cx0_cy10_cw0_w900_r1.jpg"
    )
    body = (
        f"<div><i>{published:%a, %d %b %Y %H:%M:%S} GMT</i></div>"
        f'<img src="{picture}" width="100%"><div><small style="color: #999;">{title(random, tongue)}</small></div>'
        f"{_paragraphs(random, tongue)}"
    )
    return f"https://{host}/a/invented-story/{7_000_000 + number}.html", title(random, tongue), body


def _rfi(random: Random, number: int, published: datetime) -> tuple[str, str, str]:
    tongue, lang = ((CHINESE, "cn"), (FRENCH, "fr"))[number % 4 // 2]
    picture = f"https://s.rfi.fr/media/display/{_uuid(random)}/w:1280/p:16x9/picture{number}.jpg"
    body = (
        f'<div>{published.astimezone(_PARIS):%d/%m/%Y - %H:%M}</div><img src="{picture}">'
        f"<p><strong>{paragraph(random, tongue, 300)}    </strong></p><div>{_paragraphs(random, tongue)}</div>"
        f"{_SHARE.format(stem=f'B{number:04X}')}"
    )
    return (
        f"https://www.rfi.fr/{lang}/monde/{published:%Y%m%d}-invented-{number}",
        title(random, tongue),
        body,
    )


def _paragraphs(random: Random, tongue: Tongue) -> str:
    wanted_bytes, html = random.randint(5_500, 9_000), ""
    while len(html.encode()) < wanted_bytes:
        html += f"<p>{paragraph(random, tongue, random.randint(200, 700))}</p>"
    return html


def _uuid(random: Random) -> UUID:
    return UUID(int=random.getrandbits(128), version=4)
