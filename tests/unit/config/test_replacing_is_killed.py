"""Whoever takes an edition back is killed at each of his steps: the files are of one edition, not two."""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from callcore.config import ConfigFaults, Settings, load
from callcore.config.changes import kept_texts
from callcore.config.replacing import is_unfinished, roll_back
from callcore.config.writing import wanted_files, write_back

from .conftest import SETTINGS, TABLE, Files

OTHER = TABLE.replace("key: 1", "key: 2").replace("charges", "cards")
NEW = TABLE.replace("key: 1", "key: 3").replace("charges", "new")
STEPS = ("open", "os.rename", "os.remove", "os.chmod", "shutil.copystat", "shutil.copymode")
"""What a process does to files, as Python's auditing tells it just before."""


def killed_at(step: int, work: Callable[[], object]) -> bool:
    """In a process of its own; False: it had ended before."""
    child = os.fork()
    if child == 0:
        left = step

        def count(event: str, arguments: tuple[object, ...]) -> None:
            nonlocal left
            if event in STEPS:
                left -= 1
                if left == 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            work()
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFSIGNALED(status)


def on_disk(files: Files) -> dict[str, str]:
    return {
        str(file.relative_to(files.folder)): file.read_text(encoding="utf-8")
        for file in sorted(files.folder.rglob("*"))
        if file.is_file()
    }


def read(files: Files, kept: dict[str, str] | None = None) -> Settings:
    return load(files.folder / "callcore.yaml", {"SECRET": "secret"}, kept=kept)


def put(files: Files, texts: dict[str, str]) -> None:
    for name, text in texts.items():
        (files.folder / name).write_text(text, encoding="utf-8")
    for name in on_disk(files).keys() - texts.keys():
        (files.folder / name).unlink()


class Evening:
    """Settings changed, a table changed by hand since, another new, and a third gone."""

    def __init__(self, files: Files) -> None:
        files.table(OTHER, "cards.yaml")
        self.files, self.kept = files, kept_texts(files.load())
        (files.folder / "topics" / "cards.yaml").unlink()
        files.table(NEW, "new.yaml")
        files.settings(SETTINGS.replace("Hello", "Hi"))
        self.running = read(files)
        self.edit = TABLE.replace("Money", "Work of an evening")
        files.table(self.edit)
        self.before = on_disk(files)
        self.fresh = read(files, wanted_files(self.running, self.kept))
        self.after = {
            "callcore.yaml": SETTINGS,
            "topics/cards.yaml": OTHER,
            "topics/finance.yaml": TABLE,
            "topics/finance.yaml~": self.edit,
        }

    def take_back(self) -> None:
        write_back(self.running, self.fresh)

    def killed_at(self, step: int) -> bool:
        return killed_at(step, self.take_back)


def test_killed_at_each_step_the_files_are_of_one_edition(files: Files) -> None:
    evening, ends, told = Evening(files), [], 0
    step = 1
    while evening.killed_at(step):
        settings = read(files)
        found = on_disk(files)
        assert found in (evening.before, evening.after), f"step {step}"
        ends.append(found == evening.after)
        told += any("cut off" in fault.message.en for fault in settings.warnings)
        assert not is_unfinished(files.folder / "callcore.yaml")
        put(files, evening.before)
        step += 1
    assert on_disk(files) == evening.after
    assert ends == sorted(ends), "once they are the new ones, they stay"
    assert True in ends
    assert told >= 4, "each of its files may be the one at which it stops"


def test_the_next_life_may_be_killed_too(files: Files) -> None:
    """At each step of the rolling back, from the last moment of the mixture."""
    evening = Evening(files)
    journal = files.folder / ".callcore.yaml.replacing"
    mixtures = []
    step = 1
    while evening.killed_at(step):
        if journal.exists() and '"replacing"' in journal.read_text():
            mixtures.append(
                {str(each): each.read_bytes() for each in files.folder.rglob("*") if each.is_file()}
            )
        roll_back(files.folder / "callcore.yaml")
        put(files, evening.before)
        step += 1
    mixture = mixtures[-1]
    step, is_killed = 1, True
    while is_killed:
        put(files, {})
        for name, content in mixture.items():
            Path(name).write_bytes(content)
        is_killed = killed_at(step, lambda: roll_back(files.folder / "callcore.yaml"))
        roll_back(files.folder / "callcore.yaml")
        assert on_disk(files) == evening.before, f"step {step}"
        step += 1


def test_the_next_take_back_begins_anew(files: Files) -> None:
    """Without any reading between; nothing of the first is left over."""
    evening = Evening(files)
    step = 1
    while evening.killed_at(step):
        evening.take_back()
        assert {**on_disk(files), "topics/finance.yaml~": evening.edit} == evening.after, f"step {step}"
        put(files, evening.before)
        step += 1


def test_somebody_else_takes_another_back_at_the_same_moment(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """He has the lock first: what is to be written is found out when he is done."""
    evening = Evening(files)
    lock = fcntl.flock

    def wait(handle: int, kind: int) -> None:
        put(files, {**evening.before, "topics/cards.yaml": OTHER.replace("Money", "His")})
        lock(handle, kind)

    monkeypatch.setattr(fcntl, "flock", wait)
    evening.take_back()
    left = {"topics/cards.yaml~": OTHER.replace("Money", "His")}
    assert on_disk(files) == {**evening.after, **left}


def half_done(evening: Evening) -> None:
    """Some files are the new ones, and somebody is gone."""
    step = 1
    while evening.killed_at(step):
        if on_disk(evening.files).get("topics/cards.yaml") == OTHER:
            break
        roll_back(evening.files.folder / "callcore.yaml")
        put(evening.files, evening.before)
        step += 1
    assert is_unfinished(evening.files.folder / "callcore.yaml")


def test_what_somebody_writes_into_the_mixture_is_left_aside(files: Files) -> None:
    evening = Evening(files)
    half_done(evening)
    mine = OTHER.replace("Money", "A hasty mend")
    files.table(mine, "cards.yaml")
    read(files)
    assert on_disk(files) == {**evening.before, "topics/cards.yaml~": mine}


@pytest.mark.parametrize("text", ["no journal", "[]", '{"stage": "replacing", "steps": [{}]}'])
def test_a_journal_that_is_none_is_a_fault_of_the_file(files: Files, text: str) -> None:
    (files.folder / ".callcore.yaml.replacing").write_text(text)
    with pytest.raises(ConfigFaults, match="cut off") as refused:
        read(files)
    assert [fault.severity for fault in refused.value.faults] == ["fault"]


def test_root_does_not_obey_the_journal_of_another(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    """It names files: anybody who may write here would have root write anywhere."""
    evening = Evening(files)
    half_done(evening)
    if os.geteuid() == 0:
        os.chown(files.folder / ".callcore.yaml.replacing", 65534, 65534)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    found = on_disk(files)
    with pytest.raises(ConfigFaults, match="another user"):
        read(files)
    assert on_disk(files) == found
