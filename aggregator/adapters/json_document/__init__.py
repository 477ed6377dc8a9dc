"""JSON of any origin: where its lists of items are, and what their keys mean."""
