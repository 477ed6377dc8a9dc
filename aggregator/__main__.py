"""The command `aggregator`, also as `python -m aggregator`.

Hardly anything is imported before Ctrl-C is taken care of: until then it would end in a traceback of Python's own.
"""

import gc
import os

# New objects between two collections. Python's 700 collect hundreds of times while modules are
# imported, a tenth of the time of a short command, and find nothing.
GC_THRESHOLD = 50_000


def main() -> None:
    """Run the command line; ends the process with an exit code of docs/commands.md."""
    gc.set_threshold(GC_THRESHOLD)
    try:
        from aggregator.interrupt import quit_on_interrupt

        quit_on_interrupt()
    except KeyboardInterrupt:
        os._exit(130)

    from aggregator.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
