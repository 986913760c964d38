"""What does not fit together between the settings, the topic tables and the departments."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from callcore.config.departments import DepartmentsModel, check_departments
from callcore.config.gate_values import check_gate, no_profile
from callcore.config.pop import check_pop
from callcore.config.shape import SettingsModel
from callcore.domain import Text
from callcore.messaging.settings import SmppSettings
from callcore.messaging.settings import fault as smpp_fault
from callcore.outages.words import Use, template_faults
from callcore.routing.check import check as check_tables
from callcore.routing.tables import TopicTables
from callcore.store.errors import StoreError
from callcore.strictyaml.faults import Document


def warn_of_no_key(model: SettingsModel, document: Document) -> None:
    """Without a key whoever reads the database, or a copy of it, can make everybody's codes."""
    sign_in = model.sign_in
    if sign_in.second_factor == "off" or sign_in.key_file or sign_in.key_env:
        return
    document.blame(
        ("sign_in", "second_factor"),
        Text(
            "Ключа нет (key_file): секреты второго фактора лягут в базу открыто.",
            "There is no key (key_file): the secrets of second factors stand unsealed in the database.",
        ),
        Text(
            "openssl rand -base64 32 > ФАЙЛ, chmod 0640 и sign_in.key_file: ФАЙЛ; или second_factor: off.",
            "openssl rand -base64 32 > FILE, chmod 0640 and sign_in.key_file: FILE; or second_factor: off.",
        ),
        severity="warning",
    )


def check_names(
    tables: TopicTables,
    model: SettingsModel,
    settings: Document,
    documents: Mapping[str, Document],
    staff: DepartmentsModel | None,
    staff_document: Document,
    ivr_queues: Collection[str] = (),
    *,
    with_trials: bool = True,
) -> None:
    """Queues, PBXs and profiles that one part of the settings names and another does not have.

    ``ivr_queues``: those that the IVR's file leads to. ``with_trials`` False: the tables' own tests are not
    run.
    """
    key = model.ivr.language_key
    for found in check_tables(tables, tuple(model.queues), key, with_trials=with_trials):
        document = documents[found.table] if found.table else settings
        document.blame(found.path, found.message, found.remedy, severity=found.severity)
    wanted = {*tables.queues, *ivr_queues, *(pbx.fallback_queue for pbx in model.pbx.values())}
    known = {str(queue) for queue in (*wanted, *model.queues) if queue}
    check_pop(model.pop, known, settings)
    led: set[str] = set()
    if staff is not None:
        check_departments(staff, known, staff_document)
        led = {each.queue for each in staff.departments.values() if each.queue}
    for name in model.queues:
        if name not in wanted and name not in model.pop.queues and name not in led:
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
    _warn_of_no_trunk(model, settings)
    check_gate(model, settings)


def _warn_of_no_trunk(model: SettingsModel, settings: Document) -> None:
    """Who asked to be called back would wait for a program that can call nobody."""
    if model.outbound.trunks:
        return
    for name, queue in model.queues.items():
        if queue.call_back is None:
            continue
        settings.blame(
            ("queues", name, "call_back"),
            Text(
                "В outbound.trunks нет ни одной АТС: сам callcore никому не перезвонит.",
                "outbound.trunks names no PBX: callcore itself calls nobody back.",
            ),
            Text(
                "Назовите АТС в outbound.trunks или уберите call_back: тогда звонят люди, по списку.",
                "Name a PBX in outbound.trunks, or take call_back out: people call then, from the list.",
            ),
            severity="warning",
        )


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
                *no_profile(code, model),
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


def check_smpp(model: SettingsModel, settings: Document) -> None:
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


def check_recovery(model: SettingsModel, settings: Document) -> None:
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
