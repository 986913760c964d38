"""``callcore gate`` and ``callcore opt-out``: what may leave, and why."""

from __future__ import annotations

import asyncio
import json
import re
import shlex
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from structlog.testing import capture_logs

from callcore.rights import Role
from callcore.store.customers import NewCustomer
from callcore.store.database import Database

from .conftest import SAMPLE, Command

T0 = datetime(2026, 11, 1, 9, tzinfo=UTC)
NOON = "2026-11-23T12:00"
MOBILE = "8 (916) 123-45-67"


@pytest.fixture
def gate(command: Command) -> Callable[..., str]:
    """What it prints, in English; it must have gone well."""

    def run(number: str, *arguments: str, at: str = NOON) -> str:
        code, out, err = command("gate", number, "--at", at, *arguments)
        assert (code, err) == (0, "")
        return out

    return run


@pytest.fixture
def asked(gate: Callable[..., str]) -> Callable[..., dict[str, Any]]:
    return lambda number, *arguments, at=NOON: json.loads(gate(number, "--json", *arguments, at=at))


@pytest.fixture
def base(command: Command) -> None:
    """There is a database, with nobody in it."""
    assert command("db", "upgrade")[0] == 0


@pytest.fixture
def user(own_config: Path) -> Callable[[str], None]:
    """Adds somebody, and the database where there is none."""

    def run(login: str) -> None:
        async def add() -> None:
            async with await Database.open(f"sqlite:///{own_config.parent}/c.db", create=True) as database:
                await database.users.add(login, login, Role.operator, "-", at=T0)

        with capture_logs():
            asyncio.run(add())

    return run


def test_a_permit(gate: Callable[..., str]) -> None:
    assert gate(MOBILE).splitlines() == [
        "8 (916) 123-45-67, notice, call, profile planned (RU, planned), 2026-11-23 12:00:00 (Europe/Moscow)",
        "Permitted.",
    ]


def test_each_rule_explained(gate: Callable[..., str]) -> None:
    out = gate(MOBILE, "--explain", at="2026-11-22T09:30").splitlines()
    assert out[1] == (
        "Refused: quiet hours 21:00–10:00 (Europe/Moscow); ask again 2026-11-22 10:00:00 (Europe/Moscow)."
    )
    assert out[2] == "  ✓ destination"
    assert (
        out[7]
        == "  ✗ quiet hours: quiet hours 21:00–10:00 (Europe/Moscow) → 2026-11-22 10:00:00 (Europe/Moscow)"
    )
    assert len(out) == 2 + 9


def test_what_a_persons_own_call_passes_by(gate: Callable[..., str]) -> None:
    out = gate(MOBILE, "--purpose", "own_call", "--explain", at="2026-11-23T23:30").splitlines()
    assert out[1] == "Permitted."
    assert (
        "  – quiet hours: quiet hours 22:00–08:00 (Europe/Moscow) → 2026-11-24 08:00:00 (Europe/Moscow)"
        " (passed by for this purpose)"
    ) in out
    refused = gate("+7 809 555-00-01", "--purpose", "own_call")
    assert "Refused: numbers with +7809 are denied." in refused
    assert "not among the destinations" in gate("+380440000000", "--purpose", "transfer")


def test_for_programs(asked: Callable[..., dict[str, Any]]) -> None:
    told = asked("+74232000001", "--medium", "sms", at="2026-11-23T15:00")
    assert told["zones"] == ["Asia/Vladivostok"], "no record says otherwise"
    assert (told["permit"], told["rule"], told["until"]) == (
        False,
        "quiet_hours",
        "2026-11-23T23:00:00+00:00",
    )
    assert told["evidence"]["ru"] == "тихие часы 21:00–09:00 (Asia/Vladivostok)"
    assert [each["rule"] for each in told["rules"]][:2] == ["destination", "dnc"]
    assert (told["route"], told["country"], told["message_class"]) == ("sms", "RU", "planned")
    given = asked("+74232000001", "--zone", "Europe/Moscow", at="2026-11-23T08:00")
    assert given["zones"] == ["Europe/Moscow", "Asia/Vladivostok"]
    assert given["evidence"]["en"] == "quiet hours 21:00–09:00 (Europe/Moscow)"
    well = asked(MOBILE)
    assert (well["permit"], well["expires_at"], well["grounds"]) == (True, "2026-11-23T09:00:30+00:00", [])


def test_advertising_needs_a_consent(gate: Callable[..., str]) -> None:
    out = gate(MOBILE, "--profile", "advertising")
    assert 'Refused: no consent to "4.2 рекламные сообщения".' in out


def test_holidays(gate: Callable[..., str]) -> None:
    assert "quiet hours 20:00–10:00" in gate(MOBILE, at="2027-01-07T20:30"), "Christmas, a Thursday"
    assert "Permitted." in gate(MOBILE, at="2027-01-14T20:30")


@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("12345x",), "'12345x' is not a number."),
        ((MOBILE, "--profile", "x"), "No profile 'x'. There are emergency, planned, service,"),
        (
            (MOBILE, "--zone", "Mars/Base"),
            "no time zone 'Mars/Base'. Write for example Europe/Moscow or Asia/Omsk.",
        ),
        ((MOBILE, "--route", "nosuch"), "No route 'nosuch'. There are main, sms."),
        ((MOBILE, "--at", "soon"), "--at 'soon' is no moment."),
    ],
)
def test_wrong_use(command: Command, arguments: tuple[str, ...], why: str) -> None:
    code, out, err = command("gate", *arguments)
    assert (code, out) == (2, "")
    assert why in err


@pytest.mark.usefixtures("base")
def test_an_opt_out_is_noted_and_heeded_and_ended(command: Command, gate: Callable[..., str]) -> None:
    code, out, err = command("opt-out", "add", MOBILE, "--medium", "voice", "--evidence", "позвонил сам")
    assert (code, err) == (0, "")
    assert out.startswith("1. 8 (916) 123-45-67: no calls, any class, since ")
    assert out.endswith(": позвонил сам\n")
    assert "Refused: opted out by phone since " in gate(MOBILE)
    assert "Permitted." in gate(MOBILE, "--medium", "sms")
    assert "Permitted." in gate(MOBILE, "--purpose", "own_call")
    assert command("opt-out", "list")[1] == out
    [told] = json.loads(command("opt-out", "list", MOBILE, "--json")[1])
    assert (told["id"], told["number"], told["login"]) == (1, "+79161234567", "cli")
    assert "(ended)" in command("opt-out", "end", "1", "--evidence", "письмо")[1]
    assert command("opt-out", "list")[1] == "There are no opt-outs.\n"
    assert "Permitted." in gate(MOBILE)
    code, _, err = command("opt-out", "end", "1", "--evidence", "письмо")
    assert code == 1
    assert "there is no opt-out 1 in force" in err


def test_a_login_that_is_not_there(command: Command, own_config: Path, user: Callable[[str], None]) -> None:
    code, out, err = command("gate", MOBILE, "--at", NOON, "--login", "anna")
    assert (code, err) == (
        0,
        "There is no database yet: whether there is such a login is not known.\n",
    )
    assert "Permitted." in out
    user("anna")
    assert command("gate", MOBILE, "--at", NOON, "--login", "anna")[::2] == (0, "")
    code, out, err = command("gate", MOBILE, "--at", NOON, "--login", "nosuch")
    assert (code, out, err) == (2, "", 'callcore: There is no login "nosuch". There are: anna.\n')


def test_whom_the_lists_fall_to_is_there(
    command: Command, own_config: Path, user: Callable[[str], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CALLCORE_AMI_SECRET", "x")
    text = own_config.read_text(encoding="utf-8")
    changed = re.sub(r"(?m)^  default: .*$", "  default: {login: nosuch}", text)
    assert changed != text
    own_config.write_text(changed, encoding="utf-8")
    code, out, _ = command("check")
    assert code == 0
    assert 'work.default.login: warning: Whether there is a login "nosuch" is not checked' in out
    user("anna")
    code, out, _ = command("check")
    assert code == 1
    assert 'work.default.login: There is no login "nosuch". There are: anna.' in out
    own_config.write_text(changed.replace("nosuch", "anna"), encoding="utf-8")
    code, out, _ = command("check")
    assert code == 0
    assert "work.default" not in out


def test_the_opt_outs_of_the_guide(
    command: Command, own_config: Path, tmp_path: Path, user: Callable[[str], None]
) -> None:
    user("anna")

    async def add() -> None:
        async with await Database.open(f"sqlite:///{own_config.parent}/c.db") as database:
            await database.customers.add_many([NewCustomer("100-200", "Орлова")], T0)

    with capture_logs():
        asyncio.run(add())
    guide = (SAMPLE.parents[1] / "docs" / "administrator.md").read_text(encoding="utf-8")
    lines = re.findall(r"(?m)^    callcore (opt-out .*)$", guide)
    assert len(lines) == 4
    for line in lines:
        code, _, err = command(*shlex.split(line))
        assert (code, err) == (0, ""), line


@pytest.mark.usefixtures("base")
def test_an_opt_out_that_says_nothing(command: Command) -> None:
    code, _, err = command("opt-out", "add", MOBILE, "--class", "fun", "--evidence", "x")
    assert (code, err) == (
        2,
        "callcore: There is no such class. There are: advertising, emergency, planned, service, survey. "
        "One comes with a profile in outbound.profiles.\n",
    )
    code, _, err = command("opt-out", "add", MOBILE, "--contract", "X-1", "--evidence", "x")
    assert (code, err) == (1, "callcore: There is no contract X-1.\n")
    assert command("opt-out", "add", MOBILE, "--evidence", " ")[0] == 1
    assert command("opt-out", "add", MOBILE)[0] == 2


def test_in_russian(command: Command) -> None:
    code, out, _ = command("gate", MOBILE, "--lang", "ru", "--at", "2026-11-23T23:00")
    assert code == 0
    assert "оповещение, звонок, профиль planned" in out
    assert "Нельзя: тихие часы 21:00–09:00 (Europe/Moscow); снова спросить 2026-11-24 09:00:00" in out
