"""Copies of invented articles: how many are grouped, how many groups are right, and what it costs.

What the sources of the corpus repeat (credits, lists of links, footers, legal notes, reports
with other numbers) makes no copies; what an agency sent is one story, however it was edited.
"""

from __future__ import annotations

import json
import sys
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import combinations
from pathlib import Path
from random import Random
from time import process_time
from typing import TYPE_CHECKING, Any

from aggregator.model import Outcome, Result, Revision
from aggregator.store import Store
from benchmarks.measure import Figure
from benchmarks.words import CHINESE, ENGLISH, FRENCH, sentence

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.measure import Size
    from benchmarks.words import Tongue

START = datetime(2026, 1, 1, 6, tzinfo=UTC)
DAYS = 14
_HOUR = timedelta(hours=1)
_TONGUES = (ENGLISH, FRENCH, CHINESE)
_PHRASES = json.loads(
    (Path(__file__).with_name("words") / "copies.json").read_text(encoding="utf-8")
)
# What a desk does with an agency's report; some do two of these at once.
_EDITS = ("headline", "cut", "lead", "agency", "typos", "none", "headline+lead", "headline+cut")


@dataclass(frozen=True, slots=True)
class Article:
    """An article of the corpus; those of one `story` are copies."""

    source: str
    story: str
    hours: float
    title: str
    paragraphs: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Score:
    """Pairs that were grouped: rightly, wrongly, and those that were missed."""

    right: int
    wrong: tuple[tuple[str, str], ...]
    missed: tuple[tuple[str, str], ...]

    @property
    def precision(self) -> float:
        found = self.right + len(self.wrong)
        return self.right / found if found else 1.0

    @property
    def recall(self) -> float:
        wanted = self.right + len(self.missed)
        return self.right / wanted if wanted else 1.0


def run(size: Size, place: Path) -> list[Figure]:
    """Measure in `place`, an empty folder."""
    days = DAYS if size.rounds > 1 else 4
    articles = corpus(days)
    with closing(Store.open(f"sqlite:///{place / 'copies.db'}", text_of=str)) as store:
        fill(store, articles)
        begun = process_time()
        complete(store)
        spent = process_time() - begun
        score = score_groups(store, articles)
    counted = f"{len(articles):,} articles of {days} days"
    return [
        Figure("wrong pairs of copies", 100 * (1 - score.precision), "%", 0.5, counted),
        Figure("missed pairs of copies", 100 * (1 - score.recall), "%", 5, counted),
        Figure("index and copies, an article", 1000 * spent / len(articles), "ms", None, counted),
    ]


def fill(store: Store, articles: Iterable[Article]) -> None:
    """Commit articles, in one run of each source."""
    by_source: dict[str, list[Revision]] = {}
    for number, article in enumerate(articles):
        by_source.setdefault(article.source, []).append(_revision(article, number))
    store.sync_sources([(source, source, START) for source in by_source])
    for source, revisions in by_source.items():
        bring(store, source, revisions)


def bring(store: Store, source: str, revisions: Sequence[Revision]) -> None:
    """Commit one run of a source."""
    [state] = store.claim(START, limit=1, lease=_HOUR, sources=[source], force=True)
    outcome = Outcome(source, START, 1, "ok", found=len(revisions))
    store.commit([Result(state, outcome, revisions=tuple(revisions))], now=START)


def complete(store: Store) -> None:
    while store.update_indexes():
        pass


def score_groups(store: Store, articles: Sequence[Article]) -> Score:
    """Compare the groups of a store with the stories of the corpus."""
    stories = {f"{number}": article for number, article in enumerate(articles)}
    entries = {entry.id: entry for entry in store.entries()}
    found = set()
    for entry in entries.values():
        for other in entry.duplicates:
            names = (entry.guid or "", entries[other].guid or "")
            found.add((min(names), max(names)))

    wanted = set()
    by_story: dict[str, list[str]] = {}
    for name, article in stories.items():
        by_story.setdefault(article.story, []).append(name)
    for names_of_story in by_story.values():
        for one, other in combinations(sorted(names_of_story), 2):
            if stories[one].source != stories[other].source:
                wanted.add((one, other))
    return Score(
        right=len(found & wanted),
        wrong=tuple(_titles(pair, stories) for pair in sorted(found - wanted)),
        missed=tuple(_titles(pair, stories) for pair in sorted(wanted - found)),
    )


def corpus(days: int = DAYS) -> list[Article]:
    """Return the articles of some days, the same at every call."""
    articles: list[Article] = []
    for tongue in _TONGUES:
        random = Random(f"copies {tongue.code}")
        phrases = _PHRASES[tongue.code]
        for network in range(2):
            articles += _shows(random, tongue, phrases, f"network{network}", days)
        articles += _chain(random, tongue, phrases, days)
        articles += _reports(random, tongue, phrases, days)
        articles += _tickers(random, tongue, phrases, days)
    return articles


def revision_of(article: Article, number: int) -> Revision:
    return _revision(article, number)


def _shows(
    random: Random, tongue: Tongue, phrases: Mapping[str, Any], network: str, days: int
) -> list[Article]:
    """Daily shows of one network: a few words of their own above the same credits."""
    lines = random.sample(phrases["credits"], 7)
    articles = []
    for day in range(days):
        for show in range(3):
            words = random.choice((4, 8, 20))
            own = _words(random, tongue, words)
            title = _fill(random, phrases["show_title"], topic=_words(random, tongue, 3))
            source = f"{tongue.code}-{network}-show{show}"
            story = f"{source} {day}"
            hours = 24 * day + show
            articles.append(Article(source, story, hours, title, (own, *lines), tongue.code))
            if show == 0 and day % 5 == 0:  # the network's own feed has it as well
                articles.append(
                    Article(
                        f"{tongue.code}-{network}-best",
                        story,
                        hours + 1,
                        title,
                        (own, *lines),
                        tongue.code,
                    )
                )
    return articles


def _chain(random: Random, tongue: Tongue, phrases: Mapping[str, Any], days: int) -> list[Article]:
    """Papers that print their own stories and an agency's, above lists of links and footers."""
    papers = [f"{tongue.code}-paper{number}" for number in range(4)]
    footers = {}
    for paper in papers:
        footers[paper] = random.sample(phrases["footer"], 3) + random.sample(phrases["legal"], 3)
    articles = []
    for day in range(days):
        links = [_words(random, tongue, 8) for _ in range(8)]
        for number in range(3):
            told = [sentence(random, tongue).strip() for _ in range(random.randint(5, 12))]
            title = _words(random, tongue, 8)
            story = f"{tongue.code} agency {day} {number}"
            for paper in random.sample(papers, 3):
                hours = 24 * day + random.uniform(0, 10)
                edited = _edited(random, tongue, phrases, title, told)
                headline, paragraphs = edited
                tail = _links(random, phrases, links, 5 if day % 2 else 2)
                body = (*paragraphs, *tail, *footers[paper])
                articles.append(Article(paper, story, hours, headline, body, tongue.code))
        for paper in papers:
            for number in range(2):
                told = [sentence(random, tongue).strip() for _ in range(random.randint(1, 6))]
                tail = _links(random, phrases, links, 5)
                body = (*told, *tail, *footers[paper])
                hours = 24 * day + random.uniform(0, 20)
                story = f"{paper} own {day} {number}"
                title = _words(random, tongue, 8)
                articles.append(Article(paper, story, hours, title, body, tongue.code))
    return articles


def _reports(
    random: Random, tongue: Tongue, phrases: Mapping[str, Any], days: int
) -> list[Article]:
    """Daily reports of one form: every paper has its own numbers, but for two that have the same."""
    articles = []
    for day in range(days):
        for kind in ("weather", "market"):
            for number, place in enumerate(phrases["places"][:3]):
                title = _fill(random, phrases[f"{kind}_title"], place=place, n=day + 100 * number)
                told = tuple(_fill(random, line) for line in phrases[kind])
                source = f"{tongue.code}-{kind}{number}"
                story = f"{source} {day}"
                hours = 24 * day + number
                articles.append(Article(source, story, hours, title, told, tongue.code))
                if number == 0:
                    source = f"{tongue.code}-{kind}-mirror"
                    articles.append(Article(source, story, hours + 2, title, told, tongue.code))
    return articles


def _tickers(
    random: Random, tongue: Tongue, phrases: Mapping[str, Any], days: int
) -> list[Article]:
    """Live tickers: each entry repeats the messages before it, below the same notes."""
    articles = []
    for day in range(days):
        for number in range(2):
            source = f"{tongue.code}-ticker{number}"
            messages: list[str] = []
            topic = _words(random, tongue, 3)
            for hour in range(4):
                messages.insert(0, sentence(random, tongue).strip())
                title = _fill(random, phrases["ticker_title"], topic=topic)
                told = (*phrases["ticker"], *messages)
                story = f"{source} {day} {hour}"
                articles.append(
                    Article(source, story, 24 * day + 3 * hour, title, told, tongue.code)
                )
    return articles


def _edited(
    random: Random, tongue: Tongue, phrases: Mapping[str, Any], title: str, told: Sequence[str]
) -> tuple[str, list[str]]:
    """Return headline and sentences of a report as one paper prints it."""
    edit = random.choice(_EDITS)
    place = random.choice(phrases["places"])
    agency = random.choice(phrases["agencies"])
    sentences = list(told)
    if "headline" in edit:
        title = _words(random, tongue, 8)
    if "cut" in edit:
        sentences = sentences[: max(4, round(0.8 * len(sentences)))]
    if "typos" in edit:
        for old, new in phrases["typos"]:
            sentences[0] = sentences[0].replace(old, new, 1)
            sentences[-1] = sentences[-1].replace(old, new, 1)
    if "agency" in edit:
        sentences[0] = phrases["agency"].format(place=place, agency=agency) + sentences[0]
        sentences.append(phrases["by"].format(agency=agency))
    if "lead" in edit:
        sentences.insert(0, phrases["lead"].format(place=place))
    return title, sentences


def _links(
    random: Random, phrases: Mapping[str, Any], links: Sequence[str], count: int
) -> list[str]:
    return [phrases["also"], *random.sample(links, count)]


def _fill(random: Random, line: str, **values: object) -> str:
    """Fill in a line's values, and numbers for those that are not given."""
    while "{n}" in line:
        line = line.replace("{n}", str(values.get("n", random.randint(10, 999))), 1)
    return line.format(**values)


def _words(random: Random, tongue: Tongue, count: int) -> str:
    return tongue.between.join(random.choices(tongue.words, k=count)).capitalize()


def _revision(article: Article, number: int) -> Revision:
    url = f"https://{article.source}.example.org/{number}"
    published = START + article.hours * _HOUR
    html = "".join(f"<p>{paragraph}</p>" for paragraph in article.paragraphs)
    return Revision(
        source=article.source,
        keys=(f"url:{url}",),
        guarded=False,
        at=published,
        captured=published,
        hash=f"1:{number}",
        url=url,
        url_original=url,
        title=article.title,
        published=published,
        published_from="feed",
        content_html=html,
        language=article.language,
        guid=f"{number}",
    )


def _titles(pair: tuple[str, str], stories: Mapping[str, Article]) -> tuple[str, str]:
    one, other = (stories[name] for name in pair)
    return f"{one.story}: {one.title}", f"{other.story}: {other.title}"


if __name__ == "__main__":
    from benchmarks.__main__ import main

    sys.exit(main(["copies", *sys.argv[1:]]))
