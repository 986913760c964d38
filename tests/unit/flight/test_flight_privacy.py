"""Nobody reads a number or a name in a story, wherever it came from and however it was spelled."""

from __future__ import annotations

import json
import zlib

import pytest

from callcore.calls import effects as do
from callcore.calls import facts as f
from callcore.domain import CallId, EndReason, Text
from callcore.flight.entries import pack
from callcore.flight.mask import Mask
from callcore.flight.outbox import stored
from callcore.flight.story import to_json

from .story_stage import (
    ANNA,
    CUSTOMER,
    FINANCE,
    KEY,
    MAIN,
    NAME,
    NUMBER,
    PRIVATE,
    SPELLINGS,
    Stage,
    canonical,
    make_mask,
    pop,
)


def a_full_call() -> Stage:
    """Everything that may carry a number or a name carries one."""
    stage = Stage()
    ref = stage.comes_in()
    stage.hear(
        "BridgeEnter",
        uniqueid=ref.id,
        channel="PJSIP/79000000123-0000000e",
        calleridnum=NUMBER,
        connectedlinenum=SPELLINGS[3],
        connectedlinename=NAME,
        destcalleridname=NAME,
        dialstring=f"{SPELLINGS[1]}@trunk",
        appdata=f"greet,{NAME},{SPELLINGS[0]}",
        variable=f"CALLCORE_HINT_name={NAME}",
    )
    stage.recorder.asked(
        MAIN, "Originate", (("Channel", ref.id), ("CallerID", f'"{NAME}" <{NUMBER}>'), ("Secret", "hunter2"))
    )
    stage.recorder.asked(MAIN, "Login", (("Username", "callcore"), ("Secret", ref.id)))
    stage.recorder.agi(ref, f'SET VARIABLE "X" "{NUMBER} {CUSTOMER}"', is_ours=True)
    why = f"topic asked; {CUSTOMER} ({SPELLINGS[3]}) is a customer"
    reason = Text(why, why)
    stage.take(f.RouteChosen(ref, "finance.money", "finance", FINANCE, "r", reason))  # type: ignore[arg-type]
    leg = stage.rings(ref, ANNA, "PJSIP/101")
    stage.answers(ref, leg, ANNA, pop(stage))
    stage.take(
        f.BlindTransferred(leg, ref, SPELLINGS[1]),
        do.TellStep(
            "k",
            CallId("c1"),
            stage.at,
            do.StepEvent.transferred,
            kind=do.TransferKind.blind,
            by=do.Party("PJSIP/101-0000000b", "101", NAME),
            targets=(do.Party(None, NUMBER, NAME), do.Party("PJSIP/79000000123-0000000e", NUMBER)),
            reason=EndReason.completed,
        ),
    )
    stage.ends(ref)
    return stage


def test_not_in_what_is_stored() -> None:
    story = a_full_call().recorder.story(CallId("c1"))
    assert story is not None
    row = stored(story)
    read = zlib.decompress(row.body).decode() + json.dumps(dict(row.verdict)) + row.number
    for secret in (*PRIVATE, "hunter2"):
        assert secret not in read, secret


def test_not_in_what_is_told_and_yet_it_tells_something() -> None:
    told = a_full_call().told()
    read = json.dumps(to_json(told), ensure_ascii=False)
    for secret in (*PRIVATE, "hunter2"):
        assert secret not in read, secret
    mask = make_mask()
    assert told.number == mask.number(NUMBER)
    assert read.count(mask.number(NUMBER)) > 8
    assert mask.name(NAME) in read
    assert f"One customer found: {mask.name(CUSTOMER)} (№ 7)" in read
    assert "PJSIP/101" in read
    assert "1700000000.1" in read
    assert "Username" not in read


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_one_number_is_one_pseudonym_however_it_is_spelled(spelling: str) -> None:
    mask = make_mask()
    assert mask.number(spelling) == mask.number(NUMBER)
    assert mask.knowing(()).text(f"call {spelling}!") == f"call {mask.number(NUMBER)}!"


def test_pseudonyms_stay_the_same_but_not_in_another_installation() -> None:
    assert Mask(KEY, canonical).number(NUMBER) == make_mask().number(NUMBER)
    assert Mask(b"another key", canonical).number(NUMBER) != make_mask().number(NUMBER)
    assert make_mask().number("+79000000124") != make_mask().number(NUMBER)
    assert make_mask().name("  иван   петрович сидоров") == make_mask().name(NAME)


@pytest.mark.parametrize(
    "kept",
    [
        "101",
        "PJSIP/101-0000000b",
        "Local/101@agents-0000000b;1",
        "1795321234.17",
        "7d9c1f2a-3b4c-4d5e-8f60-123456789012",
        "result=1 endpos=9760",
        "",
    ],
)
def test_what_is_no_number_stays(kept: str) -> None:
    assert make_mask().knowing(()).text(kept) == kept


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("calleridnum", "79000000123.5"),
        ("calleridnum", "sip:79000000123@host"),
        ("calleridname", "<Сидоров"),
        ("calleridname", "Ян"),
        ("calleridname", "N•••-Сидоров"),
        ("calleridname", "79000000123"),
        ("exten", "89000000123"),
        ("channel", "Local/89000000123@callcore-dial-0000000a;2"),
        ("secret", "Сидоров"),
        ("authtoken", "Сидоров"),
        ("appdata", "8.900.000.01.23"),
    ],
)
def test_hostile_headers_are_masked_too(name: str, value: str) -> None:
    read = make_mask().knowing(()).header(name, value)
    assert "Сидоров" not in read
    assert "0000123" not in "".join(filter(str.isdigit, read))
    assert "Ян" not in read


def test_nobody_is_nobody() -> None:
    mask = make_mask()
    assert (mask.number("anonymous"), mask.number(None), mask.name("unknown")) == ("", "", "")
    assert mask.knowing(()).header("calleridname", "<unknown>") == "<unknown>"


def test_a_name_that_the_frames_alone_know_is_found_in_other_headers() -> None:
    stage = Stage()
    ref = stage.comes_in()
    stage.hear("Newstate", uniqueid=ref.id, connectedlinename="Кузьма Пруткин", appdata="for Кузьма Пруткин")
    story = stage.recorder.story(CallId("c1"))
    assert story is not None
    assert b"\xd0\x9a\xd1\x83\xd0\xb7\xd1\x8c\xd0\xbc\xd0\xb0" not in zlib.decompress(pack(story))


def test_a_date_is_no_number() -> None:
    """A route says at which moment it was chosen; beside it a number is one all the same."""
    scrub = Mask(b"k" * 32).knowing(())
    assert scrub.text("It is Sunday 2026-11-22 09:58 in Europe/Moscow") == (
        "It is Sunday 2026-11-22 09:58 in Europe/Moscow"
    )
    for number in ("+2026-11-22-33", "2026-11-2233", "8 2026-11-22 33", "79000000123"):
        assert number not in scrub.text(f"from {number}"), number
