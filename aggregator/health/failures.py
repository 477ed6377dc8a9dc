"""What a failed run, or a lasting redirect, says of a source."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from aggregator.source_health import Symptom

if TYPE_CHECKING:
    from aggregator.model import Outcome, SourceState
    from aggregator.source_health import HealthVerdict

FAILURE = "failure"
MOVED = "moved"
_BLOCKED = frozenset({401, 402, 403, 407, 429, 451})
_GONE = frozenset({404, 410})
# The server, the network or this program fails for a while: it may pass.
_PASSING = frozenset({"dns", "connect", "tls", "timeout", "http", "internal", "unreadable"})
_MOVED_SEEN = 2  # permanent redirects in a row


def find_failure(outcome: Outcome) -> Symptom | None:
    """Return the symptom of a failed run; None if it did not fail."""
    if outcome.status != "failed":
        return None
    verdict = _verdict(outcome)
    needed = 2
    if verdict == "broken" and outcome.error in _PASSING:
        needed = 3
    evidence = f"{outcome.error}: {outcome.message}"
    return Symptom(FAILURE, verdict, evidence, needed)


def find_move(state: SourceState) -> Symptom | None:
    """Return the symptom of a source that permanently redirects; None for others."""
    if state.moved_to is None or state.moved_seen < _MOVED_SEEN:
        return None
    parts = urlsplit(state.moved_to)
    address = urlunsplit((parts.scheme, parts.hostname or "", parts.path, "", ""))
    evidence = f"the server redirects permanently to {address}: set `url` to it"
    return Symptom(MOVED, "moved", evidence, needed=1)


def _verdict(outcome: Outcome) -> HealthVerdict:
    if outcome.error == "gone" or outcome.http_status in _GONE:
        return "gone"
    if outcome.error in ("blocked", "forbidden") or outcome.http_status in _BLOCKED:
        return "blocked"
    if outcome.error == "redirect":
        return "moved"
    return "broken"
