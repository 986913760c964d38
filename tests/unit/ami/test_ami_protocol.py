"""Framing, parsing and the one encoder."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.ami.protocol import (
    MAX_FRAME_BYTES,
    MAX_GREETING_BYTES,
    MAX_HEADERS,
    MAX_LINE_BYTES,
    AmiAction,
    BadAction,
    BrokenPeer,
    Frames,
    Shapes,
    decode,
    encode,
    event_name,
    parse,
)

GREETING = b"Asterisk Call Manager/11.0.0\r\n"


def greeted() -> Frames:
    frames = Frames()
    frames.feed(GREETING)
    return frames


# --- framing


def test_greeting_and_messages() -> None:
    frames = Frames()
    assert frames.feed(GREETING + b"Event: A\r\nX: 1\r\n\r\nEvent: B\r\n\r\nEvent: C") == [
        b"Event: A\r\nX: 1",
        b"Event: B",
    ]
    assert frames.greeting == "Asterisk Call Manager/11.0.0"
    assert frames.feed(b"\r\n\r\n") == [b"Event: C"]


@given(st.lists(st.integers(1, 60), max_size=8), st.sampled_from(["Иван", "Anna", "ё" * 40]))
def test_chunks_cut_anywhere_even_within_a_letter(sizes: list[int], name: str) -> None:
    stream = GREETING + b"".join(f"Event: E{n}\r\nName: {name}\r\n\r\n".encode() for n in range(3))
    frames, raw, at = Frames(), [], 0
    for size in [*sizes, len(stream)]:
        raw += frames.feed(stream[at : at + size])
        at += size
    assert [parse(one) for one in raw] == [{"event": f"E{n}", "name": name} for n in range(3)]


@pytest.mark.parametrize(
    "heard", [b"HTTP/1.1 400 Bad Request\r\n", b"SSH-2.0-x\r\n", b"\x16\x03\x01", b"Asterisk Call Man\r\n"]
)
def test_another_program_is_recognised_by_its_greeting(heard: bytes) -> None:
    with pytest.raises(BrokenPeer, match="greets with"):
        Frames().feed(heard)


def test_a_greeting_that_does_not_end_is_cut_off() -> None:
    with pytest.raises(BrokenPeer, match="greets with"):
        Frames().feed(b"Asterisk Call Manager/" + b"1" * 1000)


def test_a_message_that_does_not_end_is_cut_off() -> None:
    frames = greeted()
    assert frames.feed(b"x" * MAX_FRAME_BYTES) == []
    with pytest.raises(BrokenPeer, match="does not end"):
        frames.feed(b"x")


def test_one_line_end_too_many_between_messages() -> None:
    assert greeted().feed(b"Event: A\r\n\r\n\r\nEvent: B\r\n\r\n") == [b"Event: A", b"Event: B"]


@pytest.mark.parametrize("between", [b"\r\n", b"\n", b"\r", b"\r\n\r\n\r\n", b"\n\r\n\r"])
@pytest.mark.parametrize("size", [1, 2, 3, 5, 1000])
def test_line_ends_too_many_come_in_any_chunk(between: bytes, size: int) -> None:
    frames, seen = Frames(), []
    stream = GREETING + between + b"Event: A\r\n\r\n" + between + b"Event: B\r\n\r\n"
    for at in range(0, len(stream), size):
        seen += frames.feed(stream[at : at + size])
    assert [raw for raw in seen if raw] == [b"Event: A", b"Event: B"]


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_a_message_too_long_is_refused_however_it_comes(size: int) -> None:
    stream = GREETING + b"Event: A\r\n\r\n" + b"x" * 100 + b"\r\n\r\n"
    frames, seen = Frames(max_bytes=100), []
    for at in range(0, len(stream), size):
        seen += frames.feed(stream[at : at + size])
    assert seen == [b"Event: A", b"x" * 100]

    stream = stream[:-4] + b"x\r\n\r\n" + b"Event: C\r\n\r\n"
    frames, seen = Frames(max_bytes=100), []

    def feed_all() -> None:
        for at in range(0, len(stream), size):
            seen.extend(frames.feed(stream[at : at + size]))

    with pytest.raises(BrokenPeer, match="does not end") as broken:
        feed_all()
    assert [*seen, *broken.value.before] == [b"Event: A"]


@pytest.mark.parametrize("size", [1, 600])
def test_the_longest_greeting(size: int) -> None:
    line = b"Asterisk Call Manager/" + b"9" * (MAX_GREETING_BYTES - 22)
    frames = Frames()
    for at in range(0, len(line) + 2, size):
        frames.feed((line + b"\r\n")[at : at + size])
    assert frames.greeting == line.decode()


def test_event_name_needs_no_parsing() -> None:
    assert event_name(b"Event: Hangup\r\nUniqueid: 1") == b"Hangup"
    assert event_name(b"Event: Hangup") == b"Hangup"
    assert event_name(b"Response: Success\r\nEvent: x") is None


# --- parsing


def test_duplicate_headers_are_a_list_and_empty_ones_stay() -> None:
    raw = b"Response: Success\r\nVariable: A=1\r\nVariable: B=\r\nvariable: C=3\r\nCallerIDName: \r\nLast: "
    assert parse(raw) == {
        "response": "Success",
        "variable": ["A=1", "B=", "C=3"],
        "calleridname": "",
        "last": "",
    }


def test_only_the_first_blank_after_the_colon_is_syntax() -> None:
    assert parse(b"A:  x: y \r\nB:z\r\nno colon here") == {"a": " x: y ", "b": "z"}


@pytest.mark.parametrize(
    ("raw", "text"),
    [
        ("Иван «Ёж»".encode(), "Иван «Ёж»"),
        ("Иван Петров".encode("cp1251"), "Иван Петров"),
        ("Пётр".encode()[:-1], "Пёт\ufffd"),
        ("Константинополь".encode()[:-1], "Константинопол\ufffd"),
        (b"\x98\xff", "\ufffd\ufffd"),
        (b"\xed\xa0\x80abc", "н\u00a0Ђabc"),
        (b"a\0b", "a\ufffdb"),
        (b"", ""),
    ],
)
def test_decode(raw: bytes, text: str) -> None:
    assert decode(raw) == text


@given(st.binary())
def test_whatever_comes_parses_to_text_that_json_and_sql_accept(raw: bytes) -> None:
    for name, value in parse(raw).items():
        for text in (name, *([value] if isinstance(value, str) else value)):
            assert "\0" not in text
            json.dumps(text, ensure_ascii=False).encode("utf-8")


def test_hands_of_two_encodings_in_one_message() -> None:
    raw = b"A: " + "Иван".encode() + b"\r\nB: " + "Мария".encode("cp1251")
    assert parse(raw) == {"a": "Иван", "b": "Мария"}


# --- messages of a known shape

SEEN = b"Event: E\r\nUniqueid: 1.2\r\nCallerIDName: Anna\r\nQueue: "


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["Event", "Uniqueid", "CallerIDName", "Queue", "uniqueid", "Other", ""]),
            st.sampled_from([": ", ":", " ", ":  "]),
            st.text(st.sampled_from("a: \r\n\0Я1"), max_size=8),
        )
    ),
    st.sampled_from(["utf-8", "cp1251"]),
)
def test_messages_of_known_and_unknown_shapes_read_as_they_parse(
    lines: list[tuple[str, str, str]], encoding: str
) -> None:
    shapes = Shapes()
    for raw in (
        SEEN,
        "\r\n".join(map("".join, lines)).encode(encoding),
        SEEN + b"sales",
        SEEN + b"\r\nQueue: x",
    ):
        for _ in range(2):
            assert dict(shapes.read(raw, b"E")) == parse(raw)


def test_headers_of_a_known_shape_are_asked_for_like_any() -> None:
    shapes = Shapes()
    shapes.read(SEEN, b"E")
    read = shapes.read(SEEN.replace(b"Anna", "Анна".encode()), b"E")
    assert not isinstance(read, dict)
    assert (read["calleridname"], read.get("queue"), read.get("none", "-")) == ("Анна", "", "-")
    assert "none" not in read
    assert len(read) == len(list(read))
    with pytest.raises(KeyError):
        read["none"]


def test_a_peer_of_ever_new_shapes_is_not_followed() -> None:
    shapes = Shapes()
    for n in range(50):
        assert dict(shapes.read(b"Event: E\r\nX%d: 1" % n, b"E")) == {"event": "E", f"x{n}": "1"}
    for n in range(500):
        shapes.read(b"Event: E", b"E%d" % n)
    assert sum(map(len, shapes._known.values())) < 120


# --- the encoder


def test_encoded_action() -> None:
    action = AmiAction("Setvar", (("Channel", "PJSIP/101-1"),), (("A", "один"), ("__B", "")))
    assert encode(action, "id-1").decode() == (
        "Action: Setvar\r\nActionID: id-1\r\nChannel: PJSIP/101-1\r\n"
        "Variable: A=один\r\nVariable: __B=\r\n\r\n"
    )


@pytest.mark.parametrize(
    "evil", ["\r\nAction: Originate", "\n", "\r", "\0", "\x1b[2J", "\x7f", "\x85", "\udc80"]
)
def test_control_characters_are_refused_everywhere(evil: str) -> None:
    for action in (
        AmiAction(f"Ping{evil}"),
        AmiAction("Ping", ((f"X{evil}", "1"),)),
        AmiAction("Ping", (("X", f"1{evil}"),)),
        AmiAction("Ping", (), ((f"X{evil}", "1"),)),
        AmiAction("Ping", (), (("X", f"1{evil}"),)),
    ):
        with pytest.raises(BadAction):
            encode(action, "id-1")
    with pytest.raises(BadAction):
        encode(AmiAction("Ping"), f"id{evil}")


@pytest.mark.parametrize("name", ["FILE(/etc/passwd)", "A=B", "", "___A", "A B", "1A", "А"])
def test_variables_have_plain_names(name: str) -> None:
    with pytest.raises(BadAction, match="channel variable"):
        encode(AmiAction("Originate", (), ((name, "1"),)), "id-1")


@pytest.mark.parametrize("value", ["1,B=2", 'a"b', "a\\b"])
def test_what_asterisk_would_split_or_eat_in_a_variable_is_refused(value: str) -> None:
    with pytest.raises(BadAction, match="comma"):
        encode(AmiAction("Originate", (), (("A", value),)), "id-1")


@pytest.mark.parametrize("name", ["", "A B", "A:", "Ж", "-A", "A\n"])
def test_header_names_are_plain(name: str) -> None:
    with pytest.raises(BadAction, match="name of a header"):
        encode(AmiAction("Ping", ((name, "1"),)), "id-1")


@pytest.mark.parametrize("name", ["ActionID", "action", "ACTIONID"])
def test_ids_are_ours_alone(name: str) -> None:
    with pytest.raises(BadAction, match="not the caller's"):
        encode(AmiAction("Ping", ((name, "x"),)), "id-1")


def test_line_length_is_counted_in_bytes() -> None:
    room = MAX_LINE_BYTES - len("X: ")
    assert encode(AmiAction("Ping", (("X", "a" * room),)), "i")
    with pytest.raises(BadAction, match="fit into a line"):
        encode(AmiAction("Ping", (("X", "a" * (room + 1)),)), "i")
    with pytest.raises(BadAction, match="fit into a line"):
        encode(AmiAction("Ping", (("X", "я" * (room // 2 + 1)),)), "i")


def test_too_many_headers() -> None:
    headers = tuple((f"X{n}", "1") for n in range(MAX_HEADERS - 2))
    assert encode(AmiAction("Ping", headers), "i")
    with pytest.raises(BadAction, match="at most"):
        encode(AmiAction("Ping", (*headers, ("Y", "1"))), "i")


@given(st.text(), st.text(), st.text())
def test_what_is_encoded_is_one_message_that_reads_back(name: str, value: str, variable: str) -> None:
    try:
        wire = encode(AmiAction("Ping", ((name, value),), (("V", variable),)), "i")
    except BadAction:
        return
    (raw,) = greeted().feed(wire)
    assert parse(raw) == {"action": "Ping", "actionid": "i", name.lower(): value, "variable": f"V={variable}"}


def test_a_representation_shows_no_value() -> None:
    assert repr(AmiAction("Login", (("Secret", "hunter2"),))) == "<AmiAction Login>"
