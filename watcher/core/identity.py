"""Who an entry is: keys from guid, link or content, and the digest of its content. Must not: look anything up.

Keys are SHA-256, so that a guid of any length costs an index the same. Every key starts from a tag (``guid``,
``link``, ``content`` …), so that a guid which happens to look like a link is never taken for one.
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from urllib.parse import unquote, urlsplit

from watcher.core.model import Entry
from watcher.core.space import one_line

# Parameters that say where a reader came from, never what is read. Prefixes end in "_" or are whole names.
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "hsa_", "ga_")
# fmt: off
_TRACKING_NAMES = frozenset({
    "at_campaign", "at_medium", "at_link_id", "at_format", "at_ptr_name", "cmp", "cmpid", "dclid", "fbclid",
    "gclid", "gbraid", "icid", "igshid", "ito", "mc_cid", "mc_eid", "mkt_tok", "msclkid", "ncid", "ns_campaign",
    "ns_mchannel", "ns_source", "oc", "ocid", "rss", "s_cid", "smid", "smtyp", "sr_share", "traffic_source",
    "twclid", "wbraid", "wt_mc", "xtor", "yclid", "_ga", "_hsenc", "_hsmi",
})
# fmt: on
# Most links: no port, query or fragment, and nothing that would have to be taken apart to be sure.
_PLAIN = re.compile(r"https?://([a-z0-9][a-z0-9.-]*)(/[!\"$->@-~]*)?", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def _digest(tag: str, *parts: str) -> bytes:
    text = "\x00".join((tag, *parts))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def fold_space(text: str) -> str:
    """NFC, every run of white space as one space, none at the ends."""
    return one_line(unicodedata.normalize("NFC", text))


def content_digest(title: str, text: str) -> bytes:
    """SHA-256 of title and text after NFC and white space folding: what decides whether an entry was edited."""
    return hashlib.sha256(f"{fold_space(title)}\n{fold_space(text)}".encode("utf-8", "surrogatepass")).digest()


def _is_tracking(pair: str) -> bool:
    name = unquote(pair.split("=", 1)[0]).casefold()
    return name in _TRACKING_NAMES or name.startswith(_TRACKING_PREFIXES)


def normal_link(link: str) -> str:
    """A link without what does not name a page: scheme of the web, default port, tracking parameters, text fragments.

    ``http`` and ``https`` are one place here (a publisher's move to https must not make its archive new). What cannot
    be taken apart stays as it is.
    """
    link = link.strip()
    plain = _PLAIN.fullmatch(link)
    return f"//{plain[1]}{plain[2] or '/'}" if plain else _normal(link)


def _normal(link: str) -> str:
    try:
        parts = urlsplit(link)
        port = parts.port
    except ValueError:
        return link
    if parts.scheme.lower() not in _DEFAULT_PORTS or not parts.hostname:
        return link
    host = parts.hostname if port in (None, _DEFAULT_PORTS[parts.scheme.lower()]) else f"{parts.hostname}:{port}"
    query = "&".join(pair for pair in parts.query.split("&") if pair and not _is_tracking(pair))
    fragment = "" if _is_tracking(parts.fragment) or parts.fragment.startswith(":~:") else parts.fragment
    return f"//{host}{parts.path or '/'}{'?' + query if query else ''}{'#' + fragment if fragment else ''}"


def link_key(link: str) -> bytes:
    """Key of a link, tracking parameters left out; empty for an empty link."""
    return key_of_normal(normal_link(link))


def key_of_normal(normal: str) -> bytes:
    """Key of a link that `normal_link` made; empty for an empty one."""
    return _digest("link", normal) if normal else b""


def entry_key(entry: Entry) -> bytes:
    """The key of an entry in its source: guid, else link, else a hash of title and text."""
    guid = entry.guid.strip()
    if guid:
        return _digest("guid", guid)
    return link_key(entry.link) or content_key(entry)


def content_key(entry: Entry) -> bytes:
    """The key of an entry by what it says: the last resort, where neither guid nor link is given."""
    return hashlib.sha256(b"content\x00" + content_digest(entry.title, entry.text)).digest()


def twin_key(entry: Entry, normal: str) -> bytes:
    """The key of the second entry that bears a key already taken in the same body; ``normal`` is its normal link.

    With a guid: guid and link together. Without one the link was the key, so the title has to tell them apart.
    """
    guid = entry.guid.strip()
    if guid:
        return _digest("guid+link", guid, normal)
    return _digest("link+title", normal, fold_space(entry.title))
