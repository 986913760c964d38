"""What is kept of the files, what follows a reload, and putting kept files back in their places."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from callcore.config import ConfigFaults, Settings, load
from callcore.config.changes import followed, kept_texts, needs_restart
from callcore.config.writing import wanted_files, write_back

from .conftest import SETTINGS, TABLE, Files

OTHER = TABLE.replace("key: 1", "key: 2").replace("charges", "cards")
DEPARTMENTS = """\
zone: Europe/Moscow
holidays: {country: RU}
departments:
  finance:
    title: {ru: Финансы, en: Finance}
    functions: {ru: Деньги, en: Money}
    ways: [transfer]
    queue: finance
    hours: {mon-fri: 09:00-18:00, sat-sun: closed}
    head: {role: supervisor}
"""
TALK = "\nqueues:\n  finance:\n    title: {ru: Финансы, en: Finance}\n"


def read(files: Files, kept: dict[str, str] | None = None) -> Settings:
    return load(files.folder / "callcore.yaml", {"SECRET": "secret"}, kept=kept)


def on_disk(files: Files) -> dict[str, str]:
    return {
        str(file.relative_to(files.folder)): file.read_text(encoding="utf-8")
        for file in sorted(files.folder.rglob("*"))
        if file.is_file()
    }


def back(files: Files, kept: dict[str, str], running: Settings) -> tuple[str, ...]:
    return write_back(running, read(files, wanted_files(running, kept)))


# --- what is kept


def test_an_edition_has_the_files_but_not_the_other_sections(files: Files) -> None:
    kept = kept_texts(files.load())
    assert list(kept) == ["callcore.yaml", "topics/finance.yaml"]
    assert kept["topics/finance.yaml"] == TABLE
    assert kept["callcore.yaml"].splitlines() == [
        "topics: topics",
        "ivr:",
        "  greeting: {ru: Здравствуйте, en: Hello}",
        "  default_topic: finance.charges",
    ]


def test_a_file_from_elsewhere_goes_by_its_whole_path(
    files: Files, tmp_path_factory: pytest.TempPathFactory
) -> None:
    far = tmp_path_factory.mktemp("far") / "departments.yaml"
    far.write_text(DEPARTMENTS, encoding="utf-8")
    files.settings(SETTINGS + f"departments_file: {far}\n")
    running = files.load()
    kept = kept_texts(running)
    assert kept[str(far)] == DEPARTMENTS
    far.write_text(DEPARTMENTS.replace("Finance", "Coins"), encoding="utf-8")
    assert read(files).departments.find("finance").title.en == "Coins"
    back(files, kept, read(files))
    assert far.read_text(encoding="utf-8") == DEPARTMENTS


def test_kept_texts_are_read_in_place_of_the_files(files: Files) -> None:
    """A folder of which some files are kept holds no others."""
    kept = {"callcore.yaml": SETTINGS, "topics/finance.yaml": TABLE.replace("Money", "Coins")}
    files.table(OTHER, "other.yaml")
    settings = read(files, kept)
    assert [table.title.en for table in settings.tables] == ["Coins"]
    assert settings.texts == kept


def test_faults_of_kept_texts_name_the_file(files: Files) -> None:
    with pytest.raises(ConfigFaults) as refused:
        read(files, {"callcore.yaml": SETTINGS, "topics/finance.yaml": TABLE + "colour: red\n"})
    [fault] = refused.value.faults
    assert fault.file == f"{files.folder}/topics/finance.yaml"
    assert fault.line == TABLE.count("\n") + 1


# --- what follows


def test_tables_queues_and_ivr_follow_and_ports_do_not(files: Files) -> None:
    running = files.load()
    files.settings(
        SETTINGS.replace("Hello", "Good day").replace("host: 127.0.0.1", "host: 127.0.0.2")
        + "http: {listen: '127.0.0.1:9000'}\n"
        + TALK
    )
    files.table(TABLE.replace("Money", "Coins"))
    fresh = read(files)
    now = followed(running, fresh)
    assert now.ivr.greeting.en == "Good day"
    assert now.tables.tables[0].title.en == "Coins"
    assert now.queue_title("finance").en == "Finance"
    assert (now.http, now.pbx) == (running.http, running.pbx)
    assert needs_restart(running, fresh) == ("http.listen", "pbx.main.host")


def test_a_secret_that_has_changed_is_named_and_not_shown(files: Files) -> None:
    running, fresh = files.load(), load(files.folder / "callcore.yaml", {"SECRET": "hunter2"})
    assert needs_restart(running, fresh) == ("pbx.main.secret",)


def test_pbxs_that_come_and_go_are_named(files: Files) -> None:
    running = files.load()
    files.settings(SETTINGS.replace("  main:\n", "  other:\n"))
    assert needs_restart(running, read(files)) == ("pbx.main", "pbx.other")


def test_the_same_files_change_nothing(files: Files) -> None:
    assert needs_restart(files.load(), files.load()) == ()


# --- putting back


def test_files_come_back_and_ports_stay(files: Files) -> None:
    """Tables that came since are gone, those that went are there, and a port set since is kept."""
    files.table(OTHER, "cards.yaml")
    kept = kept_texts(files.load())
    (files.folder / "topics" / "cards.yaml").unlink()
    files.table(TABLE.replace("key: 1", "key: 3").replace("charges", "new"), "new.yaml")
    files.table(TABLE.replace("Money", "Coins"))
    ports = "http: {listen: '127.0.0.1:9000'}\n"
    files.settings(SETTINGS.replace("Hello", "Hi") + ports)
    running = read(files)
    assert back(files, kept, running) == ()
    assert on_disk(files) == {
        "callcore.yaml": SETTINGS + ports,
        "topics/cards.yaml": OTHER,
        "topics/finance.yaml": TABLE,
    }
    assert kept_texts(read(files)) == kept


def test_an_edit_that_no_edition_has_is_left_aside(files: Files) -> None:
    kept = kept_texts(files.load())
    running = files.load()
    mine = TABLE.replace("Money", "An evening's work")
    files.table(mine)
    assert back(files, kept, running) == ("topics/finance.yaml~",)
    assert on_disk(files)["topics/finance.yaml"] == TABLE
    assert on_disk(files)["topics/finance.yaml~"] == mine
    assert len(read(files).tables.tables) == 1, "what lies aside is no table"


def test_a_later_edit_does_not_write_over_an_earlier_one_left_aside(files: Files) -> None:
    running = files.load()
    left = {}
    for place, money in (("~", "One evening"), ("~2", "Another"), ("~2", "Another")):
        mine = left[place] = TABLE.replace("Money", money)
        files.table(mine)
        assert back(files, kept_texts(running), running) == (f"topics/finance.yaml{place}",)
    for place, mine in left.items():
        assert on_disk(files)[f"topics/finance.yaml{place}"] == mine


def test_a_file_that_is_no_text_is_left_aside_and_replaced(files: Files) -> None:
    running = files.load()
    files.table(b"\xff\xfe\x00")
    assert back(files, kept_texts(running), running) == ("topics/finance.yaml~",)
    assert (files.folder / "topics" / "finance.yaml~").read_bytes() == b"\xff\xfe\x00"


def test_modes_and_links_stay(files: Files) -> None:
    """A table that is a link to a file elsewhere stays one."""
    running = files.load()
    real = files.folder / "kept-elsewhere"
    table = files.folder / "topics" / "finance.yaml"
    table.rename(real)
    real.write_text(TABLE.replace("Money", "Coins"), encoding="utf-8")
    real.chmod(0o640)
    table.symlink_to(real)
    back(files, kept_texts(running), running)
    assert table.is_symlink()
    assert real.read_text(encoding="utf-8") == TABLE
    assert real.stat().st_mode & 0o777 == 0o640


def test_what_does_not_fit_is_refused_before_anything_is_written(files: Files) -> None:
    """The edition's default topic is in a table that a setting which stays has moved elsewhere."""
    running = files.load()
    kept = {**kept_texts(running), "topics/finance.yaml": TABLE.replace("charges", "other")}
    before = on_disk(files)
    with pytest.raises(ConfigFaults):
        back(files, kept, running)
    assert on_disk(files) == before


def test_where_one_cannot_be_replaced_all_are_as_they_were(
    files: Files, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The disk fails at the second of three files."""
    files.table(OTHER, "cards.yaml")
    running = files.load()
    kept = kept_texts(running)
    files.settings(SETTINGS.replace("Hello", "Hi"))
    files.table(TABLE.replace("Money", "Coins"))
    files.table(OTHER.replace("Money", "Plastic"), "cards.yaml")
    running = read(files)
    before = on_disk(files)
    fresh = read(files, wanted_files(running, kept))
    replaced: list[Path] = []
    really = Path.replace

    def replace(self: Path, target: Path) -> Path:
        if target.name.startswith("."):  # made ready, or noted
            return really(self, target)
        replaced.append(target)
        if len(replaced) == 2:
            raise OSError(5, os.strerror(5), str(target))
        return really(self, target)

    monkeypatch.setattr(Path, "replace", replace)
    with pytest.raises(OSError, match=os.strerror(5)):
        write_back(running, fresh)
    assert len(replaced) == 5, "one done, one failed, all three as they were"
    assert on_disk(files) == before


def test_a_folder_that_may_not_be_written_is_told(files: Files) -> None:
    """Root may write anywhere, so the folder is one that nobody can write: a file."""
    running = files.load()
    kept = {**kept_texts(running)}
    files.settings(SETTINGS.replace("topics: topics", "topics: tables"))
    (files.folder / "topics").rename(files.folder / "tables")
    (files.folder / "topics").write_text("a file")
    with pytest.raises((NotADirectoryError, FileExistsError)):
        back(files, kept, running)
    assert (files.folder / "callcore.yaml").read_text().count("topics: tables") == 1


def test_the_sample_comes_back_as_it_is() -> None:
    """Every file that it is made of, the script of the IVR among them."""
    file = Path(__file__).parents[3] / "config" / "callcore.yaml"
    environ = {"CALLCORE_AMI_SECRET": "secret"}
    settings = load(file, environ)
    kept = kept_texts(settings)
    assert {"callcore.yaml", "cases.yaml", "departments.yaml", "ivr.yaml", "topics/finance.yaml"} <= set(kept)
    assert "organisation:" not in kept["callcore.yaml"]
    assert wanted_files(settings, kept) == settings.texts
    again = load(file, environ, kept=settings.texts)
    assert needs_restart(settings, again) == ()
    assert again.ivr == settings.ivr
    assert again.tables.tables == settings.tables.tables
    assert again.script == settings.script
