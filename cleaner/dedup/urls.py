"""One spelling per page address: what may differ between two urls of the same page, and no more."""

from collections.abc import Iterable
from urllib.parse import urljoin, urlsplit

import polars as pl

_PORTS = {"http": "80", "https": "443", "ftp": "21"}

# Parameters that track the reader or name a session and never choose the page. From the public
# documentation of each: Google Analytics (utm_*, gclid, dclid, gbraid, wbraid, _ga, _gl), Meta
# (fbclid), Microsoft (msclkid), Yandex (yclid, _openstat), X (twclid), TikTok (ttclid), LinkedIn
# (li_fat_id), Mailchimp (mc_cid, mc_eid), HubSpot (_hsenc, _hsmi, hsctatracking), Marketo
# (mkt_tok), Instagram (igshid), Matomo (mtm_*, pk_*), Vero (vero_id), Alibaba and Bilibili (spm,
# spm_id_from, scm), Java (jsessionid), PHP (phpsessid), ASP (aspsessionid*), ColdFusion (cfid,
# cftoken), generic (sessionid, session_id, sid with 16 or more characters).
_TRACKING = frozenset({
    "gclid", "dclid", "gbraid", "wbraid", "_ga", "_gl", "fbclid", "msclkid", "yclid",
    "_openstat", "twclid", "ttclid", "li_fat_id", "mc_cid", "mc_eid", "_hsenc", "_hsmi",
    "hsctatracking", "mkt_tok", "igshid", "vero_id", "spm", "spm_id_from", "scm", "jsessionid",
    "phpsessid", "cfid", "cftoken", "sessionid", "session_id",
})  # fmt: skip
_TRACKING_PREFIXES = ("utm_", "mtm_", "pk_", "aspsessionid")


def host(url: str | None) -> str | None:
    """Return the host of a url, lower case and without a port; None when it has none.

    >>> host("HTTPS://User@Example.ORG:443/a")
    'example.org'
    """
    parts = _split(url)
    return parts[1] if parts else None


def hosts(urls: Iterable[str | None]) -> pl.Series:
    """Return the host of each url; null where it has none.

    >>> hosts(["https://Example.org:8080/a", "not a url", None]).to_list()
    ['example.org', None, None]
    """
    return pl.Series([host(url) for url in urls], dtype=pl.String)


def normalised(url: str | None, canonical: str | None = None) -> str | None:
    """Return the spelling by which urls are compared; None when there is nothing to compare.

    The scheme's and the host's case, the default port, the fragment, a trailing slash, and
    parameters that track do not count. A canonical link on the same host stands for the url.

    >>> normalised("HTTP://Example.org:80/a/?utm_source=x&b=2#top")
    'http://example.org/a?b=2'
    >>> normalised("http://example.org/print/7", canonical="/7")
    'http://example.org/7'
    """
    if url is None or not url.strip():
        return None
    url = url.strip()
    if canonical is not None and canonical.strip():
        try:
            target = urljoin(url, canonical.strip())
        except ValueError:
            target = url
        if host(target) is not None and host(target) == host(url):
            url = target
    parts = _split(url)
    if parts is None:
        return url
    scheme, name, port, path, query = parts
    port = "" if port in ("", _PORTS.get(scheme)) else f":{port}"
    path = _sessionless(path).rstrip("/")
    query = "&".join(field for field in query.split("&") if field and not _tracks(field))
    return f"{scheme}://{name}{port}{path}" + (f"?{query}" if query else "")


def _split(url: str | None) -> tuple[str, str, str, str, str] | None:
    """Return scheme, host, port, path, query; None when it is no absolute url."""
    try:
        parts = urlsplit((url or "").strip())
    except ValueError:
        return None
    name, _, port = parts.netloc.rpartition("@")[2].partition(":")
    if parts.netloc.rpartition("@")[2].startswith("["):  # IPv6
        name, _, port = parts.netloc.rpartition("@")[2].partition("]")
        name, port = name + "]", port.removeprefix(":")
    if not parts.scheme or not name:
        return None
    return parts.scheme.lower(), name.lower().rstrip("."), port, parts.path, parts.query


def _sessionless(path: str) -> str:
    head, mark, tail = path.partition(";")
    return head if mark and tail.lower().startswith("jsessionid=") else path


def _tracks(field: str) -> bool:
    name, _, value = field.partition("=")
    name = name.lower()
    if name == "sid":
        return len(value) >= 16
    return name in _TRACKING or name.startswith(_TRACKING_PREFIXES)
