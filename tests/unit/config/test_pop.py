"""When a card opens, and which devices are phones of the house, as the settings file says it."""

import pytest

from callcore.calls.policy import PopMoment
from callcore.config.pop import DevicePattern, Pop, check_pop, is_device_among, pop_policy
from callcore.domain import Direction, Interface, QueueName
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Model, validate
from callcore.strictyaml.reader import read

FINANCE, EXPERT = QueueName("finance"), QueueName("expert")


class Section(Model):
    """The part of the settings file that this is about."""

    pop: Pop = Pop()
    internal: tuple[DevicePattern, ...] = ()


@pytest.fixture
def written(tmp_path):
    """The section of these lines, or None, and its document."""

    def write(text: str) -> tuple[Section | None, Document]:
        file = tmp_path / "callcore.yaml"
        file.write_text(text, encoding="utf-8")
        document = read(file)
        return validate(document, Section, tmp_path), document

    return write


def faults(document: Document) -> list[str]:
    return [str(fault).partition("callcore.yaml")[2] for fault in document.sorted_faults()]


def test_without_settings_a_card_opens_on_answer(written) -> None:
    section, _ = written("pop: {}\n")
    policy = pop_policy(section.pop)
    assert policy.moment(Direction.inbound, FINANCE) is PopMoment.answer
    assert policy.moment(Direction.inbound, None) is PopMoment.answer
    assert policy.moment(Direction.outbound, None) is PopMoment.dialling, "before the number answers"
    assert policy.moment(Direction.internal, FINANCE) is PopMoment.never
    assert section.pop.confirm_seconds == 3


def test_a_queue_of_its_own_mind(written) -> None:
    section, _ = written(
        "pop: {inbound: button, outbound: never, queues: {finance: ringing}, confirm_seconds: 5}\n"
    )
    policy = pop_policy(section.pop)
    assert policy.moment(Direction.inbound, FINANCE) is PopMoment.ringing
    assert policy.moment(Direction.inbound, EXPERT) is PopMoment.button
    assert policy.moment(Direction.outbound, FINANCE) is PopMoment.never
    assert section.pop.confirm_seconds == 5


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "pop:\n  inbound: always\n",
            ':2: pop.inbound: "always" is not possible here. Possible: never, ringing, answer, button.',
        ),
        (
            "pop:\n  queues:\n    finance: no\n",
            ':3: pop.queues.finance: "no" is not possible here. Possible: never, ringing, answer, button.',
        ),
        ("pop: {confirm_seconds: 0}\n", ":1: pop.confirm_seconds: "),
        ("pop: {internal: answer}\n", ':1: pop.internal: There is no setting "internal".'),
        (
            "internal: [PJSIP]\n",
            ':1: internal[0]: "PJSIP" is no pattern of a device. Write a channel\'s name',
        ),
        ('internal: ["PJSIP/[1-9"]\n', ':1: internal[0]: "PJSIP/[1-9" is no pattern of a device.'),
        ('internal: ["PJSIP/1 01"]\n', ':1: internal[0]: "PJSIP/1 01" is no pattern of a device.'),
    ],
)
def test_a_fault_with_its_place_and_remedy(written, text: str, fault: str) -> None:
    section, document = written(text)
    assert section is None
    (found,) = faults(document)
    assert found.startswith(fault)


def test_a_queue_that_no_call_comes_through(written) -> None:
    section, document = written("pop:\n  queues:\n    finance: ringing\n    financs: ringing\n")
    check_pop(section.pop, {"finance", "expert"}, document)
    assert faults(document) == [
        ':4: pop.queues.financs: There is no queue "financs". '
        "Queues: expert, finance. List it in queues, or name another."
    ]


@pytest.mark.parametrize(
    ("pattern", "device", "is_one"),
    [
        ("PJSIP/[1-9][0-9][0-9]", "PJSIP/101", True),
        ("PJSIP/[1-9][0-9][0-9]", "PJSIP/1010", False),
        ("PJSIP/[1-9][0-9][0-9]", "PJSIP/trunk", False),
        ("SIP/2*", "SIP/201", True),
        ("SIP/2*", "PJSIP/201", False),
        ("PJSIP/phone-?", "PJSIP/phone-a", True),
        ("PJSIP/[!t]*", "PJSIP/trunk", False),
        ("Local/*@agents", "Local/103@agents", True),
    ],
)
def test_which_devices_a_pattern_names(written, pattern: str, device: str, is_one: bool) -> None:
    section, document = written(f'internal: ["{pattern}"]\n')
    assert faults(document) == []
    assert is_device_among(section.internal, Interface(device)) is is_one


def test_without_patterns_no_device_is_named() -> None:
    assert not is_device_among((), Interface("PJSIP/101"))
