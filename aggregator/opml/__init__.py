"""OPML, read and written."""
