"""The shape of the settings file: one frozen model for each section, with its defaults and limits.

What each setting means stands in ``config/callcore.yaml``.
"""

from __future__ import annotations

from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from callcore.config.access import Audit, SignIn
from callcore.config.call_back import CallBack
from callcore.config.calls import Calls
from callcore.config.database import Database
from callcore.config.directory import Directory
from callcore.config.fields import (
    NO_SECRET,
    Address,
    AddressField,
    Command,
    Host,
    Identifier,
    MenuKey,
    Networks,
    Origin,
    Port,
    Region,
    Seconds,
    Secret,
    Variable,
    is_ip,
)
from callcore.config.offices import OfficeModel
from callcore.config.outbound import Control, Outages, Outbound, Sms
from callcore.config.pop import DevicePattern, Pop
from callcore.config.recovery import Recovery
from callcore.config.second_line import SecondLine
from callcore.config.webhooks import Webhooks
from callcore.config.work import Work
from callcore.domain import Language, RecordMode, Text
from callcore.ivr import flow
from callcore.routing.fields import Code, QueueField
from callcore.routing.schema import MacroModel
from callcore.speech.settings import EngineChoice, SpeechSettings
from callcore.strictyaml.fields import Bilingual, FilePath, Flag, Line, Model, Whole, Zone, wrong


class Organisation(Model):
    name: Bilingual
    country: Region = "RU"
    zone: Zone
    language: Language = "ru"


class Http(Model):
    listen: AddressField = Address("127.0.0.1", 8080)
    public_origins: tuple[Origin, ...] = ()
    """What a browser's Origin header may say; empty: the host that it asked for."""
    secure_cookies: Flag = False
    trusted_proxies: Networks = ()


class Fastagi(Model):
    listen: AddressField = Address("127.0.0.1", 4573)
    silence_seconds: Seconds = 5
    max_sessions: Annotated[Whole, Field(ge=1, le=10_000)] = 500


class Tls(Model):
    """Present: the AMI link is encrypted."""

    ca_file: FilePath | None = None
    server_name: Host | None = None
    verify: Flag = True


class Pbx(Model):
    host: Host
    port: Port = 5038
    username: Identifier = "callcore"
    secret_file: FilePath | None = None
    secret_env: Variable | None = None
    secret: Secret = NO_SECRET
    """Filled by ``load``."""
    tls: Tls | None = None
    agi_peers: Networks = ()
    """Networks from which this PBX's FastAGI connections come."""
    agi_address: AddressField | None = None
    """Where this Asterisk finds ``fastagi.listen``; None: the same address."""
    fallback_queue: QueueField | None = None
    """Where its dialplan sends calls while callcore is away; None: the default topic's queue."""
    max_wait_seconds: Annotated[Whole, Field(ge=10, le=86_400)] = 600
    internal: tuple[DevicePattern, ...] = ()
    """Devices that are phones of the house, besides those of operators."""
    recovery: Recovery = Recovery()
    phone_transfers: bool = False
    """Transfers by the telephones go to ``callcore-transfer`` (``callcore dialplan --part transfer``)."""
    prompt_folder: Line | None = None
    """``speech.folder`` as this Asterisk sees it; None: the same path."""
    recording_folder: Line | None = None
    """The folder of recordings as this Asterisk sees it; None: the same path."""

    @model_validator(mode="after")
    def _peers_are_known(self) -> Self:
        if self.agi_peers or self.host == "localhost" or is_ip(self.host):
            return self
        raise wrong(
            Text(
                f"По имени {self.host} не видно, с каких адресов придёт FastAGI.",
                f"The name {self.host} does not tell from which addresses FastAGI will come.",
            ),
            Text("Задайте agi_peers: [адрес АТС].", "Set agi_peers: [address of the PBX]."),
        )

    @property
    def agi_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """``agi_peers``, or the host itself where none are set."""
        peers = self.agi_peers or (("127.0.0.1", "::1") if self.host == "localhost" else (self.host,))
        return tuple(ip_network(peer) for peer in peers)


class Recordings(Model):
    folder: FilePath | None = None
    """Where Asterisk writes what callers say; None: ``recordings`` beside ``speech.folder``."""
    keep_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Then the sound of a voicemail goes; that somebody called, and what became of it, stays."""
    talks_keep_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """Then the sound of a talk goes; consent and who listened stay."""
    placed: Flag = False
    """Of calls that operators place: silent until the operator says that he has announced it."""
    may_refuse: Flag = True
    """A caller who is told that he is recorded can press 3, and is not."""
    pause_seconds: Annotated[Whole, Field(ge=5, le=3600)] = 120
    """A pause that nobody ends is over after so long."""


class Editions(Model):
    """How many readings of topic tables and IVR can be looked at, and taken back."""

    keep: Annotated[Whole, Field(ge=10, le=100_000)] = 200
    keep_days: Annotated[Whole, Field(ge=1, le=3650)] = 365
    """An older one goes, unless it is among the newest, or a call since then went by it."""


HintName = Annotated[Line, Field(pattern=r"^[A-Z][A-Z0-9_]{0,39}$")]


class IvrTexts(Model):
    """What the IVR says besides greeting and menu; each has words of its own by default."""

    wrong_key: Bilingual = Text("Такого пункта нет.", "There is no such choice.")
    silence: Bilingual = Text("Вы ничего не выбрали.", "You have not chosen anything.")
    to_default: Bilingual = Text("Соединяю вас с оператором.", "I am putting you through to an operator.")
    connecting: Bilingual = Text(
        "Соединяю. Пожалуйста, оставайтесь на линии.", "I am putting you through. Please hold the line."
    )
    goodbye: Bilingual = Text("Всего доброго!", "Goodbye!")
    again: Bilingual = flow.AGAIN
    """Too few digits."""
    other_language: Bilingual = Text("Для разговора по-русски нажмите", "For English press")
    """Said in the language it offers, followed by ``language_key``."""
    outage_keys: Bilingual = Text(
        "Чтобы поговорить с оператором, нажмите 0. Чтобы услышать обычное меню, нажмите 1 или подождите.",
        "For an operator press 0. For the usual menu press 1, or wait.",
    )
    notice_keys: Bilingual = Text(
        "Если вы всё поняли, нажмите 1. Чтобы услышать ещё раз, нажмите 2. Чтобы поговорить с оператором, "
        "нажмите 0. Если больше не хотите таких звонков, нажмите 9.",
        "If you have understood, press 1. To hear it again, press 2. For an operator press 0. "
        "If you never want such calls again, press 9.",
    )
    notice_thanks: Bilingual = Text("Спасибо.", "Thank you.")
    opted_out: Bilingual = Text(
        "Больше мы вам с такими сообщениями не позвоним.", "We will not call you with such messages again."
    )
    leave_message: Bilingual = flow.LEAVE_MESSAGE
    message_kept: Bilingual = flow.MESSAGE_KEPT
    case_kept: Bilingual = flow.CASE_KEPT
    call_back_offer: Bilingual = flow.CALL_BACK_OFFER
    """Key 1."""
    call_back_kept: Bilingual = flow.CALL_BACK_KEPT
    called_back: Bilingual = flow.CALLED_BACK
    """Where the customer is rung first."""
    recorded: Bilingual = flow.RECORDED
    recorded_refuse: Bilingual = flow.RECORDED_REFUSE
    not_recorded: Bilingual = flow.NOT_RECORDED


class Ivr(Model):
    greeting: Bilingual
    file: FilePath | None = None
    """The IVR's own way (``docs/ivr.md``); None: outages, emergencies, the menu of the tables."""
    staff_pin_file: FilePath | None = None
    staff_pin_env: Variable | None = None
    staff_pin: Secret = NO_SECRET
    """Filled by ``load``: of those who may switch an emergency announcement by phone; empty: nobody may."""
    language_key: MenuKey | None = "9"
    silence_seconds: Annotated[Whole, Field(ge=1, le=30)] = 5
    wrong_keys: Annotated[Whole, Field(ge=1, le=10)] = 3
    default_topic: Line
    texts: IvrTexts = IvrTexts()
    hints: tuple[HintName, ...] = ()
    """Names whose ``CALLCORE_HINT_NAME`` the PBX's own dialplan may set on a call."""


class Voices(Model):
    """espeak-ng's."""

    ru: Identifier = "ru"
    en: Identifier = "en-gb"


class RhvoiceVoices(Model):
    ru: Identifier = "anna"
    en: Identifier = "slt"


class Speech(Model):
    folder: FilePath
    recorded: FilePath | None = None
    """Folder of texts that a person has spoken; None: there are none."""
    engine: EngineChoice = "auto"
    espeak: Command = "espeak-ng"
    voices: Voices = Voices()
    rhvoice: Command = "RHVoice-test"
    rhvoice_voices: RhvoiceVoices = RhvoiceVoices()
    sox: Command = "sox"
    keep_days: Annotated[Whole, Field(ge=1, le=3650)] = 90
    """What was spoken for everybody goes when nobody has wanted it for so long."""
    keep_editions: Annotated[Whole, Field(ge=0, le=50)] = 3
    """But not what the edition in force says, and so many before it."""

    def to_settings(self) -> SpeechSettings:
        return SpeechSettings(
            self.folder,
            recorded=self.recorded,
            engine=self.engine,
            espeak=self.espeak,
            rhvoice=self.rhvoice,
            sox=self.sox,
            voices=dict(self.voices),
            rhvoice_voices=dict(self.rhvoice_voices),
        )


class Queue(Model):
    """What people call a queue, and how the generated queues.conf describes it."""

    title: Bilingual
    strategy: Literal[
        "ringall",
        "leastrecent",
        "fewestcalls",
        "random",
        "rrmemory",
        "rrordered",
        "linear",
        "wrandom",
    ] = "rrmemory"
    record: RecordMode = RecordMode.never
    """Talks of its callers: recorded; silent until the operator opens it; not recorded."""
    timeout_seconds: Annotated[Whole, Field(ge=1, le=300)] = 15
    retry_seconds: Annotated[Whole, Field(ge=1, le=300)] = 2
    weight: Annotated[Whole, Field(ge=0, le=1000)] = 0
    music: QueueField = "default"
    announce: Literal["none", "position", "wait", "both"] = "none"
    """What a waiting caller is told: his position again and again, how long it takes once."""
    announce_seconds: Annotated[Whole, Field(ge=10, le=3600)] = 60
    exit_by_key: Flag = False
    """Key 1 leads out of it, to the next leg of the row that led here."""
    call_back: CallBack | None = None
    """callcore calls by itself who asked to be called back; None: people do."""
    skills_first_seconds: Annotated[Whole, Field(ge=1, le=3600)] = 20
    """How long a call that asks for a skill is kept for those who have it."""


class Desk(Model):
    wrap_up_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 30
    no_desk_seconds: Seconds = 30
    reject_pause_after: Annotated[Whole, Field(ge=1, le=100)] = 3
    session_hours: Annotated[Whole, Field(ge=1, le=168)] = 12


class Flight(Model):
    """The flight recorder: what ``callcore why`` tells of a call."""

    keep_days: Annotated[Whole, Field(ge=1, le=365)] = 14


class Logs(Model):
    level: Literal["debug", "info", "warning", "error"] = "info"
    file: FilePath | None = None


class SettingsModel(Model):
    """The shape of the file."""

    organisation: Organisation
    database: Database
    http: Http = Http()
    fastagi: Fastagi = Fastagi()
    pbx: Annotated[dict[Code, Pbx], Field(min_length=1)]
    queues: dict[QueueField, Queue] = Field(default_factory=dict)
    topics: FilePath
    macros: tuple[MacroModel, ...] = ()
    """Ready texts for the comment, whatever the topic."""
    offices: dict[Code, OfficeModel] = Field(default_factory=dict)
    """Where visitors are served."""
    departments_file: FilePath | None = None
    """The departments (``config.departments``); None: there are none."""
    cases_file: FilePath | None = None
    """Queues, forms and stages of cases (``config.cases``); None: one general queue."""
    ivr: Ivr
    speech: Speech
    recordings: Recordings = Recordings()
    editions: Editions = Editions()
    outbound: Outbound = Outbound()
    calls: Calls = Calls()
    sms: Sms = Sms()
    outages: Outages = Outages()
    control: Control = Control()
    desk: Desk = Desk()
    work: Work = Work()
    second_line: SecondLine = SecondLine()
    pop: Pop = Pop()
    flight: Flight = Flight()
    webhooks: Webhooks = Webhooks()
    directory: Directory = Directory()
    sign_in: SignIn = SignIn()
    audit: Audit = Audit()
    logs: Logs = Logs()
