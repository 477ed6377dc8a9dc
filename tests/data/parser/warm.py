"""A parser that has started already: parsers are forked from it in 20 ms, which to start anew takes 300.

Rule: what is forked is the real one, with limits of its own; it ends with whoever asked for it, all end with the tests.

    warm.py serve SOCKET                       be the warm one, until standard input ends; prints a line when ready
    warm.py SOCKET BYTES SECONDS SITES         stand for a parser: run as `aggregator.parse.worker BYTES SECONDS SITES` is
"""

from __future__ import annotations

import os
import socket
import sys


def stand_for(path: str, arguments: list[str]) -> None:
    """Lend our standard streams to a parser; end when it does."""
    with socket.socket(socket.AF_UNIX) as asked:
        asked.connect(path)
        socket.send_fds(asked, ["\0".join(arguments).encode()], [0, 1, 2])
        os.close(0)
        os.close(1)
        asked.recv(1)


def serve(path: str) -> None:
    """Fork a parser for everyone who asks."""
    from select import select

    from aggregator.adapters.article import not_article  # noqa: F401
    from aggregator.parse import captures, worker  # noqa: F401 - what a parser loads
    from aggregator.rules.loader import load_sites

    load_sites(None)
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(path)
        listener.listen()
        print("ready", flush=True)  # noqa: T201 - whoever started us waits for it
        while 0 not in select([listener, 0], [], [])[0]:
            asked, _ = listener.accept()
            with asked:
                if os.fork() == 0:
                    listener.close()
                    become_parser(asked)
            reap()


def become_parser(asked: socket.socket) -> None:
    """Be the parser of who asked, and end with him."""
    import fcntl
    import traceback

    from aggregator.parse import worker

    data, streams, _, _ = socket.recv_fds(asked, 65_536, 3)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    fcntl.fcntl(asked, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(
        asked, fcntl.F_SETFL, fcntl.fcntl(asked, fcntl.F_GETFL) | os.O_ASYNC
    )  # SIGIO ends us when he is gone
    sys.argv = ["aggregator.parse.worker", *data.decode().split("\0")]
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
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        serve(sys.argv[2])
    else:
        stand_for(sys.argv[1], sys.argv[2:])
