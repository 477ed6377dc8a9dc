"""Runs one source: fetches it, parses it, reads further pages, and makes one result to commit."""
