"""One source's way: fetch, parse, follow further pages, complete articles, one result to commit."""
