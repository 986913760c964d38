"""Every command, in the order of ``--help``. What a command needs is loaded when it is asked for."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module

from callcore.commands.frame import Command, Work
from callcore.domain import Text


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing that is loaded is garbage: the collector, which looks time and again, costs a fifth of it."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _listed(name: str, help_: Text, place: str) -> Command:
    """``place``: the module of ``callcore/commands`` and what its ``Work`` is called there."""
    module, _, work = place.partition(":")

    def load() -> Work:
        with _uncollected():
            loaded: Work = getattr(import_module(f"callcore.commands.{module}"), work)
        return loaded

    return Command(name, help_, load)


COMMANDS: tuple[Command, ...] = (
    _listed("run", Text("запустить callcore", "run callcore"), "run:RUN"),
    _listed(
        "reload",
        Text("перечитать таблицы тем и меню без перерыва", "read topic tables and IVR anew, without a break"),
        "reload:RELOAD",
    ),
    _listed(
        "editions",
        Text("редакции таблиц тем и меню", "editions of topic tables and IVR"),
        "editions:EDITIONS",
    ),
    _listed(
        "demo",
        Text(
            "колл-центр на этой машине: Asterisk, абоненты, телефоны",
            "a call centre on this machine: Asterisk, callers, phones",
        ),
        "demo:DEMO",
    ),
    _listed(
        "check", Text("проверить настройки и таблицы тем", "check settings and topic tables"), "check:CHECK"
    ),
    _listed("route", Text("куда и почему пойдёт звонок", "where a call would go, and why"), "route:ROUTE"),
    _listed(
        "replay",
        Text(
            "запись AMI по шагам: что было с каждым звонком",
            "an AMI recording step by step: what each call did",
        ),
        "replay:REPLAY",
    ),
    _listed(
        "why",
        Text(
            "почему карточка открылась или нет: история звонка",
            "why a card opened or did not: a call's story",
        ),
        "why:WHY",
    ),
    _listed(
        "gaps",
        Text("разрывы: когда callcore не видел АТС", "gaps: when callcore was away from a PBX"),
        "gaps:GAPS",
    ),
    _listed(
        "ivr",
        Text(
            "пройти голосовое меню в терминале или нарисовать его",
            "walk through the IVR in a terminal, or draw it",
        ),
        "ivr:IVR",
    ),
    _listed(
        "speech",
        Text("озвучить тексты, проверить звуки", "speak the texts, check the sounds"),
        "speech:SPEECH",
    ),
    _listed(
        "dialplan",
        Text("напечатать диалплан и очереди для Asterisk", "print the dialplan and queues for Asterisk"),
        "dialplan:DIALPLAN",
    ),
    _listed("user", Text("люди: логины, телефоны, очереди", "people: logins, phones, queues"), "user:USER"),
    _listed(
        "customer",
        Text("клиентская база: загрузка из CSV и XLSX", "customer base: import of CSV and XLSX"),
        "customer:CUSTOMER",
    ),
    _listed(
        "privacy",
        Text("выгрузить или стереть данные абонента", "give out or erase a customer's data"),
        "customer_privacy:PRIVACY",
    ),
    _listed("audit", Text("кто кого видел и менял", "who saw and changed whom"), "audit:AUDIT"),
    _listed(
        "network",
        Text("сеть: загрузка из CSV, просмотр", "network: import of CSV, a look at it"),
        "network:NETWORK",
    ),
    _listed(
        "knowledge",
        Text("загрузить статьи базы знаний из папки", "import articles of the knowledge base from a folder"),
        "knowledge:KNOWLEDGE",
    ),
    _listed("outage", Text("отключения: опубликовать, закончить", "outages: publish, end"), "outage:OUTAGE"),
    _listed(
        "campaign", Text("оповещения: смотреть, остановить", "campaigns: watch, stop"), "outage:CAMPAIGN"
    ),
    _listed("dnc", Text("кому не звонить", "whom not to call"), "outage:DNC"),
    _listed(
        "opt-out",
        Text("кто от каких сообщений отказался", "who wants no more of which messages"),
        "opt_out:OPT_OUT",
    ),
    _listed(
        "gate",
        Text("можно ли позвонить или написать, и почему", "whether a call or SMS may leave, and why"),
        "gate:GATE",
    ),
    _listed("case", Text("кейсы: открытые, просроченные", "cases: open, overdue"), "case:CASE"),
    _listed("webhook", Text("события для других программ", "events for other programs"), "webhook:WEBHOOK"),
    _listed("db", Text("база данных: схема, копия", "database: schema, copy"), "db:DB"),
)
