"""A parser that has started already: parsers are forked from it in 20 ms, which to start anew takes 300.

Rule: what is forked is the real one, with limits of its own. It ends with whoever asked for it (`stand_in.py`), and the
warm one with the tests.

    warm.py SOCKET         be it until standard input ends; prints a line when ready
"""

from __future__ import annotations

import fcntl
import gc
import os
import socket
import sys
import traceback
from contextlib import suppress
from datetime import UTC, datetime
from select import select

from aggregator import worker
from aggregator.digest import Job, digest
from aggregator.errors import SourceError
from aggregator.model import Capture
from aggregator.sites import loader

WORDS = "The lamplighter of the old harbour begins his round in the evening, and the ships come home. " * 5
ITEM = f"<title>Lamp</title><link>https://a.example/1</link><description>&lt;p&gt;{WORDS}</description>"
DOCUMENTS = {
    "feed": f"<rss version='2.0'><channel><title>Lamps</title><item>{ITEM}</item></channel></rss>",
    "page": "".join(f"<li class=card><a href='/2026/07/{n}'>The lamp of number {n}</a></li>" for n in range(9)),
    "article": f"<html lang=en><title>Lamp</title><h1>Lamp</h1><article><p>{WORDS}<p>{WORDS}</article>",
    "archive": f"<!--1751600000000-->\n[Lamp](https://a.example/1)\n------\n\n<p>{WORDS}</p>",
}


def serve(path: str) -> None:
    """Fork a parser for everyone who asks."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)  # noqa: T201 - whoever started us waits for it
        while sys.stdin not in select([listener, sys.stdin], [], [])[0]:  # type: ignore[type-var]
            asked, _ = listener.accept()
            with asked:
                if os.fork() == 0:
                    listener.close()
                    become_parser(asked)
            reap()


def warm_up() -> None:
    """Load what parsers load, by reading a document of each kind; read the rules that ship once for all."""
    load, shipped = loader.load_sites, loader.load_sites()
    loader.load_sites = lambda folder=None: load(folder) if folder and folder.is_dir() else shipped
    for carrier, text in DOCUMENTS.items():
        with suppress(SourceError):
            digest(
                [Capture("warm", "https://a.example/", datetime.now(UTC), text.encode())], Job("w", carrier), shipped
            )
    gc.collect()
    gc.freeze()  # what all share is not touched again


def become_parser(asked: socket.socket) -> None:
    """Be the parser of who asked, and end with him."""
    data, streams, _, _ = socket.recv_fds(asked, 65_536, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    fcntl.fcntl(asked, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(asked, fcntl.F_SETFL, fcntl.fcntl(asked, fcntl.F_GETFL) | os.O_ASYNC)  # SIGIO ends us when he is gone
    sys.argv = ["aggregator.worker", *data.decode().split("\0")]
    status = 1
    try:
        worker.main()
        status = 0
    finally:
        if status:
            traceback.print_exc()
        os._exit(status)


def reap() -> None:
    """Take note of the parsers that have ended."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


if __name__ == "__main__":
    warm_up()
    serve(sys.argv[1])
