"""The generated dialplan and queues, as text."""

import re

import pytest

from callcore.ivr.dialplan import include_file, render, render_globals
from callcore.ivr.queue_file import QueueDefinition, render_queues

GOTO = re.compile(r"(callcore-[a-z]+),(\w+),1")
GOOD = {"pbx": "main", "agi": "127.0.0.1:4573", "fallback_queue": "corporate"}


def contexts() -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for line in include_file().splitlines():
        if line.startswith("["):
            found[line.strip("[]")] = []
        elif line.strip() and not line.startswith(";"):
            found[next(reversed(found))].append(line.strip())
    return found


def test_every_goto_leads_somewhere():
    places = {
        (context, line.split("=>")[1].split(",")[0].strip())
        for context, lines in contexts().items()
        for line in lines
        if line.startswith("exten")
    }
    gotos = [goto for lines in contexts().values() for line in lines for goto in re.findall(GOTO, line)]
    assert len(gotos) > 10
    for context, extension in gotos:
        assert (context, extension) in places


def test_the_construct_that_catches_a_dead_and_a_hung_callcore():
    lines = [line.removeprefix("same => n,") for line in contexts()["callcore-inbound"]]
    first = lines.index("Set(CALLCORE_RC=)")
    assert lines[first : first + 5] == [
        "Set(CALLCORE_RC=)",
        "Set(AGIEXITONHANGUP=yes)",
        "Set(TIMEOUT(absolute)=5)",
        "AGI(agi://${CALLCORE_AGI}/inbound/${CALLCORE_PBX},${CALLCORE_DNIS},${CHANNEL(state)})",
        "Set(TIMEOUT(absolute)=0)",
    ]
    assert "Answer()" in lines[:first]
    assert "exten => T,1,Set(TIMEOUT(absolute)=0)" in lines


def test_an_answered_call_of_ours_has_the_same_construct():
    inbound, campaign = (
        [line.removeprefix("same => n,") for line in contexts()[f"callcore-{which}"]]
        for which in ("inbound", "campaign")
    )
    first, start = inbound.index("Set(CALLCORE_RC=)"), campaign.index("Set(CALLCORE_RC=)")
    assert campaign[start : start + 3] == inbound[first : first + 3]
    assert campaign[start + 3].startswith("AGI(agi://${CALLCORE_AGI}/campaign/${CALLCORE_PBX},")
    assert campaign[start + 4] == inbound[first + 4]
    assert "exten => T,1,Set(TIMEOUT(absolute)=0)" in campaign


def test_who_is_called_can_neither_transfer_nor_forward():
    dials = [line for lines in contexts().values() for line in lines if "Dial(" in line]
    options = {dial.rpartition(",")[2] for dial in dials}
    ours = {"ib(callcore-record^s^1))", "ib(callcore-headers^s^1))", "igF(callcore-left^s^1))"}
    noted = "U(callcore-carrytaken^${CALLCORE_ROW}^${CALLCORE_DIALLING}))"
    ours |= {f"ig{noted}", f"igF(callcore-left^s^1){noted}"}
    assert options == {"i)"} | ours
    placed = [line for line in contexts()["callcore-dial"] if "Dial(" in line]
    assert all("Dial(${CALLCORE_DIAL_BEFORE}${EXTEN}${CALLCORE_DIAL_AFTER}," in line for line in placed)


@pytest.mark.parametrize("context", ["callcore-people", "callcore-number", "callcore-carry"])
def test_nothing_but_devices_and_digits_reaches_dial(context: str):
    """No comma, which would begin Dial's options, and nothing that the dialplan would read once more."""
    told = [line for line in contexts()[context] if re.search(r"CALLCORE_(PEOPLE|TO)\}", line)]
    assert told
    for line in told:
        [allowed] = re.findall(r"FILTER\(([^,]*),\$\{CALLCORE_(?:PEOPLE|TO)\}\)", line)
        assert not set(allowed) & set(",$(){}[]|;\\ '\"")


LINE = ["hold", "alone", "join", "consult", "left", "handover", "take", "room", "return"]


@pytest.mark.parametrize("context", [f"callcore-{name}" for name in LINE])
def test_of_what_callcore_says_of_living_calls_only_names_and_digits_are_used(context: str):
    """A comma would begin an application's options, a parenthesis be read once more."""
    names = "PEER|HELD|DIALS|TOQUEUE|TO|TAKER|SENDER|WHO|CALL"
    for line in contexts()[context]:
        for application in ("Dial(", "Queue(", "Bridge(", "ConfBridge(", "Set(CALLERID"):
            if application in line:
                bare = re.sub(r"FILTER\([^,]*,\$\{CALLCORE_\w+\}\)", "", line)
                bare = re.sub(r"LEN\(\$\{CALLCORE_\w+\}\)", "", bare)
                checked = "Dial(${CALLCORE_DIALS}," in line or "Dial(${CALLCORE_ASKS}," in line
                assert checked or not re.search(rf"CALLCORE_({names})\}}", bare), line
        for allowed in re.findall(r"FILTER\(([^,]*),", line):
            assert not set(allowed.replace("\\;", "")) & set(",$(){}[]|;\\ '\"")


@pytest.mark.parametrize("context", [f"callcore-{name}" for name in LINE if name != "join"])
def test_no_time_limit_of_the_ivr_outlives_the_way_to_a_living_call(context: str):
    told = contexts()[context]
    assert any(line.endswith("Set(TIMEOUT(absolute)=0)") for line in told)


def test_a_call_that_comes_back_has_the_same_construct():
    inbound, overflow = (
        [line.removeprefix("same => n,") for line in contexts()[f"callcore-{which}"]]
        for which in ("inbound", "overflow")
    )
    first, start = inbound.index("Set(CALLCORE_RC=)"), overflow.index("Set(CALLCORE_RC=)")
    assert overflow[start : start + 3] == inbound[first : first + 3]
    assert overflow[start + 3].startswith("AGI(agi://${CALLCORE_AGI}/overflow/${CALLCORE_PBX},")
    assert overflow[start + 4] == inbound[first + 4]
    assert "exten => T,1,Set(TIMEOUT(absolute)=0)" in overflow


HANDED_OVER = ["queue", "people", "number", "outside", "fallback", "end"]


@pytest.mark.parametrize("context", [f"callcore-{name}" for name in HANDED_OVER])
def test_places_that_callcore_hands_over_to_disarm_the_watchdog_first(context):
    entries = [line for line in contexts()[context] if line.startswith(("exten => s", "exten => _"))]
    assert entries
    assert all(line.endswith(",1,Set(TIMEOUT(absolute)=0)") for line in entries)
    assert context == "callcore-end" or [
        line for line in contexts()[context] if line.startswith("exten => T,1")
    ]


def test_no_text_of_a_caller_stands_where_asterisk_looks_for_applications():
    """ExecIf fills in first and divides at ``:`` and ``)`` then: a display name could bring an application of
    its own. FILTER leaves nothing that divides."""
    lines = [line for found in contexts().values() for line in found if "ExecIf(" in line]
    assert lines
    for line in lines:
        tried, ours = line.partition("?")[::2]
        left = re.sub(r"\$\{FILTER\([-+0-9A-Za-z_./@:*#&~= ]+,\$\{[A-Z_()a-z]+\}\)\}", "", ours)
        assert "${" not in left, line
        assert "CALLERID" not in tried, line


def test_lines_are_short_enough_for_asterisk():
    assert max(len(line.encode()) for line in include_file().splitlines()) < 255


def test_all_of_it():
    text = render(**GOOD, queues=[QueueDefinition("corporate"), QueueDefinition("finance", "ringall", 20, 1)])
    assert "CALLCORE_AGI=127.0.0.1:4573\n" in text
    assert "\n;CALLCORE_DIAL_BEFORE=" in text
    assert include_file() in text
    assert "[finance]\nstrategy=ringall\ntimeout=20\nretry=1\n" in text
    assert text.count("ringinuse=no") == text.count("setinterfacevar=yes\n") == 2


def test_an_address_of_six():
    assert "CALLCORE_AGI=[::1]:4573\n" in render_globals(**{**GOOD, "agi": "[::1]:4573"})


@pytest.mark.parametrize(
    ("change", "word"),
    [
        ({"pbx": "ma in"}, "PBX"),
        ({"pbx": "main]\n[x"}, "PBX"),
        ({"pbx": ""}, "PBX"),
        ({"fallback_queue": "a,b"}, "queue"),
        ({"fallback_queue": "q"}, "queue"),
        ({"fallback_queue": "очередь"}, "queue"),
        ({"agi": "localhost:4573"}, "IP address"),
        ({"agi": "127.0.0.1"}, "IP address"),
        ({"agi": "127.0.0.1:0"}, "port"),
        ({"agi": "127.0.0.1:70000"}, "port"),
        ({"agi": "127.0.0.1:4573\n"}, "port"),
        ({"max_wait_seconds": 0}, "longest wait"),
        ({"queues": [QueueDefinition("corporate", "fair")]}, "strategy"),
        ({"queues": [QueueDefinition("corporate", timeout_seconds=0)]}, "timeout"),
        ({"queues": [QueueDefinition("corporate", retry_seconds=999)]}, "retry"),
        ({"queues": [QueueDefinition("corporate", weight=-1)]}, "weight"),
        ({"queues": [QueueDefinition("corporate", music="a\nb")]}, "music"),
        ({"queues": [QueueDefinition("corporate"), QueueDefinition("a b")]}, "queue"),
        ({"queues": [QueueDefinition("corporate"), QueueDefinition("corporate")]}, "twice"),
        ({"queues": [QueueDefinition("corporate"), QueueDefinition("General")]}, "called"),
        ({"queues": [QueueDefinition("finance")]}, "fallback"),
    ],
)
def test_what_a_dialplan_would_read_as_something_else(change, word):
    with pytest.raises(ValueError, match=word):
        render(**{**GOOD, "queues": [], **change})


def test_no_queues_is_no_fault():
    assert render_queues([]) == ""


def test_what_nobody_vouches_for_is_not_recorded():
    """As guarded as any question to callcore; and whoever is rung was asked for before."""
    lines = [line.removeprefix("same => n,") for line in contexts()["callcore-record"]]
    start = lines.index("Set(CALLCORE_RC=)")
    assert lines[start + 1 : start + 3] == ["Set(AGIEXITONHANGUP=yes)", "Set(TIMEOUT(absolute)=5)"]
    assert lines[start + 3].startswith("AGI(agi://${CALLCORE_AGI}/recording/${CALLCORE_PBX},")
    assert lines[start + 5 : start + 7] == [
        'GotoIf($["${CALLCORE_RC}" = "OK"]?done)',
        "same => n(not),StopMixMonitor()",
    ]
    assert lines[-2:] == ["exten => T,1,Set(TIMEOUT(absolute)=0)", "Goto(s,not)"]
    [path] = [line for line in lines if "CALLCORE_RECORD_INTO" in line]
    [allowed] = re.findall(r"FILTER\(([^,]*),\$\{CALLCORE_RECORD_INTO\}\)", path)
    assert not set(allowed) & set(",$(){}[]|;\\'\"^"), "MixMonitor would take what follows for a command"
    for context, rings in (("callcore-wait", "Queue("), ("callcore-ring", "Dial(")):
        its = [line.removeprefix("same => n,") for line in contexts()[context]]
        [place] = [n for n, line in enumerate(its) if line.startswith(rings)]
        assert its[place - 1] == "Gosub(callcore-record,s,1)"
