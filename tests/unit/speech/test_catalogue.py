"""The catalogue of recorded texts."""

from __future__ import annotations

from pathlib import Path

import pytest

from callcore.speech.catalogue import Catalogue, read_catalogue, warn_of_missing
from callcore.speech.survey import recordings

HELLO, BYE = ("Hello, you have called Light.", "en"), ("Всего доброго!", "ru")


def write(folder: Path, text: str) -> Path:
    (folder / "catalogue.yaml").write_text(text, encoding="utf-8")
    return folder


def test_names_are_made_of_the_first_words():
    made = Catalogue().with_texts([HELLO, BYE, ("Щука, ёж и объезд: 5", "ru"), ("№ №", "ru")])
    assert made.name(*HELLO) == "hello-you-have-called"
    assert made.name(*BYE) == "vsego-dobrogo"
    assert made.name("Щука, ёж и объезд: 5", "ru") == "shchuka-ezh-i-obezd"
    assert made.name("№ №", "ru") == "text"


def test_equal_beginnings_get_different_names_and_old_names_stay():
    first = Catalogue().with_texts([("For companies, press 1.", "en")])
    second = first.with_texts(
        [
            ("For companies, press 1", "en"),
            ("For companies, press 1!", "en"),
            ("For companies, press 1.", "en"),
        ]
    )
    names = [second.name(f"For companies, press 1{end}", "en") for end in (".", "", "!")]
    assert names == ["for-companies-press-1", "for-companies-press-1-2", "for-companies-press-1-3"]


def test_a_written_catalogue_is_read_as_it_was(tmp_path: Path):
    texts = [HELLO, BYE, ("Да: «нет» # не комментарий", "ru"), ("yes", "en"), ("1", "en"), ("'\"", "en")]
    made = Catalogue().with_texts(texts)
    document, found = read_catalogue(write(tmp_path, made.as_yaml()))
    assert document.faults == []
    assert found == made


def test_a_text_is_found_by_its_words_not_its_spaces(tmp_path: Path):
    _, found = read_catalogue(write(tmp_path, "en: {hello: 'Hello,\n   you'}\n"))
    assert found is not None
    assert found.name(" Hello,  you", "en") == "hello"
    assert found.name("Hello, you", "ru") is None
    assert found.name("hello, you", "en") is None
    assert found.with_texts([("Hello, you ", "en")]) == found


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("en:\n  Hello World: x\n", '2: en.Hello World: "Hello World" is no name of a recording.'),
        ("en:\n  ../x: x\n", '"../x" is no name of a recording.'),
        ("en:\n  hello:\n", "2: en.hello: There is no text. Write what is said."),
        ("en:\n  a: x\n  b: x\n", "3: en.b: a says this text already. Keep one of the names."),
        ("de: {a: x}\n", 'There is no setting "de".'),
        ("en: {a: x}\nen: {b: x}\n", "catalogue.yaml:2"),
    ],
)
def test_faults_have_line_and_remedy(tmp_path: Path, text: str, fault: str):
    document, found = read_catalogue(write(tmp_path, text))
    assert found is None
    faults = [str(each) for each in document.sorted_faults()]
    assert any(fault in each for each in faults), faults
    assert all(each.in_("ru") for each in document.sorted_faults())


def test_a_folder_without_one_records_nothing(tmp_path: Path):
    assert read_catalogue(tmp_path)[1] == Catalogue()
    document, found = read_catalogue(tmp_path / "nothing")
    assert found == Catalogue()
    assert [fault.severity for fault in document.sorted_faults()] == ["warning"]


def test_what_is_not_delivered_yet_is_told_in_one_warning(tmp_path: Path):
    made = Catalogue().with_texts([(f"Text {number}", "en") for number in range(5)])
    document, found = read_catalogue(write(tmp_path, made.as_yaml()))
    assert found is not None
    warn_of_missing(document, tmp_path, found)
    (warning,) = document.sorted_faults()
    assert warning.severity == "warning"
    assert "missing: 5 of 5 (en/text-0.wav, en/text-1.wav, en/text-2.wav…)." in str(warning)
    (tmp_path / "en").mkdir()
    for number in range(5):
        (tmp_path / f"en/text-{number}.wav").write_bytes(b"")
    document, _ = read_catalogue(tmp_path)
    warn_of_missing(document, tmp_path, found)
    assert document.sorted_faults() == ()


def test_how_the_folder_agrees_with_the_catalogue(tmp_path: Path):
    catalogue = Catalogue().with_texts([HELLO, BYE, ("Old", "en")])
    for path in ("en/hello-you-have-called.wav", "en/old.wav", "ru/stranger.wav"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(b"")
    found = recordings(tmp_path, catalogue, [HELLO, BYE])
    assert found.missing == ("ru/vsego-dobrogo",)
    assert found.unused == ("en/old",)
    assert found.unnamed == ("ru/stranger",)
