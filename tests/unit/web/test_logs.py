"""Logs are JSON lines in which no number and no secret ever shows up."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import re
import warnings
from pathlib import Path
from typing import Any

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st

from callcore import logs

DIGITS = "79161234567"
SPELLINGS = (
    "+79161234567",
    "79161234567",
    "89161234567",
    "8 916 123-45-67",
    "+7 (916) 123-45-67",
    "8(916)1234567",
    "9161234567",
    "0079161234567",
)


@pytest.fixture
def out() -> io.StringIO:
    stream = io.StringIO()
    logs.configure("DEBUG", stream)
    return stream


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_a_record_is_one_json_object_with_its_event(out: io.StringIO) -> None:
    with structlog.contextvars.bound_contextvars(call_id="01c4"):
        structlog.get_logger("callcore.ami").info("link_up", pbx="main", name="Анна\nB")
    structlog.get_logger("callcore.ami").debug("after")
    first, second = lines(out)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", first.pop("at"))
    assert first == {
        "event": "link_up",
        "level": "info",
        "logger": "callcore.ami",
        "call_id": "01c4",
        "pbx": "main",
        "name": "Анна\nB",
    }
    assert "call_id" not in second


async def test_the_call_is_bound_to_what_was_started_inside(out: io.StringIO) -> None:
    async def later() -> None:
        structlog.get_logger("callcore.x").info("later")

    with structlog.contextvars.bound_contextvars(call_id="01c5"):
        task = asyncio.create_task(later())
    await task
    assert lines(out)[-1]["call_id"] == "01c5"


@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_number_never_shows_up(out: io.StringIO, spelling: str) -> None:
    log = structlog.get_logger("callcore.x")
    log.info("a", caller_number=spelling, text=f"from {spelling}, twice: {spelling}.")
    log.info("b", nested={"list": [spelling, {spelling: spelling}]}, pair=(spelling, 1))
    log.info(
        "c", uri=f"<sip:{spelling}@10.0.0.1>", channel=f"Local/{spelling}@dial-0001;1", value=repr(spelling)
    )
    sentence = "event " + spelling
    log.info(sentence)
    try:
        raise ValueError(f"cannot dial {spelling}")
    except ValueError:
        log.exception("d")
    logging.getLogger("panoramisk").warning("Unknown %s for %r", spelling, {"CallerIDNum": spelling})
    shown = re.sub(r'"at":\s?"[^"]+"', "", out.getvalue())
    assert len(lines(out)) == 6
    assert spelling not in shown
    assert "1234567" not in re.sub(r"\D", " ", shown).replace(" ", "|")
    assert "123-45-67" not in shown


def test_a_number_as_an_integer_is_a_number(out: io.StringIO) -> None:
    structlog.get_logger("x").info("a", caller=79161234567, other=79161234567, number=1234567, seconds=86_400)
    assert "1234567" not in out.getvalue()
    assert lines(out)[0]["seconds"] == 86_400


@given(
    st.from_regex(r"\A\+?[1-9]\d{9,14}\Z"), st.sampled_from(["{}", "<{}>", "a {} b", "x={}", "'{}'", "{}@h"])
)
def test_any_number_in_any_sentence_is_masked(number: str, sentence: str) -> None:
    record = logs.redact(None, "info", {"event": "e", "text": sentence.format(number)})
    assert number.lstrip("+") not in str(record)


def test_what_is_no_number_stays_readable(out: io.StringIO) -> None:
    kept = {
        "channel": "PJSIP/trunk-0000001a",
        "uniqueid": "1795321234.17",
        "peer": "192.168.100.200:5060",
        "extension_number": "101",
        "waited_ms": 12_345_678_901,
        "share": 0.123456789012,
        "masked_number": "+79*******67",
        "none": None,
        "yes": True,
    }
    structlog.get_logger("x").info("kept", **kept)
    record = lines(out)[0]
    assert {key: record[key] for key in kept} == kept


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-21",
        "from 2026-11-21 to 2026-12-31, or so",
        "2026-11-21T09:30:00.123456+00:00",
        "2026-11-21 09:30:00",
        "at 2026-11-21T09:30Z.",
        "(2026-11-21)",
        "0190aa10-7000-7000-8000-123456789012 gone",
        "(12345678-1234-1234-1234-123456789012)",
    ],
)
def test_dates_and_uuids_stay_whole(out: io.StringIO, text: str) -> None:
    structlog.get_logger("x").info("kept", text=text)
    assert lines(out)[0]["text"] == text


@pytest.mark.parametrize("key", ["file", "channel_id", "call_id", "record", "key"])
@pytest.mark.parametrize("value", ["lab-1795321234567", "/var/79161234567/0123456789", 17953212345])
def test_names_that_callcore_gave_itself_stay_whole(out: io.StringIO, key: str, value: str | int) -> None:
    structlog.get_logger("x").info("kept", **{key: value})
    assert lines(out)[0][key] == value
    structlog.get_logger("x").info("deep", **{key: {"caller": "79161234567"}})
    assert "1234567" not in str(lines(out)[1])


@pytest.mark.parametrize(
    "text", ["2026-11-21 79161234567", "2026-11-21-33-44", "2026-13-21", "1795-11-21", "+2026-11-21"]
)
def test_what_only_begins_like_a_date_is_masked(out: io.StringIO, text: str) -> None:
    structlog.get_logger("x").info("a", text=text)
    assert lines(out)[0]["text"] != text


@pytest.mark.parametrize(
    "key", ["password", "ami_secret", "csrf", "Set-Cookie", "token_hash", "api_key", "pin"]
)
def test_secrets_are_dropped(out: io.StringIO, key: str) -> None:
    structlog.get_logger("x").info("a", **{key: "hush-hush"}, deep=[{key: "hush-hush"}])
    assert "hush" not in out.getvalue()
    assert lines(out)[0][key] == logs.DROPPED


def test_libraries_and_warnings_go_the_same_way(out: io.StringIO) -> None:
    logging.getLogger("aiohttp.access").info("GET %s", "/")
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old ways", stacklevel=1)
    first, second = lines(out)
    assert (first["event"], first["message"], first["logger"]) == (
        "library_message",
        "GET /",
        "aiohttp.access",
    )
    assert second["logger"] == "py.warnings"


def test_the_callers_values_are_not_changed(out: io.StringIO) -> None:
    given = {"number": "+79161234567", "list": ["+79161234567"]}
    structlog.get_logger("x").info("a", given=given, weird=object(), endless=nest(50))
    assert given == {"number": "+79161234567", "list": ["+79161234567"]}
    assert logs.DROPPED in out.getvalue()


def nest(depth: int) -> object:
    return [nest(depth - 1)] if depth else "bottom"


def test_the_level_holds_and_configuring_twice_does_not_double(out: io.StringIO) -> None:
    logs.configure("WARNING", out)
    structlog.get_logger("x").info("quiet")
    structlog.get_logger("x").warning("loud")
    assert [line["event"] for line in lines(out)] == ["loud"]


def test_a_file_that_was_rotated_away_is_opened_anew(out: io.StringIO, tmp_path: Path) -> None:
    file = tmp_path / "callcore.log"
    logs.configure("INFO", file=str(file))
    structlog.get_logger("x").info("one")
    file.rename(tmp_path / "callcore.log.1")
    structlog.get_logger("x").info("two", name="\ud800")
    assert '"two"' in file.read_text(encoding="utf-8")
    logs.configure("INFO", out)
