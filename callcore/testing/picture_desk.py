"""Calls on the desks of the office of the pictures: one that is talked, one that is handed on."""

from __future__ import annotations

from datetime import timedelta

from callcore.app import Daemon
from callcore.calls.effects import CallView, HandedWords, PopCard, ShowAgent, ShowRinging
from callcore.crm import seeds
from callcore.domain import AgentState, CallId, Customer, Login, QueueName, Text, TopicCode
from callcore.testing.picture_office import AT

_TALKED = CallId("c8k2m4p6r8t0v2w4x6")
_HANDED = CallId("c3f5h7j9m1q3s5u7w9")
_FIRST, _WHOSE = Login("anna"), 33
_SAID = (
    "Звонит второй раз за час: после перезагрузки снова нет интернета. Порт горит, кабель цел, "
    "роутер меняли в марте. Дома до 19:00."
)


async def talk(daemon: Daemon, login: Login) -> None:
    """He has a caller on the line; once."""
    if not await _seated(daemon, login):
        return
    view = CallView(
        call=_TALKED,
        caller_number=seeds.SHARED_NUMBER,
        caller_name=None,
        dialed_number="+74950000000",
        language="ru",
        queue=QueueName("finance"),
        topic=TopicCode("finance.recalculation"),
        customers=(await _customer(daemon, 0),),
        customers_known=True,
        lookup_failed=False,
        waiting_since=AT - timedelta(seconds=96),
        answered_at=AT - timedelta(seconds=75),
    )
    daemon.desks.carry(PopCard(f"{_TALKED}:pop:{login}", login, view))
    since = AT - timedelta(seconds=75)
    daemon.desks.carry(ShowAgent(f"{_TALKED}:agent", login, AgentState.talking, None, since, _TALKED))


async def handed_on(daemon: Daemon, login: Login) -> None:
    """His phone rings with a caller whom Anna hands on; once."""
    await talk(daemon, _FIRST)  # she is on shift, whichever pictures were taken before
    if not await _seated(daemon, login):
        return
    since, number = AT - timedelta(seconds=6), seeds.customers()[_WHOSE].numbers[0]
    words = HandedWords(
        handover=1,
        by=_FIRST,
        name="Анна Кузнецова",
        to=Text("Экспертная группа", "Expert group"),
        topic=TopicCode("expert.second_line"),
        number=number,
        comment=_SAID,
        at=since,
    )
    view = CallView(
        call=_HANDED,
        caller_number=number,
        caller_name=None,
        dialed_number="+74950000000",
        language="ru",
        queue=QueueName("expert"),
        topic=TopicCode("expert.diagnosis"),
        customers=(await _customer(daemon, _WHOSE),),
        customers_known=True,
        lookup_failed=False,
        waiting_since=since,
        answered_at=None,
        handed=words,
    )
    daemon.desks.carry(ShowRinging(f"{_HANDED}:ring:1", login, view))
    daemon.desks.carry(PopCard(f"{_HANDED}:pop:{login}", login, view))
    rings = ShowAgent(f"{_HANDED}:agent", login, AgentState.ringing, None, since, _HANDED)
    daemon.desks.carry(rings)
    for agent in (rings, ShowAgent(f"{_HANDED}:sender", _FIRST, AgentState.talking, None, since, _HANDED)):
        daemon.colleagues.carry(agent)


async def _seated(daemon: Daemon, login: Login) -> bool:
    """On shift from now on; False: he was already."""
    user = await daemon.database.users.get(login)
    assert user is not None
    if daemon.desks.view(login) is not None:
        return False
    seat = await daemon.people.seat(login, user.interfaces[0])
    assert seat is not None
    await daemon.desks.resume(login, seat, AgentState.ready, None)
    return True


async def _customer(daemon: Daemon, whose: int) -> Customer:
    listed = await daemon.database.customers.by_contract(seeds.customers()[whose].contract)
    assert listed is not None
    found = await daemon.database.customers.get(listed.id)
    assert found is not None
    return found
