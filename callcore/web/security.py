"""Who asks, from where, and by whose page: addresses, origins, cookies, headers."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from urllib.parse import urlsplit

from aiohttp import web

from callcore.domain import Language
from callcore.web.ports import WebSettings
from callcore.web.problems import Problem

_HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
        "media-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=(self)",
}
_DEFAULT_PORTS = {"http": 80, "https": 443}


def add_headers(response: web.StreamResponse, settings: WebSettings) -> None:
    """Put the security headers on any answer; what says nothing about caching is not stored."""
    for name, value in _HEADERS.items():
        response.headers.setdefault(name, value)
    response.headers.setdefault("Cache-Control", "no-store")
    if settings.secure_cookies:
        response.headers.setdefault("Strict-Transport-Security", "max-age=31536000")


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal, in even time; an empty one never is."""
    if not expected:
        return False
    return hmac.compare_digest(given.encode("utf-8", "surrogatepass"), expected.encode())


def check_csrf(given: str, expected: str) -> None:
    """Raises ``Problem`` unless the request carries the session's token."""
    if not same(given, expected):
        raise Problem("csrf")


def check_origin(request: web.Request, settings: WebSettings, *, required: bool = False) -> None:
    """Raises ``Problem`` if the request was made by a page that is not ours.

    Browsers name the page's origin with everything that could do harm. A program that is no browser names
    none, and has nobody's cookies to abuse: it passes unless ``required``.
    """
    origin = request.headers.get("Origin")
    if origin is not None:
        if not _is_ours(origin, request, settings):
            raise Problem("origin")
        return
    if required or request.headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Problem("origin")


def _is_ours(origin: str, request: web.Request, settings: WebSettings) -> bool:
    asked = _split(origin)
    if asked is None:
        return False
    if settings.public_origins:
        return any(asked == _split(own) for own in settings.public_origins)
    # A proxy may take TLS off, so that the scheme we were asked by says nothing; the host does.
    scheme, host, port = asked
    own = _split(f"{scheme}://{request.host}")
    return own == (scheme, host, port) and (scheme == "https" or not settings.secure_cookies)


def _split(origin: str) -> tuple[str, str, int] | None:
    try:
        parts = urlsplit(origin)
        port = parts.port
    except ValueError:
        return None
    if parts.scheme not in _DEFAULT_PORTS or not parts.hostname or parts.username is not None:
        return None
    return parts.scheme, parts.hostname, port or _DEFAULT_PORTS[parts.scheme]


Address = IPv4Address | IPv6Address


def client_address(request: web.Request, settings: WebSettings) -> str:
    """The address of the client; behind trusted proxies the nearest one that is not a proxy of ours."""
    address = _address(request.remote or "")
    if address is None:
        return "unknown"
    networks = _networks(settings.trusted_proxies)
    hops = ",".join(request.headers.getall("X-Forwarded-For", [])).split(",")
    for hop in reversed(hops):
        if not any(address in network for network in networks):
            break
        nearer = _address(hop.strip())
        if nearer is None:
            break
        address = nearer
    return str(address)


def is_local(request: web.Request) -> bool:
    """Whether a program on this machine asks, not through a proxy on it."""
    address = _address(request.remote or "")
    is_forwarded = "X-Forwarded-For" in request.headers or "Forwarded" in request.headers
    return address is not None and address.is_loopback and not is_forwarded


def _address(text: str) -> Address | None:
    try:
        address = ip_address(text)
    except ValueError:
        return None
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return mapped or address


@lru_cache(maxsize=8)
def _networks(names: tuple[str, ...]) -> Sequence[IPv4Network | IPv6Network]:
    return [ip_network(name, strict=False) for name in names]


def session_cookie(settings: WebSettings) -> str:
    """Name of the session's cookie; ``__Host-`` binds it to this host and to HTTPS."""
    return "__Host-callcore_session" if settings.secure_cookies else "callcore_session"


def form_cookie(settings: WebSettings) -> str:
    """Name of the cookie that a form before sign-in has to repeat."""
    return "__Host-callcore_form" if settings.secure_cookies else "callcore_form"


LANGUAGE_COOKIE = "callcore_language"
_YEAR_SECONDS = 365 * 86_400


def set_cookie(
    response: web.StreamResponse, name: str, value: str, settings: WebSettings, seconds: int | None = None
) -> None:
    """Set a cookie that no script and no foreign page gets to use."""
    response.set_cookie(
        name,
        value,
        max_age=seconds,
        path="/",
        secure=settings.secure_cookies,
        httponly=True,
        samesite="Strict",
    )


def drop_cookie(response: web.StreamResponse, name: str, settings: WebSettings) -> None:
    """Take a cookie of ours back."""
    response.del_cookie(name, path="/", secure=settings.secure_cookies, httponly=True, samesite="Strict")


def remember_language(response: web.StreamResponse, language: Language, settings: WebSettings) -> None:
    """Keep the language for the sign-in page, for a year."""
    set_cookie(response, LANGUAGE_COOKIE, language, settings, _YEAR_SECONDS)


def guess_language(request: web.Request, settings: WebSettings) -> Language:
    """Language of somebody who has not signed in: his last one, or his browser's."""
    kept = as_language(request.cookies.get(LANGUAGE_COOKIE, ""))
    if kept is not None:
        return kept
    return accepted_language(request) or settings.language


def accepted_language(request: web.Request) -> Language | None:
    """The first language of the request's wishes that we speak."""
    for wish in request.headers.get("Accept-Language", "").split(",")[:10]:
        found = as_language(wish.strip()[:2].lower())
        if found is not None:
            return found
    return None


def as_language(text: str) -> Language | None:
    """``text`` if it is a language that we speak."""
    if text == "ru":
        return "ru"
    return "en" if text == "en" else None
