"""The JSON interface: the keys of the commands, pages by Link headers, errors as problem details."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from importlib.resources import files
from typing import TYPE_CHECKING, Any

import pytest

from aggregator.config import Source
from aggregator.errors import StoreError
from aggregator.model import Outcome
from aggregator.publish.json_record import entry_record, outcome_record
from aggregator.source_status import source_record
from aggregator.store.browse import EntryFilter, EntryPosition
from aggregator.web.api import api_routes
from aggregator.web.site import EntryDetails

if TYPE_CHECKING:
    from collections.abc import Callable

RUN = Outcome("harbour", datetime(2026, 7, 3, 5, 40, tzinfo=UTC), 12, "ok", found=3, new=1)
DESCRIPTION = json.loads(files("aggregator.web").joinpath("openapi.json").read_bytes())


def test_entries_have_the_keys_of_the_command(
    get: Callable[..., Any], site: Any, entry: Any
) -> None:
    site.entries = [entry]

    answer = get("/api/entries")

    assert (answer.status, answer.headers["Content-Type"], json.loads(answer.body)) == (
        200,
        "application/json; charset=utf-8",
        [entry_record(entry)],
    )
    assert "Link" not in answer.headers


def test_a_link_header_leads_to_older_entries(
    get: Callable[..., Any], site: Any, entry: Any, other: Any
) -> None:
    site.entries = [other(id=f"urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-00000000000{n}") for n in (1, 2)]

    answer = get("/api/entries?limit=1&source=harbour")
    get(f"/api/entries{answer.headers['Link'][1:].partition('>')[0]}")

    assert len(json.loads(answer.body)) == 1
    assert site.asked[1] == (
        None,
        EntryFilter(source="harbour"),
        1,
        EntryPosition(entry.published, "urn:uuid:6b8f5c0e-2f0a-5d7e-8f6e-000000000001"),
    )


def test_entries_are_narrowed_by_view_filters_and_time(
    get: Callable[..., Any], site: Any, entry: Any, other: Any
) -> None:
    early = other(published=datetime(2026, 7, 1, tzinfo=UTC))
    site.entries = [entry, early, early]

    answer = get(
        "/api/entries?view=zh&language=zh&tag=sea&q=fog+%22lamp%22&since=2026-07-02&limit=2"
    )

    assert site.asked == [("zh", EntryFilter(None, "zh", "sea", 'fog "lamp"'), 2, None)]
    assert [found["id"] for found in json.loads(answer.body)] == [entry.id]
    assert "Link" not in answer.headers


@pytest.mark.parametrize(
    ("path", "status", "detail"),
    [
        ("/api/entries?limit=0", 400, "limit: give a number from 1 to 500"),
        ("/api/entries?limit=x", 400, "limit: give a number from 1 to 500"),
        ("/api/entries?since=monday", 400, "since: give a time (RFC 3339)"),
        (
            "/api/entries?before=1",
            400,
            "before: give a time (RFC 3339), or the address in a Link header",
        ),
        ("/api/outcomes?since=1d", 400, "unknown parameter; known here: source, limit"),
        ("/api/sources?x=1", 400, "unknown parameter; known here: there is none"),
        (
            "/api/entries?view=none",
            404,
            "there is nothing here; /api/openapi.json lists what there is",
        ),
        ("/api/entries/none", 404, "there is nothing here; /api/openapi.json lists what there is"),
        ("/api/sources/none", 404, "there is nothing here; /api/openapi.json lists what there is"),
        ("/api/none", 404, "there is nothing here; /api/openapi.json lists what there is"),
    ],
)
def test_an_error_says_what_to_change(
    get: Callable[..., Any], path: str, status: int, detail: str
) -> None:
    answer = get(path)

    assert (answer.status, answer.headers["Content-Type"]) == (status, "application/problem+json")
    assert json.loads(answer.body)["detail"] == detail


def test_a_store_that_fails_is_a_problem_without_details(
    get: Callable[..., Any], site: Any
) -> None:
    def fail(*_: Any) -> Any:
        raise StoreError("/var/secret.db is gone")

    site.outcomes = fail
    answer = get("/api/outcomes")

    assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
    assert "secret" not in answer.text


def test_one_entry_and_one_source_are_found_by_id(
    get: Callable[..., Any], site: Any, entry: Any, status: Any
) -> None:
    site.details = {"1": EntryDetails(entry)}
    site.statuses = [status(RUN)]

    assert json.loads(get("/api/entries/1").body) == entry_record(entry)
    assert json.loads(get("/api/sources/harbour").body) == source_record(site.statuses[0])
    assert json.loads(get("/api/sources").body) == [source_record(site.statuses[0])]


def test_a_folder_of_this_machine_is_not_named(
    get: Callable[..., Any], site: Any, status: Any
) -> None:
    site.statuses = [status(source=Source(id="harbour", path="/home/ann/saved/*.txt"))]

    assert json.loads(get("/api/sources").body)[0]["path"] == "*.txt"


def test_outcomes_are_those_of_a_source_or_of_all(get: Callable[..., Any], site: Any) -> None:
    site.runs = [RUN]

    assert json.loads(get("/api/outcomes?source=harbour&limit=7").body) == [outcome_record(RUN)]
    get("/api/outcomes?limit=9999")

    assert site.asked == [("harbour", 7), (None, 500)]


def test_what_the_environment_filled_in_is_not_shown(get: Callable[..., Any], site: Any) -> None:
    site.runs = [Outcome("a", RUN.started, 1, "failed", message="no answer from hunter2")]

    assert json.loads(get("/api/outcomes").body)[0]["message"] == "no answer from ***"


def test_an_unchanged_answer_is_not_sent_again(get: Callable[..., Any], site: Any) -> None:
    site.runs = [RUN]
    tag = get("/api/outcomes").headers["ETag"]

    assert get("/api/outcomes", If_None_Match=tag).status == 304


@pytest.mark.parametrize(
    ("origins", "origin", "allowed", "varies"),
    [
        ((), "https://a.example", None, "Accept-Encoding"),
        (("*",), "https://a.example", "*", "Accept-Encoding"),
        (
            ("https://a.example",),
            "https://a.example",
            "https://a.example",
            "Accept-Encoding, Origin",
        ),
        (("https://a.example",), "https://b.example", None, "Accept-Encoding, Origin"),
    ],
)
def test_scripts_of_other_sites_read_json_where_that_is_allowed(
    get: Callable[..., Any],
    site: Any,
    origins: tuple[str, ...],
    origin: str,
    allowed: str | None,
    varies: str,
) -> None:
    site.origins = origins

    answer = get("/api/outcomes", Origin=origin)

    assert answer.headers.get("Access-Control-Allow-Origin") == allowed
    assert answer.headers["Vary"] == varies
    assert "Access-Control-Allow-Origin" not in get("/", Origin=origin).headers


def test_every_path_is_described(get: Callable[..., Any]) -> None:
    served = {route.path.removeprefix("/api") for route in api_routes()}

    assert json.loads(get("/api/openapi.json").body) == DESCRIPTION
    assert served - {"/openapi.json"} == set(DESCRIPTION["paths"])


def test_the_keys_of_every_answer_are_described(entry: Any, status: Any) -> None:
    schemas = DESCRIPTION["components"]["schemas"]

    assert {name: list(schemas[name]["properties"]) for name in ("Entry", "Source", "Outcome")} == {
        "Entry": list(entry_record(entry)),
        "Source": list(source_record(status(RUN))),
        "Outcome": list(outcome_record(RUN)),
    }


def test_a_text_that_no_database_holds_is_left_out_of_a_query(
    get: Callable[..., Any], site: Any
) -> None:
    get("/api/outcomes?source=har%00bour")
    get("/api/entries?tag=%00&source=a%00")
    get("/?tag=%00&source=a%00")

    assert site.asked[0] == ("harbour", 50)
    assert [wanted for _, wanted, *_ in site.asked[1:]] == [EntryFilter(source="a")] * 2
