"""Asks feedparser's assertions of the whole program: `python -m benchmarks.assertions FOLDER`."""
