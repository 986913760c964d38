"""The encoder, the reader of answers and the environment: pure."""

import contextlib
import shlex

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from callcore.ivr.agi import (
    LINE_BYTES,
    VERBS,
    AgiProtocolError,
    AgiRefused,
    Answer,
    AnswerReader,
    HangupNotice,
    decode_line,
    encode,
)
from callcore.ivr.agi_environment import parse_environment

plain = st.text(st.characters(exclude_categories=["Cc", "Cs"]), max_size=60)


def as_asterisk_reads(line: bytes) -> list[bytes]:
    """Asterisk's own way of cutting a command into words (res_agi: quotes and backslashes)."""
    words: list[bytes] = []
    quoted = escaped = False
    between = True
    for code in line.removesuffix(b"\n"):
        byte = bytes([code])
        if byte == b'"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append(b"")
                between = False
        elif byte in b" \t" and not quoted and not escaped:
            between = True
        elif byte == b"\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append(b"")
                between = False
            words[-1] += byte
        escaped = False
    return words


@given(plain, plain)
@example('a"b', "\\")
@example("", '\\"')
@example("x,y|z", "${SHELL(id)}")
def test_asterisk_reads_the_words_that_were_meant(first, second):
    line = encode("SET VARIABLE", first, second)
    assert line.count(b"\n") == 1
    assert as_asterisk_reads(line) == [b"SET", b"VARIABLE", first.encode(), second.encode()]


@given(st.binary(max_size=80))
def test_bytes_that_are_not_text_come_back_as_they_were(data):
    text = decode_line(data)
    try:
        line = encode("VERBOSE", text)
    except AgiRefused:
        assert any(byte < 32 or byte == 127 for byte in data)
    else:
        assert as_asterisk_reads(line) == [b"VERBOSE", data.rstrip(b"\r\n")]


def test_no_verb_beyond_the_list():
    assert "EXEC" not in VERBS
    for verb in ("EXEC", "EXEC System", "DATABASE PUT", "ANSWER\nEXEC", ""):
        with pytest.raises(AgiRefused):
            encode(verb)


def test_a_line_has_a_length():
    room = LINE_BYTES - len(encode("VERBOSE", ""))
    assert len(encode("VERBOSE", "x" * room)) == LINE_BYTES < 2048
    with pytest.raises(AgiRefused, match="bytes"):
        encode("VERBOSE", "x" * (room + 1))


def test_numbers_are_bare_and_a_truth_is_a_number():
    assert encode("SET AUTOHANGUP", 5) == b"SET AUTOHANGUP 5\n"
    assert encode("VERBOSE", "a", True) == b'VERBOSE "a" 1\n'


@pytest.mark.parametrize(
    ("line", "answer"),
    [
        ("200 result=0", Answer(200, "0")),
        ("200 result=-1 endpos=25760", Answer(200, "-1", None, 25760)),
        ("200 result=49 endpos=9760", Answer(200, "49", None, 9760)),
        ("200 result=1 (a) endpos=3", Answer(200, "1", "a", 3)),
        ("200 result=1 (with ) and ( in it)", Answer(200, "1", "with ) and ( in it")),
        ("200 result=12 (timeout)", Answer(200, "12", "timeout")),
        ("200 result=", Answer(200, "")),
        ("510 Invalid or unknown command", Answer(510, text="Invalid or unknown command")),
        ("511 Command Not Permitted", Answer(511, text="Command Not Permitted")),
        ("520 Invalid command syntax.", Answer(520, text="Invalid command syntax.")),
        ("HANGUP", HangupNotice()),
        ("100 Trying...", None),
    ],
)
def test_answers_of_one_line(line, answer):
    reader = AnswerReader()
    assert reader.feed(line) == answer
    assert not reader.inside


@pytest.mark.parametrize(
    "line", ["", "200", "200 OK", "hello", "20 result=1", "099 x", "200 result=1 x", "2000 x"]
)
def test_what_is_no_answer(line):
    with pytest.raises(AgiProtocolError):
        AnswerReader().feed(line)


def test_a_block_is_one_answer():
    reader = AnswerReader()
    lines = ["520-Invalid", "200 result=1", "HANGUP", "520-again", "520 End of proper usage."]
    answers = [reader.feed(line) for line in lines]
    assert answers[:4] == [None] * 4
    assert answers[4] == Answer(520, text="\n".join(lines))
    assert not reader.inside


@pytest.mark.parametrize("first", ["520-x", "200 result=1 (x"])
@pytest.mark.parametrize(("line", "times"), [("y", 1000), ("y" * 6000, 30)])
def test_a_block_without_an_end(first, line, times):
    reader = AnswerReader()
    assert reader.feed(first) is None
    assert reader.inside

    def rest() -> None:
        for _ in range(times):
            reader.feed(line)

    with pytest.raises(AgiProtocolError):
        rest()


@given(st.lists(st.text(max_size=30) | st.sampled_from(["520-", "520 ", "HANGUP", "200 result=1 (", ")"])))
def test_no_lines_raise_anything_else(lines):
    reader = AnswerReader()
    for line in lines:
        try:
            reader.feed(line)
        except AgiProtocolError:
            break


def lines(**values: bytes) -> list[bytes]:
    basic = {
        "agi_network_script": b"inbound/main",
        "agi_channel": b"PJSIP/a-1",
        "agi_uniqueid": b"1.1",
        **values,
    }
    return [name.encode() + b": " + value + b"\n" for name, value in basic.items()]


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Иван".encode(), "Иван"),
        ("Иван".encode("cp1251"), "Иван"),
        ("Иван".encode()[:-1], "Ива"),
        (b"\x98\xff", "\ufffdя"),
        (b"unknown", None),
        (b"  ", None),
        (b'O"Neil\\ <b>', 'O"Neil\\ <b>'),
        (b"a: b", "a: b"),
    ],
)
def test_names_in_what_a_trunk_may_send(value, name):
    assert parse_environment(lines(agi_calleridname=value)).caller_name == name


@pytest.mark.parametrize("number", [b"unknown", b"anonymous", b"Anonymous", b"", b"(null)"])
def test_an_anonymous_caller_has_no_number(number):
    environment = parse_environment(lines(agi_callerid=number, agi_callingpres=b"33"))
    assert environment.caller_number is None
    assert environment.presentation == 33


def test_every_field():
    environment = parse_environment(
        lines(
            agi_network_script=b"inbound/main?a=1",
            agi_callerid=b"79161234567",
            agi_dnid=b"100",
            agi_rdnis=b"200",
            agi_arg_1=b"4951",
            agi_context=b"callcore-inbound",
            agi_extension=b"s",
            agi_language=b"ru",
        )
    )
    assert (environment.route, environment.pbx, environment.query) == ("inbound", "main", {"a": "1"})
    assert (environment.caller_number, environment.dialed_number) == ("79161234567", "4951")
    assert (environment.redirecting_number, environment.presentation) == ("200", None)
    assert (environment.context, environment.extension, environment.language) == (
        "callcore-inbound",
        "s",
        "ru",
    )
    assert environment.raw["agi_dnid"] == "100"


def test_without_our_dialplan_the_dialed_number_is_asterisks():
    assert parse_environment(lines(agi_dnid=b"100")).dialed_number == "100"


def test_the_first_of_two_values_counts():
    environment = parse_environment([*lines(agi_calleridname=b"x"), b"agi_network_script: inbound/evil\n"])
    assert environment.pbx == "main"


@pytest.mark.parametrize("name", ["agi_network_script", "agi_channel", "agi_uniqueid"])
def test_without_these_there_is_no_call(name):
    with pytest.raises(AgiProtocolError):
        parse_environment([line for line in lines() if not line.startswith(name.encode())])


def test_a_query_of_a_thousand_fields():
    with pytest.raises(AgiProtocolError):
        parse_environment(lines(agi_network_script=b"inbound/main?" + b"a=1&" * 1000))


@given(st.lists(st.binary(max_size=60)))
def test_no_environment_raises_anything_else(extra):
    environment = parse_environment([*lines(), *extra])
    assert environment.pbx == "main"
    with contextlib.suppress(AgiProtocolError):
        parse_environment(extra)


def test_plain_words_need_no_asterisk_to_be_read():
    assert shlex.split(encode("STREAM FILE", "/prompts/ru/a b", "12").decode())[2:] == [
        "/prompts/ru/a b",
        "12",
    ]


def test_no_text_of_the_environment_is_one_that_a_database_refuses():
    lines = [
        b"agi_network_script: inbound/main",
        b"agi_channel: PJSIP/\xef\xf0-1",
        b"agi_uniqueid: \xff-1.1\x00",
        b"agi_calleridname: Iv\x00an",
    ]
    environment = parse_environment(lines)
    assert environment.channel == "PJSIP/пр-1"
    assert environment.uniqueid == "я-1.1\ufffd"
    assert environment.caller_name == "Iv\ufffdan"
