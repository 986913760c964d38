"""``callcore dialplan`` for queues, rules and the fallback; ``callcore user`` and skills."""

from __future__ import annotations

import json
import wave
from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.speech import Prompts, SpeechSettings

SETTINGS = """organisation: {name: {ru: "А", en: "A"}, country: RU, zone: Europe/Moscow}
database: {url: "sqlite:///callcore.db"}
pbx: {main: {host: 127.0.0.1, username: callcore, secret_env: X, fallback_queue: finance}}
queues:
  finance:
    title: {ru: "Ф", en: "F"}
    announce: both
    announce_seconds: 40
    exit_by_key: true
    skills_first_seconds: 7
  sales: {title: {ru: "П", en: "S"}, skills_first_seconds: 9}
topics: topics
ivr: {greeting: {ru: "Здравствуйте", en: "Hello"}, default_topic: finance.balance}
speech: {folder: prompts, engine: espeak, voices: {ru: ru, en: en-gb}}
"""
TABLE = """title: {ru: "Финансы", en: "Finance"}
key: "1"
say: {ru: "Финансы", en: "Finance"}
zone: Europe/Moscow
hours: {mon-fri: "09:00-18:00", sat-sun: closed}
closed: {ru: "Мы закрыты.", en: "We are closed."}
queue: finance
topics:
  balance: {title: {ru: "Баланс", en: "Balance"}, key: "1", say: {ru: "Баланс", en: "Balance"}}
  buy: {title: {ru: "Купить", en: "Buy"}, key: "2", say: {ru: "Купить", en: "Buy"}, queue: sales}
rows:
  vip:
    when: {topic: finance.balance, segment: VIP-0, hours: open}
    to: [{queue: own, skills: [vip, english]}]
    why: {ru: "VIP", en: "VIP"}
"""
Ran = tuple[int, str, str]


@pytest.fixture
def house(tmp_path: Path) -> Path:
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "finance.yaml").write_text(TABLE, encoding="utf-8")
    (tmp_path / "callcore.yaml").write_text(SETTINGS, encoding="utf-8")
    return tmp_path


@pytest.fixture
def call(
    house: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, logs_as_before: None
) -> Callable[..., Ran]:
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", str(house / "callcore.yaml"))

    def run(*arguments: str) -> Ran:
        code = main(arguments)
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


# --- dialplan


def test_queues_as_the_settings_describe_them(call: Callable[..., Ran]) -> None:
    code, out, err = call("dialplan", "--part", "queues")
    assert (code, err) == (0, "")
    finance, sales = out.split("[sales]")
    for line in (
        "announce-frequency=40",
        "announce-position=yes",
        "context=callcore-exit",
        "defaultrule=callcore-skills-7",
    ):
        assert f"\n{line}\n" in finance
    assert "announce-frequency=0\n" in sales
    assert "defaultrule" not in sales, "no call of this queue asks for a skill"
    assert "context=" not in sales


def test_rules_only_where_a_row_asks_for_a_skill(call: Callable[..., Ran]) -> None:
    code, out, _ = call("dialplan", "--part", "rules")
    assert code == 0
    assert [line for line in out.splitlines() if not line.startswith(";")] == [
        "[callcore-skills-7]",
        "penaltychange => 7,1000",
    ]


def test_the_fallback_before_anything_was_spoken(call: Callable[..., Ran]) -> None:
    code, out, err = call("dialplan", "--part", "fallback")
    assert code == 0
    assert "exten => finance.buy,1,Set(CALLCORE_STATIC=sales)\n" in out
    assert "GotoIfTime(09:00-17:59,mon-fri,*,*,Europe/Moscow?callcore-fallback,queue,1)" in out
    assert "Playback" not in out
    assert err == "The tables' announcements are not spoken yet: callcore speech build, then again.\n"


@pytest.mark.parametrize("seen_as", [None, "/srv/callcore/prompts"])
def test_the_fallback_says_what_was_spoken(
    call: Callable[..., Ran], house: Path, seen_as: str | None
) -> None:
    """By the path under which this PBX sees it."""
    if seen_as is not None:
        text = SETTINGS.replace(
            "fallback_queue: finance", f"fallback_queue: finance, prompt_folder: {seen_as}"
        )
        (house / "callcore.yaml").write_text(text, encoding="utf-8")
    names = [
        spoken(house / "prompts", "Мы закрыты.", "ru"),
        spoken(house / "prompts", "We are closed.", "en"),
    ]
    code, out, err = call("dialplan", "--part", "fallback")
    assert (code, err) == (0, "")
    russian, english = (f"{seen_as or house / 'prompts'}/{name}" for name in names)
    assert f'Playback(${{IF($["${{CALLCORE_LANGUAGE}}" = "en"]?{english}:{russian})}})' in out


def spoken(folder: Path, text: str, language: str) -> str:
    """A second of sound where the prompt of this text belongs; its path in the folder, without its ending."""
    prompts = Prompts(SpeechSettings(folder, engine="espeak", voices={"ru": "ru", "en": "en-gb"}))
    target = prompts.ways(text, language)[-1].target
    target.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(target), "wb") as sound:
        sound.setnchannels(1)
        sound.setsampwidth(2)
        sound.setframerate(8000)
        sound.writeframes(b"\x08\x00\xf8\xff" * 4000)
    return str(target.relative_to(folder).with_suffix(""))


def test_a_folder_that_a_dialplan_would_read_as_something_else(call: Callable[..., Ran], house: Path) -> None:
    text = SETTINGS.replace("fallback_queue: finance", 'fallback_queue: finance, prompt_folder: "/srv/a,b"')
    (house / "callcore.yaml").write_text(text, encoding="utf-8")
    for text, language in (("Мы закрыты.", "ru"), ("We are closed.", "en")):
        spoken(house / "prompts", text, language)
    code, out, err = call("dialplan", "--part", "fallback")
    assert (code, out) == (1, "")
    assert err.startswith("callcore: pbx.main: '/srv/a,b/")


# --- people


def test_skills_of_a_person(call: Callable[..., Ran]) -> None:
    def skills() -> list[str]:
        (user,) = json.loads(call("user", "list", "--json")[1])
        return list(user["skills"])

    code, _, err = call("user", "add", "anna", "--name", "Анна", "--skill", "vip", "--skill", "vip")
    assert (code, err) == (0, "")
    assert skills() == ["vip"]
    assert call("user", "change", "anna", "--queue", "finance")[0] == 0
    assert skills() == ["vip"], "what is not named stays"
    code, out, _ = call("user", "change", "anna", "--skill", "english", "--skill", "vip")
    assert code == 0
    assert out.rstrip().endswith("· finance · english, vip")
    assert call("user", "change", "anna", "--no-skills")[0] == 0
    assert skills() == []


@pytest.mark.parametrize("action", ["add", "change"])
def test_a_skill_that_no_table_asks_for(call: Callable[..., Ran], action: str) -> None:
    name = ("--name", "Анна")
    if action == "change":
        assert call("user", "add", "anna", *name)[0] == 0
        name = ()
    code, out, err = call("user", action, "anna", *name, "--skill", "chess")
    assert (code, out) == (1, "")
    assert err == 'callcore: No topic table asks for the skill "chess"; there are: english, vip.\n'


def test_skills_and_none_contradict_each_other(call: Callable[..., Ran]) -> None:
    assert call("user", "change", "anna", "--skill", "vip", "--no-skills")[0] == 2
