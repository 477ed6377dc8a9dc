"""The HTTP server: published feeds, a page for people, and health.

It never changes anything. Nothing from a request, such as its Host header, gets into a
document, and no foreign script runs in a page.
"""

from __future__ import annotations

from aiohttp import web

from aggregator.web import routes
from aggregator.web.compression import CompressedBodies
from aggregator.web.conditional import COMPRESSED_BODIES, add_headers
from aggregator.web.server import ConnectionLimits, WebServer
from aggregator.web.site import SITE, Health, SiteContent

__all__ = ["ConnectionLimits", "Health", "SiteContent", "WebServer", "make_app"]


def make_app(site: SiteContent) -> web.Application:
    """Build the application; `WebServer` runs it."""
    app = web.Application(middlewares=[routes.explain_errors])
    app[SITE] = site
    app[COMPRESSED_BODIES] = CompressedBodies()
    app.add_routes(routes.route_table())
    app.on_response_prepare.append(add_headers)
    return app
