"""A page is an article's own when it says so and does not say that it lists others."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from aggregator.adapters.article.not_article import is_article, is_stub, likely_reason
from aggregator.adapters.html import parse_page
from aggregator.model import Candidate, Capture, RawEntry

URL = "https://harbour.example/2024/bridge"
OPEN_GRAPH = '<meta property="og:type" content="Article">'


def data(json: str) -> str:
    return f'<script type="application/ld+json">{json}</script>'


NODE = data(f'{{"@type": "NewsArticle", "url": "{URL}", "headline": "A bridge opens"}}')


@pytest.mark.parametrize(
    ("head", "url", "expected"),
    [
        (OPEN_GRAPH, URL, True),
        (NODE, URL, True),
        (NODE, "https://harbour.example/", False),
        (OPEN_GRAPH, "https://harbour.example", False),
        (OPEN_GRAPH + data('{"@type": "CollectionPage"}'), URL, False),
        (NODE + data('{"@graph": [{"@type": ["ItemList"]}]}'), URL, False),
        ('<meta property="og:type" content="website">', URL, False),
        ('<meta name="OG:type" content="article">', URL, True),
        (data('{"@type": "Organization"}'), URL, False),
        ("", URL, False),
    ],
)
def test_a_page_is_an_article_when_it_says_so(head: str, url: str, expected: bool) -> None:
    body = f"<html><head>{head}</head><body><h1>A bridge opens</h1></body></html>"

    assert (
        is_article(
            parse_page(Capture("harbour", url, datetime(2024, 7, 5, tzinfo=UTC), body.encode()))
        )
        is expected
    )


@pytest.mark.parametrize(
    "title",
    [
        "We use cookies",
        "Zustimmung erforderlich - Gazette",
        "Votre consentement nécessaire",
        "Configuración de privacidad",
        "La tua privacy",
        "Toestemming nodig",
        "Preferências de cookies",
        "Ustawienia prywatności",
        "Cookie-inställningar",
        "Samtykke påkrævet",
        "Evästeasetukset",
    ],
)
def test_a_consent_page_is_known_by_its_title_in_the_languages_of_publishers(title: str) -> None:
    assert likely_reason([title], 40) == f"a consent wall, titled `{title}`"
    assert likely_reason([title], 400) is None


@pytest.mark.parametrize(
    "text",
    [
        "We and our partners use cookies. Accept all or manage preferences.",
        "Lesen Sie mit Werbung und Tracking. Zustimmen und weiter",
        "Nous respectons votre vie privée. Tout accepter",
        "Usamos cookies propias. Aceptar y continuar",
        "Usiamo i cookie. Accetta e continua",
        "Wij gebruiken cookies. Alles accepteren",
        "Usamos cookies. Aceitar tudo",
        "Używamy plików cookie. Akceptuję wszystko i przejdź do serwisu",
        "Vi använder cookies. Godkänn alla",
        "Vi bruger cookies. Accepter alle",
        "Käytämme evästeitä. Hyväksy kaikki",
    ],
)
def test_a_consent_page_is_known_by_two_marks_in_its_text(text: str) -> None:
    assert likely_reason(["Gazette"], 40, text) == "a consent wall, by its text"
    assert likely_reason(["Gazette"], 400, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "The court fined the company because its cookies follow readers.",
        "The committee voted to accept all amendments.",
        "The minister said that such a treaty does not exist.",
    ],
)
def test_a_short_report_about_such_things_is_no_wall(text: str) -> None:
    assert likely_reason(["Gazette"], 40, text) is None


@pytest.mark.parametrize(
    "text",
    [
        "We could not find the page that you asked for.",
        "Die angeforderte Seite gibt es leider nicht mehr.",
        "La page que vous cherchez a été déplacée.",
    ],
)
def test_an_error_page_is_known_by_its_text(text: str) -> None:
    assert likely_reason(["Gazette"], 40, text) == "a page of an error, by its text"


@pytest.mark.parametrize(
    ("listed_words", "page_words", "is_paid", "expected"),
    [
        (50, 20, True, True),
        (20, 50, True, False),
        (200, 150, True, True),
        (100, 50, False, True),
        (60, 50, False, False),
        (400, 150, False, False),
    ],
    ids=["paid", "paid but longer", "paid and long", "short", "nearly as long", "an article"],
)
def test_a_page_with_less_than_what_is_listed_is_a_stub(
    listed_words: int, page_words: int, is_paid: bool, expected: bool
) -> None:
    item = RawEntry("item 1", summary=(Candidate("word " * listed_words, "feed:description"),))

    assert is_stub(f"<p>{'word ' * page_words}</p>", item, is_paid=is_paid) is expected


@pytest.mark.parametrize(
    ("title", "is_error"),
    [
        ("404", True),
        ("Error 404", True),
        ("404 - Gazette", True),
        ("Gazette | 404 Not Found", True),
        ("The 404 show: where lamps burn", False),
        ("Route 410 closes for a week", False),
    ],
)
def test_a_number_is_an_error_only_where_titles_of_errors_have_it(
    title: str, is_error: bool
) -> None:
    reason = likely_reason([title], 40, "The lamps burn.")

    assert (reason is not None) is is_error
