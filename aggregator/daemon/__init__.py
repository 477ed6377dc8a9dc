"""The daemon: schedule, reload, run pool, file watcher, status."""
