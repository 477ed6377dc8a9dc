"""Decide once: url, dates, html, text, language, image, identity. Pure: `now` is the capture's time, an argument."""
