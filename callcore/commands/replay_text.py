"""The steps of a replay in words, for a person at a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from callcore.calls.effects import Party, StepEvent, TellStep, TransferKind
from callcore.commands.frame import Output
from callcore.domain import EndReason, Text

if TYPE_CHECKING:
    from callcore.commands.replay import Step

_EVENTS: dict[StepEvent, Text] = {
    StepEvent.dialing: Text("звонят", "rings at"),
    StepEvent.dial_ended: Text("отзвонил", "stopped ringing at"),
    StepEvent.answered: Text("говорит с", "talks with"),
    StepEvent.held: Text("поставлен на удержание", "put on hold"),
    StepEvent.resumed: Text("снят с удержания", "taken off hold"),
    StepEvent.transferred: Text("переведён", "transferred"),
    StepEvent.ended: Text("звонок окончен", "call ended"),
}
_KINDS: dict[TransferKind, Text] = {
    TransferKind.blind: Text("вслепую", "blind"),
    TransferKind.attended: Text("с консультацией", "attended"),
    TransferKind.blonde: Text("не дожидаясь ответа", "before the answer"),
    TransferKind.redirect: Text("командой АТС", "by a command to the PBX"),
}
_REASONS: dict[EndReason, Text] = {
    EndReason.completed: Text("поговорили", "completed"),
    EndReason.no_answer: Text("не ответили", "no answer"),
    EndReason.busy: Text("занято", "busy"),
    EndReason.rejected: Text("отклонён", "rejected"),
    EndReason.cancelled: Text("звонивший передумал", "the caller gave up"),
    EndReason.answered_elsewhere: Text("ответили на другом телефоне", "answered elsewhere"),
    EndReason.failed: Text("не удался", "failed"),
    EndReason.lost: Text("пропал из виду", "lost from sight"),
}
_PICKED_UP = Text("трубку сняли", "picked up")
"""What ``completed`` means of a ring."""


def print_steps(found: Iterable[Step], output: Output) -> None:
    calls: dict[str, list[Step]] = {}
    for step in found:
        calls.setdefault(step.call, []).append(step)
    if not calls:
        output.say(Text("Звонков в записи нет.", "There are no calls in the recording."))
    for nth, (call, its_steps) in enumerate(calls.items()):
        if nth:
            output.say("")
        _print_call(call, its_steps, output)


def _print_call(call: str, its_steps: list[Step], output: Output) -> None:
    first = its_steps[0]
    caller = next((step.told.caller for step in its_steps if step.told.caller), None)
    who = f": {_party(caller)}" if caller else ""
    when = f", {first.at:%Y-%m-%d %H:%M:%S} UTC" if first.at else ""
    title = Text(f"Звонок {call}", f"Call {call}")
    output.say(_printable(f"{output.words(title)}{who}{when}"), "bold")
    for step in its_steps:
        after = f"{(step.at - first.at).total_seconds():+9.1f} s  " if step.at and first.at else "  "
        output.say(_printable(f"{after}{_sentence(step.told, output)}"), _colour(step.told))


def _sentence(told: TellStep, output: Output) -> str:
    words = output.words
    sentence = words(_EVENTS[told.event])
    if told.kind is not None:
        sentence += f" {words(_KINDS[told.kind])}"
    if told.targets:
        sentence += f": {', '.join(map(_party, told.targets))}"
    if told.by is not None:
        sentence += words(Text(f" ← {_party(told.by)}", f" by {_party(told.by)}"))
    if told.reason is not None:
        was_picked_up = told.event is StepEvent.dial_ended and told.reason is EndReason.completed
        sentence += f" ({words(_PICKED_UP if was_picked_up else _REASONS[told.reason])})"
    return sentence


def _party(party: Party) -> str:
    """``+79161234567 "Ivan" PJSIP/trunk-00000001``, as far as it is known."""
    name = f"«{party.name}»" if party.name else None
    return " ".join(part for part in (party.number, name, party.channel) if part) or "?"


def _printable(text: str) -> str:
    """Names come from strangers: no escape sequences for the terminal."""
    return "".join(letter if letter.isprintable() else "\ufffd" for letter in text)


def _colour(told: TellStep) -> str | None:
    if told.event is StepEvent.answered:
        return "green"
    return "dim" if told.event is StepEvent.ended else None
