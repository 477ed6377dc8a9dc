"""A parser process whose adapter does what the document says, if that is one of the things that go wrong."""

from __future__ import annotations

import os
import signal
import sys
import time
from typing import TYPE_CHECKING

from aggregator.adapter_table import ADAPTERS, Adapter
from aggregator.model import ParsedDocument, Rejection
from aggregator.parse import worker

if TYPE_CHECKING:
    from aggregator.model import Capture
    from aggregator.rules.compiled import SiteRules


def parse(capture: Capture, _: SiteRules) -> ParsedDocument:
    word = capture.body.decode()
    if word == "hang":
        time.sleep(60)
    elif word == "eat":
        hoard = [bytearray(1 << 20) for _ in range(4096)]
        return ParsedDocument(rejected=(Rejection(None, str(len(hoard))),))
    elif word == "crash":
        os.kill(os.getpid(), signal.SIGSEGV)
    elif word == "raise":
        raise ZeroDivisionError("a mistake of the adapter")
    elif word == "talk":
        print("noise " * 9999)  # noqa: T201 - what it is about
        os.write(1, b"more noise")
    elif word == "environment":
        return ParsedDocument(rejected=tuple(Rejection(None, name) for name in sorted(os.environ)))
    return ParsedDocument(rejected=(Rejection(None, f"{word} was read by {os.getpid()}"),))


if __name__ == "__main__":
    if sys.argv[3] == "never":
        sys.exit("no rules here")
    sys.modules["word"] = sys.modules[__name__]
    ADAPTERS["word"] = Adapter("word", "word")
    worker.main()
