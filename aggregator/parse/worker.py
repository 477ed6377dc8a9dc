"""One parser process of the pool (`parse/pool.py`), which may be killed without losing anything else.

It answers each document by itself and in order, and ends with its standard input. If it gets
stuck when the program that would kill it is gone, an alarm ends it.

    frame    8 bytes of length, then a pickle; a request is (captures, task), an answer one Answer a capture
"""

from __future__ import annotations

import gc
import os
import pickle
import resource
import signal
import struct
import sys
import traceback
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from aggregator.errors import SourceError

if TYPE_CHECKING:
    from aggregator.errors import ErrorClass
    from aggregator.model import Capture
    from aggregator.parse.captures import ParseResult, ParseTask
    from aggregator.rules.compiled import Sites

LENGTH = struct.Struct("!Q")
# Times the time limit: the pool, which waits for the answer, gives up first.
_ALARM_FACTOR = 1.5
_NICENESS = 5  # requests come before parsing
# New objects between two collections: documents make hundreds of thousands and hardly a circle.
_GC_THRESHOLD = 20_000


@dataclass(frozen=True, slots=True)
class ParseFailure:
    """A document that is not what its adapter reads; or that an adapter stumbled over (`internal`)."""

    kind: ErrorClass
    message: str


def frame(value: object) -> bytes:
    """Make the bytes of one message."""
    data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
    return LENGTH.pack(len(data)) + data


def main() -> None:
    """Answer requests until standard input ends; run as `python -m aggregator.parse.worker BYTES SECONDS SITES`."""
    gc.set_threshold(_GC_THRESHOLD)
    from aggregator.rules.loader import load_sites

    memory_bytes, seconds, folder = int(sys.argv[1]), float(sys.argv[2]), sys.argv[3]
    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # what a library prints must not become an answer
    os.nice(_NICENESS)
    sites = load_sites(Path(folder) if folder else None)
    import_module("aggregator.parse.captures")  # what every document needs, before anybody counts
    gc.freeze()  # no collection looks at the modules again
    resource.setrlimit(resource.RLIMIT_DATA, (memory_bytes, memory_bytes))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    _send(answers, None)  # ready: from here on the time belongs to the documents
    while (request := _read_request(sys.stdin.buffer)) is not None:
        captures, task = request
        for capture in captures:
            signal.setitimer(signal.ITIMER_REAL, seconds * _ALARM_FACTOR + 0.5)
            _send(answers, _answer(capture, task, sites))
        signal.setitimer(signal.ITIMER_REAL, 0)
        del request, captures, task  # while it waits, it keeps no document


def _answer(capture: Capture, task: ParseTask, sites: Sites) -> ParseResult | ParseFailure:
    from aggregator.parse.captures import parse_captures

    try:
        return parse_captures([capture], task, sites)
    except SourceError as error:
        return ParseFailure(error.kind, str(error))
    except MemoryError:
        os._exit(1)  # whoever asked sees the end; this process cannot be trusted any more
    except Exception as error:  # noqa: BLE001 - foreign bytes through foreign code: the document is lost, nothing else
        traceback.print_exc()
        return ParseFailure("internal", f"reading it failed ({type(error).__name__}: {error})")


def _send(stream: BinaryIO, value: object) -> None:
    try:
        stream.write(frame(value))
        stream.flush()
    except BrokenPipeError:
        os._exit(0)  # who asked was killed: nobody waits for an answer


def _read_request(stream: BinaryIO) -> Any:
    """Return the next captures and their task, None at the end; the message itself is let go."""
    request = _read(stream)
    if request is None:
        return None
    return pickle.loads(request)  # noqa: S301 - from our own parent


def _read(stream: BinaryIO) -> bytes | None:
    header = stream.read(LENGTH.size)
    if len(header) < LENGTH.size:
        return None
    data = stream.read(LENGTH.unpack(header)[0])
    return data if len(data) == LENGTH.unpack(header)[0] else None


if __name__ == "__main__":
    # Under its own name: the parent process cannot unpickle a `__main__.ParseFailure`.
    import_module("aggregator.parse.worker").main()
