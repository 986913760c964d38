"""Queues in the settings: what a waiting caller is told, how he leaves, how long a skill is waited for."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.config import ConfigFaults, Settings, load

HEAD = """organisation: {name: {ru: "А", en: "A"}, country: RU, zone: Europe/Moscow}
database: {url: "sqlite:///callcore.db"}
pbx: {main: {host: 127.0.0.1, username: callcore, secret_env: X, fallback_queue: finance}}
topics: topics
ivr: {greeting: {ru: "Здравствуйте", en: "Hello"}, default_topic: finance.balance}
speech: {folder: prompts}
sign_in: {second_factor: "off"}
queues:
  sales: {title: {ru: "П", en: "S"}}
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
"""
Read = Callable[..., Settings]


@pytest.fixture
def read(tmp_path: Path) -> Read:
    def of(queue: str = "") -> Settings:
        (tmp_path / "topics").mkdir()
        (tmp_path / "topics" / "finance.yaml").write_text(TABLE, encoding="utf-8")
        whole = f'{HEAD}  finance: {{title: {{ru: "Ф", en: "F"}}, {queue}}}\n'
        (tmp_path / "callcore.yaml").write_text(whole, encoding="utf-8")
        return load(tmp_path / "callcore.yaml", need_secrets=False)

    return of


def test_what_nobody_has_set(read: Read) -> None:
    queue = read().queues["finance"]
    assert (queue.announce, queue.exit_by_key, queue.skills_first_seconds) == ("none", False, 20)


def test_what_somebody_has_set(read: Read) -> None:
    queue = read("announce: both, announce_seconds: 90, exit_by_key: true, skills_first_seconds: 5").queues[
        "finance"
    ]
    assert (queue.announce, queue.announce_seconds) == ("both", 90)
    assert (queue.exit_by_key, queue.skills_first_seconds) == (True, 5)


@pytest.mark.parametrize(
    "wrong",
    [
        "announce: loudly",
        "announce_seconds: 5",
        "exit_by_key: maybe",
        "skills_first_seconds: 0",
        "skills_first_seconds: 3601",
    ],
)
def test_a_wrong_value_is_named_with_its_line_and_a_remedy(read: Read, wrong: str) -> None:
    with pytest.raises(ConfigFaults) as refused:
        read(wrong)
    (fault,) = refused.value.faults
    assert (fault.line, fault.path) == (HEAD.count("\n") + 1, f"queues.finance.{wrong.partition(':')[0]}")
    assert all((fault.message.ru, fault.message.en, fault.remedy.ru, fault.remedy.en))
