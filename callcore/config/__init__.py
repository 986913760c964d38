"""The settings: one YAML file and the topic tables beside it, as frozen values.

``load(path)`` gives ``Settings`` or raises ``ConfigFaults`` with every fault of every file. Paths in a file
are relative to its folder; secrets come from files or the environment, never from the YAML itself.
The sections are in ``config.shape``; what each setting means stands in ``config/callcore.yaml``.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from pydantic import InstanceOf, SecretStr

from callcore.config.fields import NO_SECRET, Address, is_sendable
from callcore.config.pop import check_pop
from callcore.config.shape import (
    Database,
    Desk,
    Fastagi,
    Http,
    Ivr,
    Logs,
    Organisation,
    Pbx,
    Queue,
    SettingsModel,
    Speech,
    Tls,
)
from callcore.domain import PbxName, QueueName, Text, TopicCode
from callcore.messaging.settings import SmppSettings
from callcore.messaging.settings import fault as smpp_fault
from callcore.outages.words import Use, template_faults
from callcore.routing.check import check as check_tables
from callcore.routing.schema import CODE, TableModel
from callcore.routing.tables import TopicTable, TopicTables
from callcore.store.errors import StoreError
from callcore.strictyaml.faults import ConfigFaults, Document, Fault, Position
from callcore.strictyaml.fields import raise_faults, validate
from callcore.strictyaml.reader import read

__all__ = [
    "Address",
    "ConfigFaults",
    "Database",
    "Desk",
    "Fastagi",
    "Fault",
    "Http",
    "Ivr",
    "Logs",
    "Organisation",
    "Pbx",
    "Queue",
    "Settings",
    "Speech",
    "Tls",
    "load",
]

SECRET_LIMIT_BYTES = 4096


class Settings(SettingsModel):
    """Everything that was set, topic tables and secrets included."""

    file: Path
    tables: InstanceOf[TopicTables]
    warnings: tuple[Fault, ...] = ()
    """What does not keep callcore from starting but should be mended."""

    @property
    def pbxs(self) -> dict[PbxName, Pbx]:
        return {PbxName(name): pbx for name, pbx in self.pbx.items()}

    @property
    def all_queues(self) -> tuple[QueueName, ...]:
        """Every queue that a topic or a PBX's fallback leads to, and those that are only listed."""
        wanted = [*self.tables.queues, *map(self.fallback_queue, self.pbx.values()), *self.queues]
        return tuple(dict.fromkeys(QueueName(name) for name in wanted))

    def fallback_queue(self, pbx: Pbx) -> QueueName:
        """Where calls go while callcore is away: as set, else the default topic's queue."""
        if pbx.fallback_queue is not None:
            return QueueName(pbx.fallback_queue)
        return self.tables.find(self.tables.default_topic)[1].queue

    def queue_title(self, queue: QueueName) -> Text:
        """The queue's name for people; its technical name where none is set."""
        listed = self.queues.get(queue)
        return listed.title if listed else Text(queue, queue)


def load(path: Path | str, environ: Mapping[str, str] = os.environ, *, need_secrets: bool = True) -> Settings:
    """Read the settings and the topic tables.

    Raises ConfigFaults with all faults (and warnings) of all files; files are named as ``path`` was given.
    ``need_secrets`` False leaves the secrets empty, for commands that speak to nobody.
    """
    path = Path(path)
    document = read(path)
    model = validate(document, SettingsModel, path.parent.resolve())
    folder = model.topics if model else _topics_of_a_faulty_file(document, path.parent)
    documents, tables = _read_tables(folder, document, path.parent) if folder else ({}, ())
    if model is not None:
        everything = TopicTables(tables, TopicCode(model.ivr.default_topic))
        if tables and len(tables) == len(documents):
            _cross_check(everything, model, document, documents)
        model = _with_secrets(model, document, environ) if need_secrets else model
        _check_smpp(model, document)
        if need_secrets:
            _check_recovery(model, document)
    raise_faults(document, *documents.values())
    assert model is not None, "a file without faults is a model"
    return Settings.model_construct(
        **{name: getattr(model, name) for name in SettingsModel.model_fields},
        file=path,
        tables=everything,
        warnings=tuple(fault for each in (document, *documents.values()) for fault in each.sorted_faults()),
    )


# --- topic tables


def _topics_of_a_faulty_file(document: Document, folder: Path) -> Path | None:
    """Where the tables are, so that their faults are told together with those of the settings."""
    topics = document.value.get("topics") if isinstance(document.value, dict) else None
    return folder / topics if isinstance(topics, str) and "\n" not in topics else None


def _read_tables(
    folder: Path, settings: Document, base: Path
) -> tuple[dict[str, Document], tuple[TopicTable, ...]]:
    """Each file's document by table code, and the tables of those without faults."""
    documents: dict[str, Document] = {}
    tables: list[TopicTable] = []
    try:
        files = sorted(file for file in folder.iterdir() if file.suffix in (".yaml", ".yml"))
    except (OSError, ValueError):
        files = []
    if not files:
        settings.blame(
            ("topics",),
            Text(f"В папке {folder} нет таблиц тем.", f"The folder {folder} holds no topic tables."),
            Text("Нужен хотя бы один файл .yaml.", "It needs at least one .yaml file."),
        )
    for file in files:
        document = read(file, _name(file, base))
        if file.stem in documents or not CODE.fullmatch(file.stem):
            document.blame((), *_bad_name(file))
        documents[file.stem if file.stem not in documents else file.name] = document
        model = validate(document, TableModel, folder)
        if model is not None and not document.faults:
            tables.append(model.to_table(file.stem))
    return documents, tuple(tables)


def _name(file: Path, base: Path) -> str:
    """The file as a person at the settings file would name it."""
    resolved = base.resolve()
    return str(base / file.relative_to(resolved)) if file.is_relative_to(resolved) else str(file)


def _bad_name(file: Path) -> tuple[Text, Text]:
    return (
        Text(
            f"Имя файла {file.name} не годится как код таблицы или уже занято.",
            f"The file's name {file.name} is no code for a table, or is already taken.",
        ),
        Text(
            "Назовите его строчными латинскими буквами, например finance.yaml.",
            "Name it in lower-case Latin letters, such as finance.yaml.",
        ),
    )


def _cross_check(
    tables: TopicTables, model: SettingsModel, settings: Document, documents: Mapping[str, Document]
) -> None:
    for found in check_tables(tables, tuple(model.queues), model.ivr.language_key):
        document = documents[found.table] if found.table else settings
        document.blame(found.path, found.message, found.remedy, severity=found.severity)
    wanted = {*tables.queues, *(pbx.fallback_queue for pbx in model.pbx.values())}
    check_pop(model.pop, {str(queue) for queue in (*wanted, *model.queues) if queue}, settings)
    for name in model.queues:
        if name not in wanted and name not in model.pop.queues:
            settings.blame(
                ("queues", name),
                Text("Ни одна тема не ведёт в эту очередь.", "No topic leads to this queue."),
                Text("Уберите её или укажите в таблице тем.", "Remove it, or name it in a topic table."),
                severity="warning",
            )
    for name, pbx in model.pbx.items():
        if model.queues and pbx.fallback_queue is not None and pbx.fallback_queue not in model.queues:
            settings.blame(
                ("pbx", name, "fallback_queue"),
                Text(
                    f"Очереди «{pbx.fallback_queue}» нет в queues.",
                    f'The queue "{pbx.fallback_queue}" is not listed in queues.',
                ),
                Text("Добавьте её или выберите другую.", "Add it, or choose another."),
            )
    _check_outbound(model, settings)


def _check_outbound(model: SettingsModel, settings: Document) -> None:
    """Names in the outbound sections that lead nowhere."""
    for name in model.outbound.trunks:
        if name not in model.pbx:
            settings.blame(
                ("outbound", "trunks", name),
                Text(f"АТС «{name}» нет в pbx.", f'There is no PBX "{name}" in pbx.'),
                Text("Назовите магистраль именем АТС.", "Name the trunk after its PBX."),
            )
    for kind, code in (
        ("planned", model.outages.profiles.planned),
        ("emergency", model.outages.profiles.emergency),
    ):
        if code not in model.outbound.profiles:
            settings.blame(
                ("outages", "profiles", kind),
                Text(f"Профиля «{code}» нет.", f'There is no profile "{code}".'),
                Text("Опишите его в outbound.profiles.", "Describe it in outbound.profiles."),
            )
    if model.sms.gateway == "smpp" and model.sms.smpp is None:
        settings.blame(
            ("sms", "gateway"),
            Text("Шлюз smpp не описан.", "The gateway smpp is not described."),
            Text("Добавьте раздел sms.smpp.", "Add the section sms.smpp."),
        )
    texts = model.outages.texts
    uses: tuple[tuple[Use, dict[str, Text]], ...] = (
        ("voice", texts.voice),
        ("sms", texts.sms),
        ("caller", texts.caller),
    )
    for use, own in uses:
        for fault in template_faults(use, own):
            language = (fault.language,) if fault.language else ()
            settings.blame(("outages", "texts", use, fault.key, *language), fault.message, fault.remedy)


def _check_smpp(model: SettingsModel, settings: Document) -> None:
    """What no gateway could be reached with."""
    smpp = model.sms.smpp
    if model.sms.gateway != "smpp" or smpp is None:
        return
    link = SmppSettings(
        "sms", smpp.host, smpp.system_id, smpp.password.get_secret_value(), smpp.port, model.sms.sender
    )
    why = smpp_fault(link)
    if why is not None:
        remedy = Text("Спросите у оператора SMS-шлюза.", "Ask whoever runs the gateway.")
        settings.blame(("sms", "smpp"), why, remedy)


def _check_recovery(model: SettingsModel, settings: Document) -> None:
    """A CDR database of which the address cannot be had."""
    for name, pbx in model.pbx.items():
        try:
            pbx.recovery.cdr_database()
        except (OSError, StoreError) as error:
            why = getattr(error, "strerror", None) or str(error)
            settings.blame(
                ("pbx", name, "recovery", "cdr_url_file"),
                Text(
                    f"Адрес базы CDR не читается: {why}.",
                    f"The address of the CDR database is no use: {why}.",
                ),
                Text(
                    "В файле должна быть одна строка, например sqlite:////var/log/asterisk/master.db.",
                    "The file holds one line, such as sqlite:////var/log/asterisk/master.db.",
                ),
            )


# --- secrets


def _with_secrets(model: SettingsModel, document: Document, environ: Mapping[str, str]) -> SettingsModel:
    find = _Secrets(document, environ)
    pbxs = {
        name: pbx.model_copy(
            update={"secret": find.secret(("pbx", name), "secret", pbx.secret_file, pbx.secret_env)}
        )
        for name, pbx in model.pbx.items()
    }
    changes: dict[str, object] = {"pbx": pbxs}
    smpp = model.sms.smpp
    if smpp is not None and model.sms.gateway == "smpp":
        password = find.secret(("sms", "smpp"), "password", smpp.password_file, smpp.password_env)
        smpp = smpp.model_copy(update={"password": password})
        changes["sms"] = model.sms.model_copy(update={"smpp": smpp})
    return model.model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class _Secrets:
    """Each gives the secret, or an empty one with a fault in ``document``."""

    document: Document
    environ: Mapping[str, str]

    def secret(self, position: Position, what: str, file: Path | None, variable: str | None) -> SecretStr:
        """``what``: ``secret`` for the settings ``secret_file`` and ``secret_env``."""
        if variable is not None and file is None:
            return _from_environment(self.document, (*position, f"{what}_env"), variable, self.environ)
        if file is not None and variable is None:
            return _from_file(self.document, (*position, f"{what}_file"), file)
        self.document.blame(
            position,
            Text("Секрет задан дважды.", "The secret is given twice.")
            if file is not None
            else Text("Секрет не задан.", "There is no secret."),
            Text(
                f"Задайте одно из двух: {what}_file или {what}_env.",
                f"Set one of {what}_file and {what}_env.",
            ),
        )
        return NO_SECRET


def _from_environment(
    document: Document, position: Position, variable: str, environ: Mapping[str, str]
) -> SecretStr:
    value = environ.get(variable, "")
    if not value or not is_sendable(value):
        document.blame(
            position,
            Text(
                f"Переменная {variable} пуста, не задана или содержит управляющие знаки.",
                f"The variable {variable} is unset, empty, or holds control characters.",
            ),
            Text("Задайте её там, откуда запускается callcore.", "Set it where callcore is started from."),
        )
        return NO_SECRET
    return SecretStr(value)


def _from_file(document: Document, position: Position, file: Path) -> SecretStr:
    try:
        with file.open("rb") as stream:
            value = stream.read(SECRET_LIMIT_BYTES + 1).decode("utf-8").strip()
            open_to_all = bool(os.fstat(stream.fileno()).st_mode & stat.S_IROTH)
    except (OSError, UnicodeDecodeError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not UTF-8"
        document.blame(
            position,
            Text(
                f"Секрет из {file} не читается: {reason}.", f"The secret in {file} cannot be read: {reason}."
            ),
            Text(
                "Положите туда секрет одной строкой; файл должен принадлежать тому, кто запускает callcore.",
                "Put the secret there, in one line; the file must belong to whoever runs callcore.",
            ),
        )
        return NO_SECRET
    if not value or len(value) > SECRET_LIMIT_BYTES or not is_sendable(value):
        document.blame(
            position,
            Text(f"В {file} не одна строка с секретом.", f"{file} is not one line with a secret."),
            Text("Запишите туда только секрет.", "Write the secret there and nothing else."),
        )
        return NO_SECRET
    if open_to_all:
        document.blame(
            position,
            Text(f"Файл {file} может прочесть кто угодно.", f"The file {file} can be read by everybody."),
            Text(f"chmod o-rwx {file}", f"chmod o-rwx {file}"),
            severity="warning",
        )
    return SecretStr(value)
