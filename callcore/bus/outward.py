"""Requests to other people's servers: only where we may go, in time, no redirects, a bounded answer.

A name is resolved once, and the connection goes to exactly the addresses that were checked: a name that
answers with another address the second time gains nothing.
"""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from yarl import URL

from callcore.bus.plan import Answer
from callcore.domain import Text

Network = IPv4Network | IPv6Network
ANSWER_BYTES = 4096
URL_CHARACTERS = 2000
_NAT64 = ipaddress.ip_network("64:ff9b::/96")


_WHY_NOT = (
    Text(
        "адрес слишком длинный или с невидимыми знаками",
        "the address is too long, or holds invisible characters",
    ),
    Text("это не адрес", "this is no address"),
    Text("спрашиваем только адреса http:// и https://", "only http:// and https:// addresses are asked"),
    Text("имени и пароля в адресе быть не должно", "no name and password in the address"),
)
_LONG, _NONE, _SCHEME, _PASSWORD = _WHY_NOT
_CLOSED = Text(
    "{what}: сюда нельзя, это закрытая сеть. Разрешить её: webhooks.allow в настройках",
    "{what}: not allowed, this is a private network. To allow it: webhooks.allow in the settings",
)
_SILENT = Text("нет ответа за {what} с", "no answer within {what} s")
_MOVED = Text("перенаправление, а за ним мы не ходим: {what}", "a redirect, which is not followed: {what}")
_WORDS = (*_WHY_NOT, _CLOSED, _SILENT, _MOVED)


class Refused(OSError):
    """We do not go there; the message says why."""

    def __init__(self, why: Text, what: str = "") -> None:
        super().__init__(why.en.replace("{what}", what))
        self.text = Text(why.ru.replace("{what}", what), why.en.replace("{what}", what))


def in_words(answer: str) -> Text:
    """What a delivery noted, for people: our own reasons in their language, the rest as it came."""
    for each in _WORDS:
        before, _, after = each.en.partition("{what}")
        if answer.startswith(before) and answer.endswith(after):
            what = answer[len(before) : len(answer) - len(after)]
            return Text(each.ru.replace("{what}", what), answer)
    return Text(answer, answer)


@dataclass(frozen=True, slots=True)
class Bounds:
    """``networks``: private ones that may be asked all the same; None: any address whatever."""

    networks: tuple[Network, ...] | None = ()

    def allows(self, address: str) -> bool:
        if self.networks is None:
            return True
        try:
            ip = _inner(ipaddress.ip_address(address.partition("%")[0]))
        except ValueError:
            return False
        if any(ip.version == network.version and ip in network for network in self.networks):
            return True
        return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _inner(ip: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, if it does."""
    if isinstance(ip, IPv4Address):
        return ip
    if ip.ipv4_mapped is not None:
        return ip.ipv4_mapped
    if ip.sixtofour is not None:
        return ip.sixtofour
    return IPv4Address(int(ip) & 0xFFFF_FFFF) if ip in _NAT64 else ip


def checked_url(text: str) -> URL:
    """The address to ask. Raises Refused for anything but http and https with a host, or with a password."""
    if len(text) > URL_CHARACTERS or not text.isprintable() or " " in text:
        raise Refused(_LONG)
    try:
        url = URL(text)
        host, port = url.host, url.port
    except ValueError as error:
        raise Refused(_NONE) from error
    if url.scheme not in ("http", "https") or not host or not port:
        raise Refused(_SCHEME)
    if url.user is not None or url.password is not None:
        raise Refused(_PASSWORD)
    return url


def allowed_url(text: str, bounds: Bounds) -> URL:
    """The same, unless it is literally an address that ``bounds`` do not allow. A name is looked up, and
    checked, only when it is asked."""
    url = checked_url(text)
    literal = _literal(url.host or "")
    if literal is not None and not bounds.allows(literal):
        raise Refused(_CLOSED, url.host or "")
    return url


class GuardedResolver(AbstractResolver):
    """Gives only the addresses that ``bounds`` allow."""

    def __init__(self, bounds: Bounds, inner: AbstractResolver | None = None) -> None:
        self._bounds = bounds
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        allowed = [each for each in found if self._bounds.allows(each["host"])]
        if not allowed:
            raise Refused(_CLOSED, host)
        return allowed

    async def close(self) -> None:
        await self._inner.close()


@dataclass(frozen=True, slots=True)
class Reply:
    status: int
    body: bytes
    """The first bytes, as many as were allowed; ``is_cut``: there were more."""
    is_cut: bool
    headers: Mapping[str, str]


class Outward:
    """One pool of connections. ``async with`` it, or ``close`` it."""

    def __init__(self, bounds: Bounds, *, most_connections: int = 32) -> None:
        self._bounds = bounds
        self._most = most_connections
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Outward:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    async def ask(
        self,
        method: str,
        address: str,
        *,
        seconds: float,
        headers: Mapping[str, str] | None = None,
        body: bytes | None = None,
        most_bytes: int = ANSWER_BYTES,
    ) -> Reply:
        """One request, whole within ``seconds``. Raises OSError (TimeoutError, Refused) without an answer."""
        url = allowed_url(address, self._bounds)
        try:
            async with (
                asyncio.timeout(seconds),
                self._pool().request(
                    method, url, headers=headers, data=body, allow_redirects=False
                ) as response,
            ):
                got = await _read(response, most_bytes)
                return Reply(
                    response.status, got[:most_bytes], len(got) > most_bytes, dict(response.headers.items())
                )
        except TimeoutError:
            raise
        except aiohttp.ClientConnectorError as error:
            inner = error.os_error
            raise inner if isinstance(inner, Refused) else OSError(str(error)) from error
        except aiohttp.ClientError as error:
            raise OSError(str(error) or type(error).__name__) from error

    def _pool(self) -> aiohttp.ClientSession:
        if self._session is None:
            connector = aiohttp.TCPConnector(
                resolver=GuardedResolver(self._bounds),
                use_dns_cache=False,
                limit=self._most,
                limit_per_host=8,
            )
            self._session = aiohttp.ClientSession(
                connector=connector,
                auto_decompress=False,
                cookie_jar=aiohttp.DummyCookieJar(),
                headers={"User-Agent": "callcore"},
                timeout=aiohttp.ClientTimeout(total=None),
            )
        return self._session


async def _read(response: aiohttp.ClientResponse, most: int) -> bytes:
    """A little more than ``most`` at the most; the rest is never read."""
    got = bytearray()
    async for chunk in response.content.iter_any():
        got += chunk
        if len(got) > most:
            response.close()
            break
    return bytes(got)


def _literal(host: str) -> str | None:
    """The address that a host stands for without anybody being asked: ``127.1`` and ``localhost``, too."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ipaddress.ip_address(host.partition("%")[0]))
    except ValueError:
        pass
    try:
        return str(IPv4Address(socket.inet_aton(name)))
    except OSError:
        return None


async def post(
    outward: Outward, address: str, headers: Mapping[str, str], body: bytes, seconds: float
) -> Answer:
    """A delivery's try; never raises for what the other side does."""
    began = time.monotonic()
    try:
        reply = await outward.ask("POST", address, seconds=seconds, headers=headers, body=body)
    except TimeoutError:
        return Answer(None, _SILENT.en.replace("{what}", f"{seconds:g}"), _ms(began))
    except OSError as error:
        return Answer(None, str(error) or type(error).__name__, _ms(began))
    text = reply.body.decode("utf-8", "replace")
    if 300 <= reply.status < 400:
        text = _MOVED.en.replace("{what}", reply.headers.get("Location", ""))
    return Answer(reply.status, text, _ms(began), _retry_after(reply.headers))


def _retry_after(headers: Mapping[str, str]) -> timedelta | None:
    text = {name.lower(): value for name, value in headers.items()}.get("retry-after", "")
    return timedelta(seconds=int(text)) if text.isascii() and text.isdigit() and len(text) < 8 else None


def _ms(began: float) -> int:
    return round((time.monotonic() - began) * 1000)


def networks(texts: Sequence[str]) -> tuple[Network, ...]:
    """Settings to networks; they were checked when the settings were read."""
    return tuple(ipaddress.ip_network(text) for text in texts)
