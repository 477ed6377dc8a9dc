"""The command: `python -m benchmarks.politeness [--client NAME] [--format json] [--reader PYTHON]`.

Rule: the board goes to standard output alone. Exit status 1 where we ourselves have a fault.
"""

from __future__ import annotations

import asyncio
import json
import logging
import sys
from argparse import ArgumentParser
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from benchmarks.politeness import pace, peers, us, validators, visits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SCENARIOS = (*validators.SCENARIOS, *pace.SCENARIOS, *visits.SCENARIOS)
Board = dict[str, dict[str, str | None]]  # client -> scenario -> fault, None for none


def main() -> int:
    parser = ArgumentParser(
        prog="python -m benchmarks.politeness", description="Watch feed readers at an origin."
    )
    parser.add_argument(
        "--client",
        choices=["us", *peers.PEERS],
        help="this one alone; all that are installed if absent",
    )
    parser.add_argument("--format", choices=["table", "json"], default="table")
    parser.add_argument(
        "--reader", metavar="PYTHON", help="the Python that has the package `reader`"
    )
    asked = parser.parse_args()
    logging.disable(logging.CRITICAL)  # every fault of the origin would be told twice
    clients = [asked.client] if asked.client else ["us", *peers.PEERS]
    board = asyncio.run(_played(clients, {"reader": asked.reader}))
    print(json.dumps(board, indent=2) if asked.format == "json" else _table(board))
    ours = next((faults for client, faults in board.items() if client == us.version()), {})
    return 1 if any(ours.values()) else 0


async def _played(clients: Sequence[str], programs: Mapping[str, str | None]) -> Board:
    board: Board = {}
    for client in clients:
        with TemporaryDirectory(prefix="politeness-") as place:
            if client == "us":
                board[us.version()] = await us.play(SCENARIOS, Path(place))
            elif (version := await peers.version(client, programs.get(client))) is not None:
                board[version] = await peers.play(
                    client, SCENARIOS, Path(place), programs.get(client)
                )
            else:
                print(f"{client} is not installed", file=sys.stderr)
    return board


def _table(board: Board) -> str:
    """Lay the board out as a Markdown table, and the faults in words below."""
    lines = [
        f"{datetime.now(UTC):%Y-%m-%d}, {len(SCENARIOS)} scenarios",
        "",
        _row(["scenario", "rule", *board]),
    ]
    lines.append("|---|---|" + "---|" * len(board))
    lines += [
        _row([one.name, one.rules, *(_cell(faults, one.name) for faults in board.values())])
        for one in SCENARIOS
    ]
    lines.append(_row(["**faults**", "", *(_sum(faults) for faults in board.values())]))
    for client, faults in board.items():
        told = [f"* {name}: {fault}" for name, fault in faults.items() if fault]
        lines += ["", f"{client}: no fault" if not told else f"{client}:", *told]
    return "\n".join(lines)


def _row(cells: Sequence[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _cell(faults: Mapping[str, str | None], scenario: str) -> str:
    if scenario not in faults:
        return "–"
    return "fault" if faults[scenario] else "ok"


def _sum(faults: Mapping[str, str | None]) -> str:
    return f"{sum(fault is not None for fault in faults.values())} of {len(faults)}"


if __name__ == "__main__":
    sys.exit(main())
