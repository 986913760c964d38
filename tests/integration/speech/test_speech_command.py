"""``callcore speech`` as a person or a program uses it, with the real espeak-ng and sox."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Sequence
from io import StringIO
from pathlib import Path

import pytest

from callcore.cli import main
from callcore.speech import SpeechSettings

SETTINGS = """\
organisation:
  name: {{ru: Свет, en: Light}}
  zone: Europe/Moscow
database:
  url: sqlite:///callcore.db
pbx:
  main:
    host: 127.0.0.1
    secret_env: SECRET
topics: topics
ivr:
  greeting: {{ru: Здравствуйте!, en: Hello!}}
  default_topic: finance.charges
speech:
  folder: prompts
  recorded: studio
  engine: espeak
  espeak: {espeak}
  sox: {sox}
sign_in: {{second_factor: off}}
"""
TABLE = """\
title: {ru: Деньги, en: Money}
key: 1
zone: Europe/Moscow
hours:
  mon-fri: 09:00-18:00
  sat-sun: closed
closed: {ru: Мы закрыты., en: We are closed.}
queue: finance
topics:
  charges:
    title: {ru: Начисления, en: Charges}
"""
GREETING, CLOSED = ("Hello!", "en"), ("Мы закрыты.", "ru")

Ran = tuple[int, str, str]
Command = Callable[..., Ran]


@pytest.fixture
def settings(tmp_path: Path, real: SpeechSettings) -> Path:
    file = tmp_path / "callcore.yaml"
    file.write_text(SETTINGS.format(espeak=real.espeak, sox=real.sox), encoding="utf-8")
    (tmp_path / "topics").mkdir()
    (tmp_path / "topics" / "finance.yaml").write_text(TABLE, encoding="utf-8")
    return file


@pytest.fixture
def speech(settings: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Command:
    """Exit code, output and errors of ``callcore speech …``, in English."""
    monkeypatch.setenv("LC_ALL", "C.UTF-8")
    monkeypatch.setenv("CALLCORE_CONFIG", str(settings))
    capsys.readouterr()

    def run(*arguments: str) -> Ran:
        code = main(("speech", *arguments))
        captured = capsys.readouterr()
        return code, captured.out, captured.err

    return run


def entries(answer: str) -> dict[tuple[str, str], dict[str, object]]:
    found = json.loads(answer)
    texts: Sequence[dict[str, str]] = found["texts"] if isinstance(found, dict) else found
    return {(each["text"], each["language"]): dict(each) for each in texts}


def test_everything_is_spoken_beforehand_and_checked(speech: Command) -> None:
    code, out, _ = speech("check")
    assert code == 1, "nothing is spoken yet"
    assert "en  Hello!: not spoken yet: callcore speech build\n" in out
    code, out, _ = speech("build", "--json")
    built = json.loads(out)
    assert (code, built["failed"]) == (0, [])
    assert built["made"] == built["texts"] > 30
    assert speech("build")[:2] == (0, f"Texts {built['texts']}, spoken now 0, failed 0.\n")
    assert speech("check")[:2] == (0, f"Texts {built['texts']}, bad 0.\n")
    code, out, _ = speech("list", "--json")
    listed = entries(out)
    assert (code, len(listed)) == (0, built["texts"])
    greeting = listed[GREETING]
    assert (greeting["wanted"], greeting["source"], greeting["flaws"]) == ("espeak", "espeak", [])
    assert isinstance(greeting["seconds"], float)
    assert 0.4 < greeting["seconds"] < 2.0
    code, out, _ = speech("list")
    assert f"en  espeak-ng {greeting['seconds']:5.1f}  Hello!\n" in out


def test_a_spoilt_sound_is_found_and_made_anew(speech: Command) -> None:
    speech("build")
    file = Path(str(entries(speech("list", "--json")[1])[GREETING]["file"]))
    whole = file.read_bytes()
    file.write_bytes(whole[:44] + bytes(len(whole) - 44))
    code, out, _ = speech("check")
    assert (code, "en  Hello!: silence\n" in out) == (1, True)
    assert "en  Hello!: тишина\n" in speech("check", "--lang", "ru")[1]
    assert speech("build")[1].endswith("spoken now 1, failed 0.\n")
    assert file.read_bytes() == whole


def test_what_cannot_be_spoken_is_told_with_its_remedy(
    speech: Command, settings: Path, real: SpeechSettings
) -> None:
    text = settings.read_text(encoding="utf-8").replace(f"espeak: {real.espeak}", "espeak: /nowhere/espeak")
    settings.write_text(text, encoding="utf-8")
    code, out, err = speech("build", "--lang", "ru")
    assert code == 1
    assert out.endswith(f"озвучено сейчас 0, не удалось {out.split()[1].rstrip(',')}.\n")
    assert (
        "en  Hello!: не озвучено\n    /nowhere/espeak не запускается (No such file or directory): apt install"
        in err
    )
    code, out, _ = speech("build", "--json")
    failed = entries(json.dumps(json.loads(out)["failed"]))
    assert (code, len(failed)) == (1, json.loads(out)["texts"])
    assert str(failed[GREETING]["why"]).count("apt install espeak-ng") == 2


def test_a_text_without_words_is_named(speech: Command, settings: Path) -> None:
    text = settings.read_text(encoding="utf-8").replace("en: Hello!", 'en: "…"')
    settings.write_text(text, encoding="utf-8")
    code, _, err = speech("build")
    assert (code, err) == (1, "en  …: not spoken\n    nothing to say: give a text\n")
    code, out, _ = speech("check")
    assert (code, "en  …: nothing to say: give a text\n" in out) == (1, True)
    assert entries(speech("list", "--json")[1])["…", "en"]["wanted"] is None


def test_a_studio_gets_a_list_and_what_it_delivers_is_heard(
    speech: Command, tmp_path: Path, deliver: Callable[[Path], Path]
) -> None:
    studio = tmp_path / "studio"
    code, out, err = speech("export")
    rows = list(csv.DictReader(StringIO(out), delimiter=";"))
    assert code == 0
    code, _, refused = speech("export", "-o", str(tmp_path / "nowhere" / "list.csv"))
    assert (code, f"{tmp_path}/nowhere/list.csv cannot be written: No such file" in refused) == (1, True)
    assert err == f"To be recorded: {len(rows)}. Names of the files: {studio / 'catalogue.yaml'}.\n"
    assert {"file": "en/hello.wav", "language": "en", "text": "Hello!"} in rows
    assert {"file": "ru/my-zakryty.wav", "language": "ru", "text": "Мы закрыты."} in rows
    catalogue = (studio / "catalogue.yaml").read_text(encoding="utf-8")
    assert "hello: Hello!\n" in catalogue

    deliver(studio / "en" / "hello.wav")
    deliver(studio / "en" / "stranger.wav")
    speech("build")
    assert entries(speech("list", "--json")[1])[GREETING]["source"] == "recorded"
    code, out, _ = speech("check")
    assert code == 0
    (missing,) = re.findall(r"Not recorded yet \((\d+)\): ru/.*… All of them with --json\.", out)
    assert int(missing) == len(rows) - 1
    assert "Not in catalogue.yaml: en/stranger.\n" in out

    code, out, _ = speech("export", "-o", str(tmp_path / "list.csv"))
    assert (code, out) == (0, "")
    written = (tmp_path / "list.csv").read_text(encoding="utf-8-sig")
    assert len(written.splitlines()) == len(rows), "one row of a title, one recording less"
    assert "en/hello.wav" not in written
    assert len(json.loads(speech("export", "--all", "--json")[1])) == len(rows)
    assert (studio / "catalogue.yaml").read_text(encoding="utf-8") == catalogue


def test_a_recording_that_is_not_made_yet_or_no_good(
    speech: Command, tmp_path: Path, deliver: Callable[[Path], Path]
) -> None:
    speech("export")
    speech("build")
    file = deliver(tmp_path / "studio" / "en" / "hello.wav")
    code, out, _ = speech("check")
    assert code == 1
    assert "en  Hello!: said by espeak-ng in place of recording: callcore speech build tells why\n" in out
    file.write_bytes(b"no sound")
    code, _, err = speech("build")
    assert code == 0, "espeak-ng says it"
    assert "en  Hello!: said by espeak-ng in place of recording\n" in err
    assert "sox ended with 2" in err
    assert json.loads(speech("build", "--json")[1])["passed_over"][0]["wanted"] == "recorded"
    assert "en  Hello!: said by espeak-ng in place of recording" in speech("check")[1]
    file.unlink()
    assert speech("check")[0] == 0


def test_a_changed_text_is_no_longer_recorded(
    speech: Command, tmp_path: Path, settings: Path, deliver: Callable[[Path], Path]
) -> None:
    speech("export")
    deliver(tmp_path / "studio" / "en" / "hello.wav")
    text = settings.read_text(encoding="utf-8").replace("en: Hello!", "en: Good day!")
    settings.write_text(text, encoding="utf-8")
    speech("build")
    assert entries(speech("list", "--json")[1])["Good day!", "en"]["source"] == "espeak"
    assert "Recorded, but no longer said: en/hello.\n" in speech("check")[1]


def test_faults_of_settings_and_catalogue(speech: Command, tmp_path: Path, settings: Path) -> None:
    (tmp_path / "studio").mkdir()
    (tmp_path / "studio" / "catalogue.yaml").write_text("en:\n  Hello!: Hello!\n", encoding="utf-8")
    code, out, err = speech("build")
    assert code == 1
    assert "studio/catalogue.yaml:2: en.Hello!" in out + err
    settings.write_text(settings.read_text(encoding="utf-8").replace("  recorded: studio\n", ""), "utf-8")
    code, _, err = speech("export")
    assert code == 1
    assert "speech.recorded is not set: name the folder for recordings there." in err


def test_check_tells_which_program_is_not_there(
    speech: Command,
    settings: Path,
    real: SpeechSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("SECRET", "secret")
    assert main(("check",)) == 0
    assert "There is no program" not in capsys.readouterr().out
    text = settings.read_text(encoding="utf-8").replace(f"sox: {real.sox}", "sox: /nowhere/sox")
    settings.write_text(text.replace("engine: espeak", "engine: rhvoice\n  rhvoice: /nowhere/rh"), "utf-8")
    assert main(("check",)) == 0, "what is spoken already is heard"
    out = capsys.readouterr().out
    told = "speech.sox: warning: There is no program /nowhere/sox here.\n"
    assert f"{told}    apt install sox, or set speech.sox\n" in out
    assert "speech.rhvoice: warning: There is no program /nowhere/rh here.\n" in out
    main(("check", "--json"))
    paths = [fault["path"] for fault in json.loads(capsys.readouterr().out)["faults"]]
    assert {"speech.sox", "speech.rhvoice"} <= set(paths)


def test_check_counts_what_is_not_spoken_yet(
    speech: Command, settings: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Of the configuration's own check, which is content all the same: the start makes what is missing."""
    monkeypatch.setenv("SECRET", "secret")
    texts = len(entries(speech("list", "--json")[1]))

    def told() -> list[str]:
        assert main(("check", "--json")) == 0
        faults = json.loads(capsys.readouterr().out)["faults"]
        return [fault["message"]["en"] for fault in faults if fault["path"] == "speech.folder"]

    assert told() == [f"Texts that are not spoken yet: {texts} of {texts}."]
    speech("build")
    assert told() == []
    Path(str(entries(speech("list", "--json")[1])[GREETING]["file"])).unlink()
    assert told() == [f"Texts that are not spoken yet: 1 of {texts}."]
    main(("check",))
    assert "speech.folder: warning: Texts that are not spoken yet: 1 of" in capsys.readouterr().out


def test_wrong_use(speech: Command) -> None:
    for arguments in ((), ("sing",), ("list", "--all"), ("build", "-o", "x.csv")):
        assert speech(*arguments)[0] == 2
