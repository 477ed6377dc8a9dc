"""Tables of HTML: which elements stay, which are dropped, which are wrappers, who may be embedded.

The list of elements follows miniflux's sanitizer, with MathML and ruby added.
"""

from __future__ import annotations

import re

_DROPPED_NAMES = """
    applet area base basefont button canvas datalist dialog embed frame frameset input link map meta meter nav noembed
    noframes object optgroup option output param plaintext progress script select style svg template textarea title xmp
"""
_INLINE_NAMES = """
    a abbr acronym b bdi bdo big br cite code data del dfn em font i img ins kbd label mark math picture q rb rp rt rtc
    ruby s samp small source span strike strong sub sup time track tt u var wbr
"""
_MATHML_NAMES = """
    annotation annotation-xml maction math menclose merror mfenced mfrac mi mmultiscripts mn mo mover mpadded mphantom
    mprescripts mroot mrow ms mspace msqrt mstyle msub msubsup msup mtable mtd mtext mtr munder munderover none
    semantics
"""
_BLOCK_NAMES = (
    "audio blockquote details dl figure h1 h2 h3 h4 h5 h6 hr iframe ol p pre table ul video"
)
_NESTED_NAMES = "caption col colgroup dd dt figcaption li summary tbody td tfoot th thead tr"
_WRAPPER_NAMES = "article aside center div footer form header main section"

DROPPED_TAGS = tuple(_DROPPED_NAMES.split())
INLINE = frozenset(_INLINE_NAMES.split())
MATHML = frozenset(_MATHML_NAMES.split())
KEPT_BLOCKS = frozenset(_BLOCK_NAMES.split())
NESTED = frozenset(_NESTED_NAMES.split())
BLOCKS = KEPT_BLOCKS | NESTED | frozenset(_WRAPPER_NAMES.split())
# What the elements of lists and tables may hold; text is none of it.
ALLOWED_CHILDREN = {
    "ul": {"li"},
    "ol": {"li"},
    "dl": {"dt", "dd"},
    "table": {"caption", "colgroup", "thead", "tbody", "tfoot", "tr"},
    "thead": {"tr"},
    "tbody": {"tr"},
    "tfoot": {"tr"},
    "tr": {"td", "th"},
    "colgroup": {"col"},
}
KNOWN_TAGS = (
    frozenset({"html", "body", "noscript"})
    | (INLINE - {"big", "data", "font", "label"})
    | MATHML
    | BLOCKS
)
MEDIA = frozenset({"audio", "hr", "iframe", "img", "math", "picture", "video"})

ALLOWED_TAGS = (INLINE | MATHML | KEPT_BLOCKS | NESTED) - {
    "font",
    "label",
    "data",
    "big",
    "annotation-xml",
}

ALLOWED_ATTRIBUTES = {
    "*": {"dir", "id", "lang", "title"},
    "a": {"href", "hreflang"},
    "img": {"src", "alt", "srcset", "sizes", "width", "height"},
    "source": {"src", "type", "srcset", "sizes", "media"},
    "video": {"src", "poster", "width", "height", "controls"},
    "audio": {"src", "controls"},
    "track": {"src", "kind", "srclang", "label"},
    "iframe": {"src", "width", "height", "allowfullscreen", "loading", "sandbox"},
    "time": {"datetime"},
    "blockquote": {"cite"},
    "q": {"cite"},
    "del": {"cite", "datetime"},
    "ins": {"cite", "datetime"},
    "td": {"rowspan", "colspan"},
    "th": {"rowspan", "colspan", "scope"},
    "ol": {"start", "reversed", "type"},
    "li": {"value"},
    "math": {"display", "xmlns"},
    "mo": {"stretchy", "fence", "separator"},
    "mfenced": {"open", "close", "separators"},
    "mtd": {"columnspan", "rowspan"},
}

# Players whose frames may stay, sandboxed: the hosts are miniflux's list. Each is allowed by the
# paths of its embedded player only, because its other pages hold forms, log-ins and redirects.
PLAYER_PATHS = {
    "bandcamp.com": r"/EmbeddedPlayer/",
    "cdn.embedly.com": r"/widgets/",
    "dailymotion.com": r"/embed/",
    "framatube.org": r"/(?:videos|video-playlists)/embed/",
    "open.spotify.com": r"/embed(?:-podcast)?/",
    "player.bilibili.com": r"/player\.html(?:\?|$)",
    "player.twitch.tv": r"/(?:index\.html)?\?",
    "player.vimeo.com": r"/video/",
    "soundcloud.com": r"/player/?\?",
    "vk.com": r"/video_ext\.php\?",
    "w.soundcloud.com": r"/player/?\?",
    "youtube-nocookie.com": r"/embed/",
    "youtube.com": r"/embed/",
}
PLAYER_HOSTS = frozenset(PLAYER_PATHS)
SANDBOX = "allow-scripts allow-popups"
_PLAYER_ADDRESS = re.compile(r"https?://(?:www\.)?(?P<host>[a-z.-]+)(?P<path>/.*)?", re.DOTALL)
# A browser reads `\` as `/`, and goes a folder up for `..` in any spelling.
_WAY_OUT_OF_FOLDER = re.compile(r"\\|(?:/|%2f)(?:\.|%2e){1,2}(?=/|%2f|[?#]|$)", re.IGNORECASE)


def is_player(url: str) -> bool:
    """Tell whether an absolute URL is the embedded player of a known site.

    >>> is_player("https://www.youtube.com/embed/abc"), is_player("https://www.youtube.com/logout")
    (True, False)
    """
    address = _PLAYER_ADDRESS.fullmatch(url)
    if address is None or address["host"] not in PLAYER_PATHS:
        return False

    path = address["path"] or "/"
    folders = path.partition("?")[0].partition("#")[0]
    if _WAY_OUT_OF_FOLDER.search(folders):
        return False
    return re.match(PLAYER_PATHS[address["host"]], path) is not None


# Frames that show nothing of the article: advertisements, counters, comments, forms.
NO_CONTENT_FRAME = re.compile(
    r"""^https?://(?:ads?|adserver|pixel|track(?:er|ing)?)\. | ^https?://(?:[\w-]+\.)*(?:
        doubleclick\.net | googlesyndication\.com | googletagmanager\.com | googleadservices\.com
      | amazon-adsystem\.com | taboola\.com | outbrain\.com | disqus\.com | addthis\.com | sharethis\.com
      | facebook\.com/(?:plugins/(?:like|share|page|follow|comments)|v[\d.]+/plugins/) | platform\.twitter\.com/widgets
      | google\.com/recaptcha | hcaptcha\.com | list-manage\.com
    )""",
    re.IGNORECASE | re.VERBOSE,
)
# The elements of AMP that stand for others.
AMP_TAGS = {
    "amp-img": "img",
    "amp-anim": "img",
    "amp-video": "video",
    "amp-audio": "audio",
    "amp-iframe": "iframe",
}

# Where a lazy image keeps its real address, best first.
LAZY_SOURCES = (
    "data-src",
    "data-lazy-src",
    "data-original",
    "data-orig-file",
    "data-large-file",
    "data-hi-res-src",
    "data-orig",
    "data-medium-file",
    "data-url",
)
LAZY_SETS = ("srcset", "data-srcset", "data-lazy-srcset")

# Links that only share the page; counted from the share blocks of news sites.
SHARE_LINK = re.compile(
    r"""^(?:whatsapp:|fb-messenger:|viber:|tg:|
    https?://(?:[\w-]+\.)*(?:
        facebook\.com/(?:dialog/|sharer|share\.php)
      | (?:twitter|x)\.com/(?:intent/|share\b)
      | api\.whatsapp\.com/send | wa\.me/\?text
      | (?:t|telegram)\.me/share
      | linkedin\.com/(?:share|cws/share)
      | pinterest\.\w+/pin/create
      | reddit\.com/submit
      | service\.weibo\.com/share | qzone\.qq\.com/[^?\#]*share
      | line\.me/R/(?:msg|share) | social-plugins\.line\.me
      | vk\.com/share | connect\.ok\.ru/offer
      | tumblr\.com/(?:share|widgets/share)
      | getpocket\.com/(?:save|edit)
      | news\.ycombinator\.com/submitlink
      | share\.flipboard\.com
      | bsky\.app/intent | threads\.net/intent | plus\.google\.com/share
    ))""",
    re.IGNORECASE | re.VERBOSE,
)

# What every fused tag matches: a name that runs into an equals sign. Rare, and quick to rule out.
MAYBE_FUSED_TAG = re.compile(r"<[A-Za-z][\w:-]*+=")

# `<divclass="x"`: a tag fused to its first attribute when lines were joined with nothing between.
_FUSED_TAGS = r"""
    div span img a p source figure figcaption section article aside iframe video audio button youtube-player play-media
    share-button ul ol li h[1-6] picture table tbody thead td tr th svg path input script link meta small strong em i b
    u blockquote time form label
"""
_FUSED_ATTRIBUTES = r"""
    class id style src srcset href alt title type width height rel target name content property poster controls loading
    sizes media fetchpriority decoding frameborder border align allow allowfullscreen source image locale tabindex role
    v-[a-z:-]+ data-[\w-]+ aria-[\w-]+ video-[a-z]+ media-id current-media on[a-z]+ datetime lang dir itemprop d
    viewBox xmlns rowspan colspan
"""
FUSED_TAG = re.compile(
    rf"<({'|'.join(_FUSED_TAGS.split())})(?=(?:{'|'.join(_FUSED_ATTRIBUTES.split())})=)",
    re.IGNORECASE,
)
