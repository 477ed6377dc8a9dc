"""The output of commands: tables, entries, revisions, previews, progress."""
