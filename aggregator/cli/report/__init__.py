"""What people see: tables, entries, revisions, progress."""
