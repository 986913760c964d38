"""The settings: one YAML file and the topic tables beside it, as frozen values.

``load(path)`` gives ``Settings`` or raises ``ConfigFaults`` with every fault of every file. Paths in a file
are relative to its folder; secrets come from files or the environment, never from the YAML itself.
The sections are in ``config.shape``; what each setting means stands in ``config/callcore.yaml``.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pydantic import InstanceOf

from callcore.config.cases import GENERAL_TYPES, CasesModel, check_cases, general
from callcore.config.crosscheck import check_names, check_recovery, check_smpp, warn_of_no_key
from callcore.config.database import Database
from callcore.config.departments import DepartmentsModel
from callcore.config.fields import Address
from callcore.config.files import Files
from callcore.config.ivr import check_ivr, queues_of, read_ivr, with_departments
from callcore.config.replacing import roll_back
from callcore.config.secrets import with_database_password, with_secrets
from callcore.config.shape import (
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
from callcore.config.tables import (
    check_case_types,
    make_tables,
    read_tables,
    topics_of_a_faulty_file,
)
from callcore.crm.cases.kinds import Catalogue
from callcore.crm.departments import Departments
from callcore.domain import Login, PbxName, QueueName, Text, TopicCode
from callcore.ivr.script import DEFAULT, Script
from callcore.routing.tables import TopicTables
from callcore.speech import catalogue
from callcore.strictyaml.faults import ConfigFaults, Document, Fault
from callcore.strictyaml.fields import raise_faults, validate

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


class Settings(SettingsModel):
    """Everything that was set, topic tables and secrets included."""

    file: Path
    tables: InstanceOf[TopicTables]
    script: InstanceOf[Script] = DEFAULT
    """From ``ivr.file``."""
    departments: InstanceOf[Departments] = Departments()
    """From ``departments_file``; none without it."""
    cases: InstanceOf[Catalogue]
    """From ``cases_file``."""
    case_members: Mapping[str, tuple[Login, ...]]
    """Who works in which department, beside those whose phone queue it is."""
    warnings: tuple[Fault, ...] = ()
    """What does not keep callcore from starting but should be mended."""
    texts: Mapping[str, str]
    """The files as they were read, by name (see ``config.files``)."""

    @property
    def pbxs(self) -> dict[PbxName, Pbx]:
        return {PbxName(name): pbx for name, pbx in self.pbx.items()}

    @property
    def recording_folder(self) -> Path:
        return self.recordings.folder or self.speech.folder.with_name("recordings")

    @property
    def all_queues(self) -> tuple[QueueName, ...]:
        """Every queue that a topic, the IVR or a PBX's fallback leads to, and those that are only listed."""
        fallbacks = map(self.fallback_queue, self.pbx.values())
        wanted = [*self.tables.queues, *queues_of(self.script), *fallbacks, *self.queues]
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


def load(
    path: Path | str,
    environ: Mapping[str, str] = os.environ,
    *,
    need_secrets: bool = True,
    with_trials: bool = True,
    kept: Mapping[str, str] | None = None,
) -> Settings:
    """Read the settings and the topic tables.

    Raises ConfigFaults with all faults (and warnings) of all files; files are named as ``path`` was given.
    ``need_secrets`` False leaves all secrets but the database's empty: for commands that speak to nobody.
    ``with_trials`` False does not run the tables' own tests: for whoever asks why one of them fails.
    ``kept``: texts that are read in place of what is on disk (see ``config.files``).
    """
    path = Path(path)
    files = Files(path.parent, kept)
    left = None if kept is not None else _roll_back(path)
    document = files.read(path)
    if left is not None:
        document.faults.append(((), left))
    model = validate(document, SettingsModel, path.parent.resolve())
    folder = model.topics if model else topics_of_a_faulty_file(document, path.parent)
    documents, table_models = read_tables(folder, document, files) if folder else ({}, {})
    staff_document, staff = _read_departments(model, files)
    departments = staff.to_departments() if staff else Departments()
    cases_document, cases = _read_cases(model, files)
    ivr_document, script = read_ivr(model, files)
    _read_recorded(model, files)
    known = departments if model is not None and not staff_document.faults else None
    tables = make_tables(table_models, known, documents)
    if model is not None:
        macros = tuple(macro.to_macro() for macro in model.macros)
        everything = TopicTables(tables, TopicCode(model.ivr.default_topic), macros)
        if tables and len(tables) == len(documents):
            check_names(
                everything,
                model,
                document,
                documents,
                staff,
                staff_document,
                queues_of(script),
                with_trials=with_trials,
            )
        database = with_database_password(model.database, document, environ)
        model = model.model_copy(update={"database": database})
        model = with_secrets(model, document, environ) if need_secrets else model
        check_smpp(model, document)
        if need_secrets:
            check_recovery(model, document)
        general_types = None if cases_document.faults else GENERAL_TYPES
        types = cases.types if cases else general_types
        if types is not None:
            check_case_types(tables, types, documents)
        if not staff_document.faults:
            script = with_departments(script, departments, ivr_document)
        if tables and len(tables) == len(documents):
            check_ivr(script, everything, model, types, ivr_document)
        if cases is not None:
            staffed = None if staff_document.faults else departments
            is_whole = bool(tables) and len(tables) == len(documents)
            codes = frozenset(topic.code for topic in everything.topics) if is_whole else None
            check_cases(cases, staffed, codes, cases_document)
    raise_faults(*files.documents)
    assert model is not None, "a file without faults is a model"
    warn_of_no_key(model, document)
    return Settings.model_construct(
        **{name: getattr(model, name) for name in SettingsModel.model_fields},
        file=path,
        tables=everything,
        script=script,
        departments=departments,
        cases=cases.to_catalogue(departments, model.organisation.country)
        if cases
        else general(model.organisation.zone, departments, model.organisation.country),
        case_members=cases.logins if cases else {},
        warnings=tuple(fault for each in files.documents for fault in each.sorted_faults()),
        texts=files.texts,
    )


def _roll_back(path: Path) -> Fault | None:
    """What is to be said of files that were being replaced when somebody was stopped."""
    try:
        if not roll_back(path):
            return None
    except OSError as error:
        why = f"{error.filename or path}: {error.strerror or error}"
        return Fault(
            str(path),
            0,
            "",
            Text(
                f"Возврат редакции оборвался, файлы могут быть от двух редакций; не откатить: {why}.",
                f"Taking an edition back was cut off, so files may be of two editions; not undone: {why}.",
            ),
            Text(
                "Запустите callcore check от пользователя, который может их писать.",
                "Run callcore check as a user who may write them.",
            ),
        )
    return Fault(
        str(path),
        0,
        "",
        Text(
            "Возврат редакции оборвался: файлы снова такие, как до него.",
            "Taking an edition back was cut off: the files are again what they were before.",
        ),
        Text("Повторите: callcore editions take-back.", "Repeat it: callcore editions take-back."),
        "warning",
    )


# --- the other files


def _read_departments(model: SettingsModel | None, files: Files) -> tuple[Document, DepartmentsModel | None]:
    """The file of departments; an empty document where none is set."""
    file = model.departments_file if model else None
    if file is None:
        return Document("", None), None
    document = files.read(file, "departments_file")
    staff = validate(document, DepartmentsModel, file.parent)
    return document, None if document.faults else staff


def _read_cases(model: SettingsModel | None, files: Files) -> tuple[Document, CasesModel | None]:
    """The file of cases; an empty document where none is set."""
    file = model.cases_file if model else None
    if file is None:
        return Document("", None), None
    document = files.read(file, "cases_file")
    cases = validate(document, CasesModel, file.parent)
    return document, None if document.faults else cases


def _read_recorded(model: SettingsModel | None, files: Files) -> None:
    """The catalogue of recorded texts, for its faults alone: whoever speaks reads it whenever it changes."""
    folder = model.speech.recorded if model else None
    if folder is not None:
        shown = files.folder / files.name_of(folder / catalogue.FILE)
        document, found = catalogue.read_catalogue(folder, str(shown))
        if found is not None:
            catalogue.warn_of_missing(document, folder, found)
        files.documents.append(document)
