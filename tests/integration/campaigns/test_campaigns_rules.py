"""What decides who is told next, by which way, and what stops a campaign."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest

from callcore.calls.attempt import CampaignId, Medium
from callcore.calls.campaign import CampaignState, TargetResult
from callcore.campaigns.views import CampaignRefused
from callcore.domain import Login, OutageKind, OutageState, Text
from callcore.outbound.gate import Budget, Limits, Meter
from callcore.store.opt_outs import NewOptOut

from .campaign_stage import ANOTHER, HOUSE, PROFILE, Stage, mobile, now, until

R = TargetResult
FIXED = "+73812123456"
GONE = Text("связи с АТС нет", "the link to the PBX is gone")


async def state_of(stage: Stage, id) -> tuple[CampaignState, str]:
    campaign = await stage.db.campaigns.get(id)
    assert campaign is not None
    return campaign.state, campaign.reason


async def test_an_sms_follows_in_the_recipients_language(stage: Stage):
    stage.carrier.behaves = lambda number, nth: "rejected"
    await stage.people([[mobile(1)], [FIXED, mobile(2)], [FIXED[:-1] + "7"]])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    assert sorted(stage.carrier.texts) == [
        (mobile(1), "смс outage 2026-1/1"),
        (mobile(2), "sms outage 2026-1/1"),
    ]
    ends = {t.customer: (t.result, t.reason) for t in (await stage.targets(campaign.id)).values()}
    assert list(ends.values()) == [
        (R.texted, "delivered"),
        (R.texted, "delivered"),
        (R.not_reached, "rejected"),
    ]


async def test_who_is_on_the_list_is_skipped_and_who_was_rung_too_often_is_texted(stage: Stage):
    stage.profiles["emergency"] = replace(PROFILE, most_calls=1)
    await stage.people([[mobile(1)], [mobile(2)]])
    await stage.db.attempts.add_dnc(mobile(1), "test", now())
    await stage.start()
    first = await stage.publish()
    await until(lambda: stage.is_over(first.id))
    second = await stage.publish()
    await until(lambda: stage.is_over(second.id))
    ends = [(t.result, t.reason) for t in (await stage.targets(second.id)).values()]
    assert ends == [(R.skipped, "dnc"), (R.texted, "delivered")]
    assert [number for number, _ in stage.carrier.calls] == [mobile(2)]
    assert stage.carrier.texts == [(mobile(2), "sms changed 2026-1/2")]


async def test_an_opt_out_holds_for_its_way_and_its_class(stage: Stage):
    await stage.people([[mobile(1)], [mobile(2)], [mobile(3)]])
    said = [
        NewOptOut(mobile(1), "сказал сам", Medium.voice),
        NewOptOut(mobile(2), "письмо 5", message_class="emergency"),
        NewOptOut(mobile(3), "письмо 6", message_class="advertising"),
    ]
    for each in said:
        await stage.db.opt_outs.add(each, Login("anna"), now())
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    ends = [(t.result, t.reason) for t in (await stage.targets(campaign.id)).values()]
    assert ends == [(R.texted, "delivered"), (R.skipped, "opt_out"), (R.told, "told")]
    assert [number for number, _ in stage.carrier.calls] == [mobile(3)]


async def test_the_day_s_limit_holds_over_all_lines(stage: Stage):
    here_it_is_noon = timezone(timedelta(hours=12 - now().hour))
    limits = Limits((Budget(Meter.calls, 7),), zone=here_it_is_noon)
    stage.profiles["emergency"] = replace(PROFILE, limits=limits)
    await stage.people([[mobile(n)] for n in range(1, 31)])
    await stage.start()
    campaign = await stage.publish()

    async def rest_waits() -> bool:
        """Those who were refused because others' permits were out have been asked for again."""
        progress = await stage.db.campaigns.progress(campaign.id)
        waiting = [t for t in (await stage.targets(campaign.id)).values() if t.wait == "budget"]
        is_tomorrow = {t.due_at for t in waiting} == {limits.next_day(now())}
        return progress.waiting == {"budget": 23} and is_tomorrow

    await until(rest_waits)
    assert len(stage.carrier.calls) == 7


async def test_quiet_hours_wait_and_the_report_says_for_what(stage: Stage):
    local = datetime.now(ZoneInfo("Asia/Omsk"))
    quiet_until = (local + timedelta(hours=3)).time().replace(second=0, microsecond=0)
    quiet_from = (local - timedelta(hours=3)).time()
    stage.profiles["emergency"] = replace(PROFILE, quiet_from=quiet_from, quiet_until=quiet_until)
    await stage.people([[mobile(n)] for n in range(250)], zone="Asia/Omsk")
    await stage.start()
    campaign = await stage.publish()

    async def all_wait() -> bool:
        progress = await stage.db.campaigns.progress(campaign.id)
        return progress.waiting == {"quiet_hours": 250}

    await until(all_wait)
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert "250 recipients wait until" in report.now.en
    assert f"{quiet_until:%H:%M} (Asia/Omsk): quiet hours" in report.now.en
    assert "250 получателей ждут до" in report.now.ru
    assert not stage.carrier.calls
    assert report.lines_busy == 0


async def all_told(stage: Stage, *campaigns: CampaignId) -> list[str]:
    """Whoever is on the line hears it, and all the others after him; which outages, in order."""
    stage.carrier.behaves = lambda number, nth: "told"
    for number in list(stage.carrier.alive.values()):
        stage.dialers["main"].let_go(number)
    for id in campaigns:
        await until(lambda id=id: stage.is_over(id))
    return [notice.rpartition(" ")[2] for notice in stage.carrier.notices.values()]


async def test_an_emergency_goes_before_planned_works(stage: Stage):
    stage.lines = 1
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(6)])
    await stage.start()
    planned = await stage.publish("planned", kind=OutageKind.planned)
    await until(lambda: len(stage.carrier.alive) == 1)
    urgent = await stage.publish("urgent", nodes=(ANOTHER,))
    await until(lambda: stage.runner.spoken.paths(urgent, "main") is not None)
    assert await all_told(stage, urgent.id, planned.id) == [
        "planned/1",
        *["urgent/1"] * 3,
        *["planned/1"] * 5,
    ]


async def test_equal_campaigns_take_turns(stage: Stage):
    stage.lines = 1
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(n)] for n in range(6)])
    await stage.start()
    one, other = await stage.publish("one", nodes=(HOUSE,)), await stage.publish("other", nodes=(ANOTHER,))
    await until(lambda: len(stage.carrier.alive) == 1)
    told = await all_told(stage, one.id, other.id)
    assert told in (["one/1", "other/1"] * 3, ["other/1", "one/1"] * 3)


async def test_a_trunk_that_takes_nothing_halts_the_campaign_and_a_person_lets_it_go_on(stage: Stage):
    stage.halt_after = 3
    stage.rules = replace(stage.rules, network=replace(stage.rules.network, after=timedelta(hours=1)))
    stage.carrier.behaves = lambda number, nth: "network"
    await stage.people([[mobile(n)] for n in range(40)])
    stage.lines = 1
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: is_halted(stage, campaign.id))
    assert await state_of(stage, campaign.id) == (CampaignState.halted, "trunk_gone")
    tried = len(stage.carrier.calls)
    assert tried < 40
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert "3" in report.now.en
    assert report.now.en.startswith("halted: ")
    stage.carrier.behaves = lambda number, nth: "told"
    await stage.desk.resume(campaign.id, "olga")
    await until(lambda: told_at_least(stage, campaign.id, 40 - tried))


async def is_halted(stage: Stage, id) -> bool:
    return (await state_of(stage, id))[0] is CampaignState.halted


async def told_at_least(stage: Stage, id, count: int) -> bool:
    return (await stage.db.campaigns.progress(id)).by_result.get(R.told, 0) >= count


async def test_another_trunk_takes_over(stage: Stage):
    stage.routes = {"main": 2000, "spare": 2000}
    await stage.people([[mobile(n)] for n in range(5)])
    await stage.start()
    stage.dialers["main"].trouble = GONE
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    assert {notice.split("/")[2] for notice in stage.carrier.notices.values()} == {"spare"}
    await stage.runner.route_gone(Medium.voice, "main", GONE)
    assert await state_of(stage, campaign.id) == (CampaignState.done, "")


async def test_what_is_away_at_the_start_is_waited_for(stage: Stage):
    await stage.people([[mobile(1)]])
    await stage.start()
    stage.dialers["main"].trouble = GONE
    campaign = await stage.publish()
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert "waits: the link to the PBX is gone" in report.now.en
    stage.dialers["main"].trouble = None
    await until(lambda: stage.is_over(campaign.id))


async def test_a_gateway_that_is_gone_halts_whom_it_concerns(stage: Stage):
    stage.carrier.behaves = lambda number, nth: "rejected" if number == mobile(1) else "held"
    await stage.people([[mobile(1)], [mobile(2)]])
    await stage.start()
    stage.messenger.trouble = Text("шлюза нет", "no gateway")
    campaign = await stage.publish()

    async def is_due() -> bool:
        return await stage.db.campaigns.next_due_at(campaign.id, Medium.sms) is not None

    await until(is_due)
    await stage.runner.route_gone(Medium.sms, "dry", stage.messenger.trouble)
    assert await state_of(stage, campaign.id) == (CampaignState.halted, "gateway_gone")
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert report.now.en == "halted: no gateway"


async def test_a_text_that_cannot_be_spoken_halts_the_campaign(stage: Stage):
    async def broken(pbx: str, text: str, language: str) -> str | None:
        if language == "en":
            raise RuntimeError("no voice")
        return "/x"

    good, stage.prepare = stage.prepare, broken
    await stage.people([[mobile(1)]])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: is_halted(stage, campaign.id))
    assert await state_of(stage, campaign.id) == (CampaignState.halted, "no_prompt")
    assert not stage.carrier.calls
    await stage.stop()
    stage.prepare = good
    await stage.start()
    assert await state_of(stage, campaign.id) == (CampaignState.halted, "no_prompt")
    await stage.desk.resume(campaign.id, "olga")
    await until(lambda: stage.is_over(campaign.id))


async def test_orders_that_cannot_be(stage: Stage):
    stage.carrier.behaves = lambda number, nth: "held"
    await stage.people([[mobile(1)], [mobile(2)]])
    stage.lines = 1
    await stage.start()
    campaign = await stage.publish()
    await refused(stage.desk.resume(campaign.id, "olga"), "is_running")
    await stage.desk.pause(campaign.id, "olga")
    await refused(stage.desk.pause(campaign.id, "olga"), "not_running")
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert report.now.en.startswith("paused by olga; ")
    await stage.desk.stop(campaign.id, "boris")
    for order in (stage.desk.pause, stage.desk.resume, stage.desk.stop):
        await refused(order(campaign.id, "olga"), "over")
    await refused(stage.desk.stop(99, "olga"), "not_found")


async def refused(order, code: str) -> None:
    with pytest.raises(CampaignRefused) as caught:
        await order
    assert caught.value.code == code
    assert caught.value.text.ru != caught.value.text.en


async def test_a_repeat_makes_no_second_campaign(stage: Stage):
    await stage.people([[mobile(1)]])
    await stage.start()
    campaign = await stage.publish()
    outage = await stage.db.outages.get("2026-1")
    assert outage is not None
    await stage.runner.published(outage)
    await until(lambda: stage.is_over(campaign.id))
    assert len(stage.carrier.calls) == 1
    assert [report.campaign.id for report in await stage.desk.reports(None)] == [campaign.id]
    assert [report.campaign.id for report in await stage.desk.reports(outage.id)] == [campaign.id]


async def test_the_end_of_an_outage_that_nobody_heard_of_is_told_to_nobody(stage: Stage):
    await stage.people([[mobile(1)]])
    await stage.start()
    campaign = await stage.publish(state=OutageState.cancelled, ended_at=now())
    assert await state_of(stage, campaign.id) == (CampaignState.done, "")
    report = await stage.desk.report(campaign.id)
    assert report is not None
    assert report.now.en == "there is nobody to tell"


async def test_watchers_hear_of_changes_until_they_leave(stage: Stage):
    await stage.people([[mobile(1)]])
    await stage.start()
    heard: list[int] = []
    leave = stage.desk.watch(lambda: heard.append(1))
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    assert heard
    leave()
    leave()


async def test_who_presses_nine_is_listed_and_the_journal_of_his_call_is_done_with(stage: Stage):
    stage.carrier.behaves = lambda number, nth: "told:9" if number == mobile(1) else "not_sent"
    await stage.people([[mobile(1)], [mobile(2)]])
    await stage.start()
    campaign = await stage.publish()
    await until(lambda: stage.is_over(campaign.id))
    [attempt] = stage.carrier.journal
    [entry] = await stage.db.attempts.dnc()
    assert (entry.number, entry.source) == (mobile(1), f"key:{attempt}")
    assert stage.runner.take_settled("main", 10) == [attempt]
    assert stage.runner.take_settled("main", 10) == []
    assert stage.runner.take_settled("nowhere", 10) == []


class Plan:
    """An announcement as the page makes one."""

    number, revision, kind, state = "2026-9", 1, OutageKind.emergency, "open"
    cause = Text("авария", "a fault")
    starts_at = now()
    estimated_restoration_at = None
    ended_at = None
    nodes = ("F-1",)


async def test_a_preview_says_whom_it_reaches_and_stores_nothing(stage: Stage):
    stage.profiles["emergency"] = replace(PROFILE, most_calls=1, quiet_from=None)
    numbers = [[mobile(1)], [FIXED], [], [mobile(1)], ["+442071838750"], [mobile(6)], [mobile(7)]]
    await stage.people(numbers)
    await stage.db.attempts.add_dnc(mobile(6), "test", now())
    stage.carrier.behaves = lambda number, nth: "rejected" if number == mobile(7) else "held"
    await stage.start()
    preview = await stage.desk.preview(Plan())  # type: ignore[arg-type]
    assert (preview.customers, preview.by_phone, preview.by_sms) == (7, 3, 0)
    assert preview.skipped == {"no_number": 1, "same_number": 1, "destination": 1, "dnc": 1}
    assert preview.waiting == {}
    assert [bool(p.rule or p.target.reason) for p in preview.prospects] == [True] * 4 + [False] * 3
    assert (preview.sms_parts, preview.sms_alphabet) == ({"ru": 1, "en": 1}, {"ru": "UCS-2", "en": "GSM-7"})
    assert preview.voice.en == "en outage 2026-9/1"
    assert preview.caller.ru == "у вас отключение"
    assert await stage.db.campaigns.living() == ()
    await stage.publish()
    await until(lambda: bool(stage.carrier.texts))
    again = await stage.desk.preview(Plan())  # type: ignore[arg-type]
    assert (again.by_phone, again.by_sms) == (2, 1)
    assert again.waiting == {"open_call": 2}


async def test_a_profile_that_is_gone_from_the_settings_halts_the_campaign(stage: Stage):
    stage.profiles["emergency"] = replace(PROFILE, quiet_from=time(0, 0), quiet_until=time(0, 0))
    await stage.people([[mobile(1)]])
    await stage.start()
    campaign = await stage.publish()
    await stage.stop()
    del stage.profiles["emergency"]
    await stage.start()
    await until(lambda: is_halted(stage, campaign.id))
    assert await state_of(stage, campaign.id) == (CampaignState.halted, "no_profile")
