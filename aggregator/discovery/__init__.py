"""Where the feeds of a page are."""
