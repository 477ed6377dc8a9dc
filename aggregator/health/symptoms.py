"""Compares the figures of a run with what is usual for its source."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from aggregator.health.baseline import SPREADS, has_fallen, has_risen, share
from aggregator.health.figures import FIELDS, LINK_FOLDER
from aggregator.health.zone_hint import zone_hint
from aggregator.source_health import Symptom

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from aggregator.health.baseline import Baseline, Usual
    from aggregator.source_health import RunFigures

MIN_ITEMS = 3
MIN_KEPT = 0.2  # drift: the usual place gives so few of the items that have the field
USUAL_WINNER = 0.8
MAX_FUTURE = 0.2
_FEWEST_GARBLED, _GARBLED = 2, 0.5  # of the titles beyond ASCII
SHORT_BODY = 0.4  # of the median
# Fewer than a quarter of the items are noticed a run earlier than fewer than half.
_FEW, _VERY_FEW = 0.5, 0.25

# Items that are surely not what the source lists: a page with them is not taken.
NEVER_TAKEN = frozenset({f"winner:{LINK_FOLDER}", "titles", "garbled"})


def find_symptoms(figures: RunFigures, baseline: Baseline) -> list[Symptom]:
    """Return what is unusual about a run."""
    if not figures.found:
        return [Symptom("empty", "quiet", "the list is there and has no items")]
    if not baseline.is_armed:
        return []

    found = []
    for check in (_few_items, _unusable_items, _future_dates, _same_titles, _garbled, _short_body):
        symptom = check(figures, baseline)
        if symptom is not None:
            found.append(symptom)
    found += _fallen_fields(figures, baseline)
    found += _changed_winners(figures, baseline)
    return found


def _few_items(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: run.found)
    if usual is None or usual.median < MIN_ITEMS:
        return None
    limit = max(MIN_ITEMS, _FEW * usual.median)
    if usual.spread:
        limit = min(limit, usual.median - SPREADS * usual.spread, _FEW * usual.least)
    if figures.found >= limit or figures.found >= usual.least:
        return None

    needed = 3
    if figures.found < _VERY_FEW * usual.median:
        needed = 2
    items = "1 item" if figures.found == 1 else f"{figures.found} items"
    return Symptom("few", "degraded", f"{items} found, usually {usual.median:g}", needed)


def _unusable_items(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: share(run.usable, run.found))
    if usual is None or not has_fallen(figures.usable, figures.found, usual):
        return None
    now = f"{figures.usable} of {figures.found} items can be read"
    return Symptom("usable", "degraded", f"{now}, usually {_percent(usual)}")


def _fallen_fields(figures: RunFigures, baseline: Baseline) -> Iterator[Symptom]:
    """Yield the fields that far fewer items have than usual."""
    for name in FIELDS:
        usual = baseline.usual(_share_of(name))
        count = figures.filled.get(name, 0)
        if usual is None or not figures.usable:
            continue
        if has_fallen(count, figures.usable, usual):
            place = baseline.usual_place(name)
            evidence = (
                f"`{name}` is known of {count} of {figures.usable} items, usually of "
                f"{_percent(usual)}, found by `{place}`"
            )
            yield Symptom(f"filled:{name}", "degraded", evidence)


def _changed_winners(figures: RunFigures, baseline: Baseline) -> Iterator[Symptom]:
    """Yield the fields that another place gives than usual, and another folder of links."""
    for name in (*FIELDS, LINK_FOLDER):
        count = figures.filled.get(name, 0)
        now = figures.winners.get(name)
        before = baseline.usual_place(name)
        if now is None or before is None or count < MIN_ITEMS:
            continue
        if now[0] == before or count - now[1] > MIN_KEPT * count:
            continue
        usual = baseline.usual(partial(_share_of_place, name, before))
        seen = baseline.usual(partial(_share_of_place, name, now[0]))
        if usual is None or seen is None or usual.median < USUAL_WINNER:
            continue
        if seen.greatest == 0:
            yield _winner_symptom(name, before, now, count)


def _winner_symptom(name: str, before: str, now: tuple[str, int], count: int) -> Symptom:
    code = f"winner:{name}"
    if name == LINK_FOLDER:
        evidence = f"{now[1]} of {count} links lead to `{now[0]}`, usually to `{before}`"
        return Symptom(code, "broken", evidence)
    evidence = (
        f"`{name}` comes from `{now[0]}` in {now[1]} of {count} items, usually from `{before}`"
    )
    return Symptom(code, "drifting", evidence)


def _future_dates(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: share(run.future, run.usable))
    if usual is None or figures.future <= MAX_FUTURE * figures.usable:
        return None
    if usual.greatest > MAX_FUTURE:
        return None
    evidence = (
        f"{figures.future} of {figures.usable} dates lie in the future, usually "
        f"{_percent(usual)}: {zone_hint(figures.ahead_minutes)}"
    )
    return Symptom("future", "degraded", evidence)


def _same_titles(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: share(run.repeated_titles, run.usable))
    if not _is_more_than_usual(figures.repeated_titles, figures.usable, usual):
        return None
    place = baseline.usual_place("title")
    evidence = (
        f"{figures.repeated_titles} of {figures.usable} items share their `title` with another "
        f"(`{figures.winners.get('title', (place, 0))[0]}`)"
    )
    return Symptom("titles", "degraded", evidence)


def _garbled(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: run.garbled)
    if usual is None or usual.greatest or figures.garbled < _FEWEST_GARBLED:
        return None
    if figures.garbled < _GARBLED * figures.beyond_ascii:
        return None
    evidence = (
        f"{figures.garbled} of {figures.beyond_ascii} titles with letters beyond ASCII are "
        "garbled: the page is not in the encoding that it names"
    )
    return Symptom("garbled", "degraded", evidence)


def _short_body(figures: RunFigures, baseline: Baseline) -> Symptom | None:
    usual = baseline.usual(lambda run: run.body_letters)
    letters = figures.body_letters
    if usual is None or letters is None:
        return None
    limit = min(SHORT_BODY * usual.median, usual.median - SPREADS * usual.spread, usual.least)
    if letters >= limit:
        return None
    evidence = (
        f"the text of an article has {letters:,} letters, usually {usual.median:,.0f}: a paywall "
        "or a question for consent stands before it"
    )
    return Symptom("body", "degraded", evidence)


def _is_more_than_usual(count: int, total: int, usual: Usual | None) -> bool:
    if usual is None or total < MIN_ITEMS:
        return False
    return has_risen(count, total, usual)


def _share_of(name: str) -> Callable[[RunFigures], float | None]:
    return lambda run: share(run.filled.get(name, 0), run.usable)


def _share_of_place(name: str, place: str, run: RunFigures) -> float | None:
    """Return the share of a field's values that one place gives, of the commonest place only."""
    winner, count = run.winners.get(name, ("", 0))
    if winner != place:
        count = 0
    return share(count, run.filled.get(name, 0))


def _percent(usual: Usual) -> str:
    return f"{usual.median:.0%}"
