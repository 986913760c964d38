"""What /metrics shows. Others fill it by plain methods; gauges are read at scrape time by callbacks."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from callcore.domain import Login, Outcome, PbxName

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
POP_BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 60.0)
"""Seconds from publishing a card to its acknowledgement."""
PERSON_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1.0, 3.0, 10.0)
"""The same for each operator: fewer, since every operator has them."""
CALL_BUCKETS = (5.0, 10.0, 20.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1200.0)

Readings = Callable[[], Mapping[str, float]]
"""Label value -> reading; called at each scrape, must be quick."""


class _Watched(Collector):
    """A gauge whose values are asked for when somebody looks."""

    def __init__(self, name: str, text: str, label: str, read: Readings) -> None:
        self._name, self._text, self._label, self._read = name, text, label, read

    def collect(self) -> list[GaugeMetricFamily]:
        family = GaugeMetricFamily(self._name, self._text, labels=[self._label] if self._label else [])
        for label, value in self._read().items():
            family.add_metric([label] if self._label else [], value)
        return [family]

    def describe(self) -> list[GaugeMetricFamily]:
        return [GaugeMetricFamily(self._name, self._text)]


class Metrics:
    """One registry per daemon, so that tests and several daemons in one process don't meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        r = self.registry
        self._calls = Counter(
            "callcore_contacts", "Contacts that ended, by outcome", ["pbx", "outcome"], registry=r
        )
        self._placed = Counter(
            "callcore_placed_calls",
            "Calls that callcore placed and that are over, by why and by what came of it",
            ["purpose", "result"],
            registry=r,
        )
        self._talk = Histogram(
            "callcore_talk_seconds", "Talk time of answered contacts", registry=r, buckets=CALL_BUCKETS
        )
        self._wait = Histogram(
            "callcore_wait_seconds", "Waiting time in the queue", registry=r, buckets=CALL_BUCKETS
        )
        self._pops_sent = Counter("callcore_pops_sent", "Cards published to operators", registry=r)
        self._pops_acked = Counter("callcore_pops_acked", "Cards acknowledged as painted", registry=r)
        self._pop_latency = Histogram(
            "callcore_pop_latency_seconds",
            "From publishing a card to its acknowledgement",
            registry=r,
            buckets=POP_BUCKETS,
        )
        self._pops_by_login = Counter(
            "callcore_operator_pops",
            "Cards of an operator on shift: sent, painted, hidden (page not on screen), missed",
            ["login", "result"],
            registry=r,
        )
        self._latency_by_login = Histogram(
            "callcore_operator_pop_seconds",
            "From publishing a card to its painting, for operators on shift",
            ["login"],
            registry=r,
            buckets=PERSON_BUCKETS,
        )
        self._slow = Counter(
            "callcore_websocket_slow", "Connections told to refresh because they lagged", registry=r
        )
        self._sockets = Gauge("callcore_websockets", "Open WebSockets", ["kind"], registry=r)
        self._sign_ins = Counter("callcore_sign_ins", "Sign-ins by result", ["result"], registry=r)
        self._agi_sessions = Counter(
            "callcore_agi_sessions", "FastAGI sessions by script and result", ["script", "result"], registry=r
        )
        self._agi_timeouts = Counter(
            "callcore_agi_timeouts", "FastAGI sessions ended by a time limit", registry=r
        )

    def render(self) -> bytes:
        """Everything in Prometheus' text format."""
        return generate_latest(self.registry)

    def placed_call(self, purpose: str, result: str) -> None:
        self._placed.labels(purpose, result).inc()

    def watch(self, name: str, text: str, read: Readings, label: str = "") -> None:
        """Add a gauge ``callcore_<name>`` read at each scrape; without ``label`` ``read`` gives one value
        under any key. Raises ValueError if the name is taken."""
        self.registry.register(_Watched(f"callcore_{name}", text, label, read))

    def contact_ended(self, pbx: PbxName, outcome: Outcome, wait_ms: int | None, talk_ms: int) -> None:
        self._calls.labels(pbx, outcome.value).inc()
        if wait_ms is not None:  # else no queue had him
            self._wait.observe(wait_ms / 1000)
        if outcome is Outcome.answered:
            self._talk.observe(talk_ms / 1000)

    def pop_sent(self) -> None:
        self._pops_sent.inc()

    def pop_acked(self, seconds: float) -> None:
        self._pops_acked.inc()
        self._pop_latency.observe(seconds)

    def card_sent(self, login: Login) -> None:
        self._pops_by_login.labels(login, "sent").inc()

    def card_painted(self, login: Login, seconds: float) -> None:
        self._pops_by_login.labels(login, "painted").inc()
        self._latency_by_login.labels(login).observe(seconds)

    def card_unpainted(self, login: Login, *, is_hidden: bool) -> None:
        """In time, that is: a slow page may call it hidden or paint it later, and then it counts twice."""
        self._pops_by_login.labels(login, "hidden" if is_hidden else "missed").inc()

    def operator_left(self, login: Login) -> None:
        """His shift is over: his figures go, so that there are never more than people at work."""
        for result in ("sent", "painted", "hidden", "missed"):
            _remove(self._pops_by_login, login, result)
        _remove(self._latency_by_login, login)

    def connection_slow(self) -> None:
        self._slow.inc()

    def socket_opened(self, kind: str) -> None:
        """``kind``: ``desk`` or ``events``."""
        self._sockets.labels(kind).inc()

    def socket_closed(self, kind: str) -> None:
        self._sockets.labels(kind).dec()

    def sign_in(self, result: str) -> None:
        """``result``: ``ok``, ``wrong``, ``throttled``, ``busy``."""
        self._sign_ins.labels(result).inc()

    def agi_session(self, script: str, result: str) -> None:
        """``script``: inbound, overflow …; ``result``: ok, hangup, failed."""
        self._agi_sessions.labels(script, result).inc()

    def agi_timed_out(self) -> None:
        self._agi_timeouts.inc()


def _remove(metric: Counter | Histogram, *labels: str) -> None:
    with suppress(KeyError):
        metric.remove(*labels)
