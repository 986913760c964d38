"""What ``check --live`` says of a PBX that callcore places calls through."""

from __future__ import annotations

from callcore.ami.live_check import Finding, LiveReport, check_live
from callcore.testing.lab import AsteriskLab

from .conftest import Connect, Dialling, MakePbx


def faults(report: LiveReport) -> dict[str, Finding]:
    return {finding.place: finding for finding in report.findings if finding.level == "fault"}


async def test_all_is_there(line: Dialling) -> None:
    report = await check_live(line.link, ["callcore-inbound"], [], dials=True)
    assert not faults(report)
    places = {finding.place: finding.message.en for finding in report.findings}
    assert "extensions.conf [callcore-dial]" in places
    assert "extensions.conf [callcore-campaign]" in places
    assert places["extensions.conf [globals]"] == "calls leave through Dial(PJSIP/…@carrier)"


async def test_no_trunk_is_set(make_pbx: MakePbx, connect: Connect) -> None:
    line = await connect(await make_pbx(CALLCORE_DIAL_BEFORE=""))
    found = faults(await check_live(line.link, [], [], dials=True))
    assert set(found) == {"extensions.conf [globals]"}
    assert "CALLCORE_DIAL_BEFORE" in found["extensions.conf [globals]"].message.en
    assert not faults(await check_live(line.link, [], []))


async def test_dialplan_of_before(pbx: AsteriskLab, connect: Connect) -> None:
    pbx.includes = ()
    await pbx.reload("pbx_config.so")
    line = await connect(pbx)
    found = faults(await check_live(line.link, [], [], dials=True))
    notices = ("callcore-dial", "callcore-dialled", "callcore-campaign", "callcore-told")
    of_people = ("callcore-phone", "callcore-phoned", "callcore-placed")
    leading_out = ("callcore-carried", "callcore-carry", "callcore-carrytaken", "callcore-carryleft")
    call_backs = ("callcore-cbq", "callcore-stood", "callcore-called")
    missing = (*notices, *of_people, *leading_out, *call_backs)
    assert set(found) == {f"extensions.conf [{context}]" for context in missing}


async def test_account_that_may_not_originate(pbx: AsteriskLab, connect: Connect) -> None:
    line = await connect(pbx, username="poor", secret="s3")
    found = faults(await check_live(line.link, [], [], dials=True))
    assert [finding.remedy.en for finding in found.values()] == ["add originate to write ="]
