"""What the PBX's own dialplan knows of a caller reaches script and tables (on a real Asterisk)."""

from __future__ import annotations

from .conftest import TERSE

DIALPLAN = """
[from-trunk]
exten => _[+0-9].,1,Set(__CALLCORE_HINT_LANGUAGE=EN)
 same => n,Set(__CALLCORE_HINT_SEGMENT=vip-0)
 same => n,Set(__CALLCORE_HINT_OFFICE=not read)
 same => n,Goto(callcore-inbound,${EXTEN},1)
"""
VIP = {"vip": {"when": {"hours": "open", "segment": "VIP-0"}, "to": [{"queue": "corporate"}]}}


async def test_hints(open_hall):
    """He is greeted in English, with no other language offered, and goes as a VIP."""
    settings = {"ivr": {**TERSE, "hints": ["LANGUAGE", "SEGMENT"]}}
    hall = await open_hall(settings=settings, dialplan=DIALPLAN, finance={"rows": VIP})
    walker = await hall.come()
    await walker.goes(("Hello.", ""), ("press 4", "4"), ("recalculation", "1"))
    await hall.waits_in("corporate")
    await walker.call.hang_up()
    contact = await hall.contact()
    assert (contact.route, contact.language) == ("finance.recalculation/vip", "en")
    assert hall.ear.begun[0] == "Hello."


async def test_a_hint_that_nobody_asked_for_changes_nothing(open_hall):
    hall = await open_hall(dialplan=DIALPLAN, finance={"rows": VIP})
    call = await hall.dial("41")
    await hall.waits_in("finance")
    await call.hang_up()
    contact = await hall.contact()
    assert (contact.route, contact.language) == ("finance.recalculation/queue", "ru")
