"""Every recording of a real Asterisk, through translator, tracker and recorder: told in words, and masked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path

import pytest

from callcore.ami.recording import events, moment
from callcore.ami.translate import Translator
from callcore.calls import facts as f
from callcore.calls.agent import AgentRules
from callcore.calls.effects import Effect, PopCard
from callcore.calls.policy import PopPolicy
from callcore.calls.tracker import Tracker
from callcore.domain import AgentState, CallId, Interface, Login
from callcore.flight.entries import pack, unpack
from callcore.flight.recorder import Recorder
from callcore.flight.story import Told, tell, to_json

from .story_stage import FINANCE, MAIN, START, Shelf, canonical, make_mask

RECORDINGS = sorted((Path(__file__).parents[2] / "fixtures" / "ami").glob("*.ami"))
PRIVATE = re.compile(r"9000000\d{3}|4950000000|Ромашка|Operator 1|Иванов")


def played(recording: Path) -> list[Told]:
    """The stories of all calls of the recording; Anna is on shift at 101, nobody at the other phones."""
    now = START
    minted: list[CallId] = []

    def mint(_now: object) -> CallId:
        minted.append(CallId(f"c{len(minted)}"))
        return minted[-1]

    tracker = Tracker(mint=mint, canonical=canonical, rules=AgentRules())
    recorder = Recorder(
        Shelf(),
        make_mask(),
        moment=PopPolicy().moment,
        now=lambda: now,
        monotonic=lambda: now.timestamp(),
        direction=lambda call: known.direction if (known := tracker.calls.get(call)) else None,
    )
    translator = Translator(MAIN)

    def carry(effects: Iterable[Effect]) -> None:
        for effect in effects:
            recorder.gave(effect, now)
            if isinstance(effect, PopCard):
                recorder.published(effect.login, 1, "card", effect.view.call)

    def take(fact: f.Fact) -> None:
        recorder.took(fact, now)
        carry(tracker.handle(fact, now))

    def pass_to(at: object) -> None:
        nonlocal now
        while (due := tracker.next_deadline()) is not None and due <= at:  # type: ignore[operator]
            now = max(now, due)
            carry(tracker.handle_timeout(now))

    anna = f.AgentSignedIn(Login("anna"), "Anna", MAIN, Interface("PJSIP/101"), (FINANCE,), AgentState.ready)
    take(f.Snapshot(MAIN, 1, (), (), ()))
    take(anna)
    for event in events(recording.read_bytes()):
        at = moment(event)
        if at is not None:
            pass_to(at)
            now = max(now, at)
        fact = translator.translate(event)
        if fact is not None:
            recorder.heard(MAIN, event)
            take(fact)
    pass_to(now + timedelta(hours=1))
    stories = [story for call in minted if (story := recorder.story(call)) is not None]
    assert [unpack(pack(story)).call for story in stories] == [story.call for story in stories]
    return [tell(story) for story in stories]


@pytest.mark.parametrize("recording", RECORDINGS, ids=lambda path: path.stem)
def test_a_real_call_is_told_and_nobody_is_named(recording: Path) -> None:
    told = played(recording)
    assert told
    for one in told:
        read = json.dumps(to_json(one), ensure_ascii=False)
        assert PRIVATE.search(read) is None, PRIVATE.search(read)
        assert one.verdicts[0].text.en
        assert one.frames
        assert all("•" not in verdict.who for verdict in one.verdicts)
        assert [step.at for step in one.steps] == sorted(step.at for step in one.steps)
    assert any(one.steps for one in told)


def one(name: str) -> Told:
    return played(next(path for path in RECORDINGS if path.stem == f"{name}.22"))[0]


def test_the_first_line_of_some_of_them() -> None:
    assert one("internal").verdicts[0].code == "internal"
    assert one("busy").verdicts[0].text.en.startswith("anna: the phone rang, but busy")
    assert one("queue_nobody").verdicts[0].code == "no_operator"
    transferred = one("blonde_by_phone")
    assert "Understood as a blonde transfer (let go before the answer): PJSIP/101 → PJSIP/102" in {
        step.text.en for step in transferred.steps
    }
    who = {verdict.who: verdict.code for verdict in transferred.verdicts}
    assert who == {"PJSIP/102": "answered_by_nobody", "anna": "waiting"}
