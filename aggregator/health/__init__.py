"""Judges how a source is, from the figures of its runs; pure, and without a clock."""
