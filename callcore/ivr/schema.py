"""The IVR's file: its shape, and how it becomes a ``Script``. Reads no files itself.

Each node says by its first key what it does: ``play: {ru, en}``, ``menu: {ru, en}``, ``collect: NAME``,
``branch: NAME``, ``look_up: QUESTION``, ``set: {NAME: WORD}``, ``record: NAME``, ``speak: en``,
``transfer: TOPIC``, ``do: [LEG, …]``, ``switch_on: NOTE``, ``switch_off: NOTE``, ``goto: NODE``,
``topics: true``, ``outages: true``, ``emergency: true``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Literal, Self

from pydantic import Field, model_validator

from callcore.domain import Language, Text, TopicCode
from callcore.ivr import script as nodes
from callcore.ivr.fields import WAIT, Note, OwnValue, PhoneKey, Tries, Value, Wait, Yes
from callcore.ivr.script import ARGUMENTS, Node, Question, Script
from callcore.routing.fields import Code, Length
from callcore.routing.legs_schema import LegsField, to_legs
from callcore.strictyaml.faults import Document
from callcore.strictyaml.fields import Bilingual, Flag, Line, Model, Whole, validate, wrong


class PlayModel(Model):
    play: Bilingual
    then: Code

    def to_node(self) -> Node:
        return nodes.Play(self.play, self.then)


class MenuModel(Model):
    menu: Bilingual
    keys: Annotated[dict[PhoneKey, Code], Field(min_length=1)]
    otherwise: Code
    tries: Tries = 3
    wait: Wait = WAIT
    wrong: Bilingual | None = None
    silence: Bilingual | None = None

    def to_node(self) -> Node:
        return nodes.Menu(
            self.menu, self.keys, self.otherwise, self.tries, _seconds(self.wait), self.wrong, self.silence
        )


class TopicsModel(Model):
    topics: Yes
    say: Bilingual | None = None
    keys: dict[PhoneKey, Code] = Field(default_factory=dict)

    def to_node(self) -> Node:
        return nodes.Topics(self.say, self.keys)


class OutagesModel(Model):
    outages: Yes
    then: Code

    def to_node(self) -> Node:
        return nodes.Outages(self.then)


class EmergencyModel(Model):
    emergency: Yes
    then: Code

    def to_node(self) -> Node:
        return nodes.Emergency(self.then)


class CollectModel(Model):
    collect: OwnValue
    say: Bilingual
    then: Code
    otherwise: Code
    least: Annotated[Whole, Field(ge=1, le=32)] = 1
    most: Annotated[Whole, Field(ge=1, le=32)] = 20
    tries: Tries = 3
    wait: Wait = WAIT
    secret: Flag = False

    @model_validator(mode="after")
    def _some_length_fits(self) -> Self:
        if self.least <= self.most:
            return self
        raise wrong(
            Text("least больше, чем most.", "least is more than most."),
            Text("Поменяйте их местами.", "Swap them."),
        )

    def to_node(self) -> Node:
        return nodes.Collect(
            self.say,
            self.collect,
            self.then,
            self.otherwise,
            self.least,
            self.most,
            self.tries,
            _seconds(self.wait),
            self.secret,
        )


class BranchModel(Model):
    branch: Value
    cases: Annotated[dict[Line, Code], Field(min_length=1)]
    otherwise: Code

    def to_node(self) -> Node:
        return nodes.Branch(self.branch, self.cases, self.otherwise)


class LookUpModel(Model):
    look_up: Question
    using: dict[str, Value] = Field(default_factory=dict)
    then: Code
    otherwise: Code
    tries: Tries | None = None
    failed: Code | None = None

    @model_validator(mode="after")
    def _is_told_enough(self) -> Self:
        wanted = ARGUMENTS.get(self.look_up, ())
        if set(self.using) != set(wanted):
            names = ", ".join(f"{name}: …" for name in wanted)
            raise wrong(
                Text(
                    f"Для {self.look_up} using задан неверно.",
                    f"using is not what {self.look_up} must be told.",
                ),
                Text(f"Напишите using: {{{names}}}.", f"Write using: {{{names}}}.")
                if wanted
                else Text("Уберите using.", "Leave using out."),
            )
        if (self.tries is None) != (self.failed is None):
            raise wrong(
                Text("tries и failed нужны вместе.", "tries and failed go together."),
                Text(
                    "Сколько раз можно ошибиться, и куда потом: tries: 3, failed: УЗЕЛ.",
                    "How often one may fail, and where to then: tries: 3, failed: NODE.",
                ),
            )
        return self

    def to_node(self) -> Node:
        return nodes.LookUp(self.look_up, self.then, self.otherwise, self.using, self.tries, self.failed)


class SetModel(Model):
    set: Annotated[dict[OwnValue, Line], Field(min_length=1)]
    then: Code

    def to_node(self) -> Node:
        return nodes.Set(self.set, self.then)


class GotoModel(Model):
    goto: Code

    def to_node(self) -> Node:
        return nodes.Set({}, self.goto)


class RecordModel(Model):
    record: OwnValue
    say: Bilingual
    then: Code
    otherwise: Code
    at_most: Annotated[Length, Field(ge=timedelta(seconds=5), le=timedelta(minutes=10))] = timedelta(
        minutes=2
    )

    def to_node(self) -> Node:
        return nodes.Record(self.say, self.record, self.then, self.otherwise, _seconds(self.at_most))


class SpeakModel(Model):
    speak: Literal["ru", "en", "other"]
    then: Code

    def to_node(self) -> Node:
        languages: Mapping[str, Language | None] = {"ru": "ru", "en": "en", "other": None}
        return nodes.Speak(languages[self.speak], self.then)


class TransferModel(Model):
    transfer: Line

    def to_node(self) -> Node:
        return nodes.Transfer(TopicCode(self.transfer))


class DoModel(Model):
    do: LegsField
    topic: Line

    def to_node(self) -> Node:
        return nodes.Do(to_legs(self.do), TopicCode(self.topic))


class SwitchOnModel(Model):
    switch_on: Note
    then: Code
    otherwise: Code

    def to_node(self) -> Node:
        return nodes.Switch(self.switch_on, True, self.then, self.otherwise)


class SwitchOffModel(Model):
    switch_off: Note
    then: Code
    otherwise: Code

    def to_node(self) -> Node:
        return nodes.Switch(self.switch_off, False, self.then, self.otherwise)


NodeModel = (
    PlayModel
    | MenuModel
    | TopicsModel
    | OutagesModel
    | EmergencyModel
    | CollectModel
    | BranchModel
    | LookUpModel
    | SetModel
    | GotoModel
    | RecordModel
    | SpeakModel
    | TransferModel
    | DoModel
    | SwitchOnModel
    | SwitchOffModel
)
MODELS: Mapping[str, type[NodeModel]] = {
    "play": PlayModel,
    "menu": MenuModel,
    "topics": TopicsModel,
    "outages": OutagesModel,
    "emergency": EmergencyModel,
    "collect": CollectModel,
    "branch": BranchModel,
    "look_up": LookUpModel,
    "set": SetModel,
    "goto": GotoModel,
    "record": RecordModel,
    "speak": SpeakModel,
    "transfer": TransferModel,
    "do": DoModel,
    "switch_on": SwitchOnModel,
    "switch_off": SwitchOffModel,
}
"""By the key that says what a node does."""


class ScriptModel(Model):
    """The file."""

    greeting: Flag = True
    """Whether ``ivr.greeting`` of the settings comes first."""
    start: Code
    nodes: Annotated[dict[Code, Any], Field(min_length=1)]


def read_script(document: Document, folder: Path) -> Script | None:
    """The script that the file describes; None where it has faults, which are blamed in ``document``."""
    model = validate(document, ScriptModel, folder)
    if model is None:
        return None
    found = {name: _read_node(document, folder, name, value) for name, value in model.nodes.items()}
    whole = {name: node for name, node in found.items() if node is not None}
    return Script(model.start, whole, model.greeting) if len(whole) == len(found) else None


def _read_node(document: Document, folder: Path, name: str, value: object) -> Node | None:
    kinds = [kind for kind in MODELS if isinstance(value, dict) and kind in value]
    if len(kinds) == 1:
        model = validate(document, MODELS[kinds[0]], folder, at=("nodes", name))
        return model.to_node() if model is not None else None
    named = ", ".join(kinds or MODELS)
    document.blame(
        ("nodes", name),
        Text("Узел делает слишком много сразу.", "The node does too much at once.")
        if kinds
        else Text("Не сказано, что делает узел.", "It does not say what the node does."),
        Text(f"Назовите одно: {named}.", f"Name one of {named}."),
    )
    return None


def _seconds(length: timedelta) -> int:
    return int(length.total_seconds())
