"""The HTTP side: what was published, a page for people, and whether we are well.

The rule: it reads and never changes anything; nothing a request says (least of all its Host) gets into a document, and
nothing a publisher writes runs in a page.
"""

from __future__ import annotations

from aiohttp import web

from aggregator.web import routes
from aggregator.web.compression import Bodies
from aggregator.web.conditional import BODIES, add_headers
from aggregator.web.site import Health, Site

__all__ = ["Health", "Site", "make_app"]


def make_app(site: Site) -> web.Application:
    """Build the application; the caller runs it (`web.AppRunner`) and decides where it listens."""
    app = web.Application(middlewares=[routes.explain_errors])
    app[routes.SITE] = site
    app[BODIES] = Bodies()
    app.add_routes(routes.routes())
    app.on_response_prepare.append(add_headers)
    return app
