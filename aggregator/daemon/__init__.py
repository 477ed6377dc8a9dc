"""The process that runs for ever: schedule, reload, runs at the same time, file watcher."""
