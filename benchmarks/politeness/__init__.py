"""How polite a feed reader is: an origin that notes what it is asked, and a judge for each promise.

Rule: a client is judged by what the origin saw, never by what it says of itself. `python -m benchmarks.politeness`.
"""
