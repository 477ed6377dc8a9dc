"""The command `aggregator`, also as `python -m aggregator`.

Hardly anything is imported before Ctrl-C is taken care of: until then it would end in a traceback of Python's own.
"""

import os


def main() -> None:
    """Run the command line; ends the process with an exit code of docs/commands.md."""
    try:
        from aggregator.interrupt import quit_on_interrupt

        quit_on_interrupt()
    except KeyboardInterrupt:
        os._exit(130)

    from aggregator.cli import main as command_line

    command_line()


if __name__ == "__main__":
    main()
