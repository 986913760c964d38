"""What the older handlers of the API take and give, for the OpenAPI document: shapes only."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from callcore.calls.attempt import CampaignId
from callcore.calls.campaign import CampaignState, News, TargetResult
from callcore.domain import Language, Login, NodeCode, NodeKind, OutageKind, OutageState, Text
from callcore.outages.fields import CAUSE_CHARACTERS, CODE_CHARACTERS
from callcore.rights import Role
from callcore.screenpop.card import Desk, TodayContact
from callcore.store.attempts import DncEntry
from callcore.store.campaign_report import Progress, TargetLine
from callcore.web.commands import COMMANDS, LONGEST_COMMENT, LONGEST_WORD
from callcore.web.passwords import MAX_LENGTH
from callcore.web.signin import LONGEST_CODE, LONGEST_LOGIN

DeskDo = Literal[tuple(COMMANDS)]  # type: ignore[valid-type]  # the table is the truth
Flag = Annotated[Literal["", "0", "1"], Field(description="1: yes; 0 or nothing: no")]
FewDigits = Annotated[int, Field(ge=0, le=99_999)]


IdPath = Annotated[int, Field(ge=0)]


class Shape(BaseModel):
    model_config = ConfigDict(frozen=True)


class Taken(BaseModel):
    """What a person or a program sends."""

    model_config = ConfigDict(frozen=True, extra="allow")


# --- session and desk


class Credentials(Taken):
    model_config = ConfigDict(json_schema_extra={"examples": [{"login": "anna", "password": "…"}]})

    login: str = Field(max_length=LONGEST_LOGIN)
    password: str = Field(max_length=MAX_LENGTH)
    code: str = Field("", max_length=LONGEST_CODE)
    """Of the second factor, or a recovery code."""


class SessionShape(Shape):
    login: Login
    name: str
    role: Role
    language: Language
    csrf: str = Field(description="To be sent as X-CSRF-Token with whatever changes something")
    expires_at: datetime


class DeskOrder(Taken):
    """The fields of all orders; each takes some of them."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"interface": "PJSIP/101"}]})

    interface: str = Field("", max_length=LONGEST_WORD, description="open: the phone, such as PJSIP/101")
    reason: str = Field("", max_length=LONGEST_WORD, description="pause: rest, lunch, training, paperwork")
    call: str = Field("", max_length=LONGEST_WORD, description="front, draft, save, choose … : which call")
    n: int | str | None = Field(None, description="draft, save, drop_topic: which entry; 1 if left out")
    topic: str = Field("", max_length=LONGEST_WORD, description="draft, save, favourite: code of the topic")
    comment: str = Field("", max_length=LONGEST_COMMENT, description="draft, save, transfer")
    customer: int | str | None = Field(None, description="choose (null: nobody), attach, another: who it is")
    number: str = Field("", max_length=LONGEST_WORD, description="open_number: which of his; dial: any")
    follow_up: int | str | None = Field(None, description="dial: the entry of the list of people to call")
    flash: int | str | None = Field(None, description="read_flash: the note")
    on: bool | Literal["", "1"] | None = Field(None, description="favourite: with a star, or no longer")
    to: str = Field(
        "", max_length=LONGEST_WORD, description="transfer: ref of an offer (GET desk/transfer/offers)"
    )
    mode: Literal["", "consult", "blind"] = Field("", description="transfer: ask first, or at once")
    announced: bool | Literal["", "1"] | None = Field(None, description="record: the caller was told")
    close: bool | Literal["", "1"] | None = Field(None, description="save: and close the contact")


class DeskShape(Shape):
    epoch: str
    seq: int = Field(description="The event of the stream that this stands for")
    desk: Desk | None = Field(description="null while the person has no phone")


class DeskDone(DeskShape):
    record: int | None = Field(None, description="save: the record's number, null while it cannot be written")


class ContactsQuery(BaseModel):
    limit: FewDigits = Field(100, description="At most 500 are given")
    unclassified: Flag = ""


class ContactsShape(Shape):
    contacts: tuple[TodayContact, ...]


class EventsQuery(BaseModel):
    epoch: str = Field("", description="Of the stream that was seen; another one brings a refresh")
    since: FewDigits | Literal[""] = Field("", description="The newest event that was seen")


# --- calls


class CallsQuery(BaseModel):
    number: str = Field("", max_length=100, description="As typed, or its pseudonym")
    before: str = Field("", max_length=40, description="A day or a moment; only calls that began before it")
    limit: int = Field(50, ge=1, le=500)


class CallHead(Shape):
    call: str
    pbx: str
    direction: str | None
    number: str | None = Field(description="A pseudonym")
    began_at: AwareDatetime
    ended_at: AwareDatetime | None
    verdict: Mapping[str, str]


class CallsShape(Shape):
    calls: tuple[CallHead, ...]


class StoryShape(CallHead):
    verdict: tuple[Mapping[str, Any], ...]  # type: ignore[assignment]
    timeline: tuple[Mapping[str, Any], ...]
    traffic: tuple[Mapping[str, Any], ...]
    left_out: int


# --- outages, network


class PublishedText(Taken):
    ru: str = Field(min_length=1, max_length=CAUSE_CHARACTERS)
    en: str = Field(min_length=1, max_length=CAUSE_CHARACTERS)


class PublishedOutage(Taken):
    number: str = Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9._/-]{0,39}$", description="The sender's own")
    revision: int = Field(1, ge=1)
    kind: OutageKind
    state: Literal["open", "restored", "cancelled"] = "open"
    cause: PublishedText
    starts_at: AwareDatetime
    estimated_restoration_at: AwareDatetime | None = None
    ended_at: AwareDatetime | None = None
    nodes: tuple[Annotated[str, Field(min_length=1, max_length=CODE_CHARACTERS)], ...] = Field(min_length=1)


class PublicationShape(Taken):
    """YAML of the same shape is taken, too."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "outages": [
                        {
                            "number": "2026-117",
                            "kind": "emergency",
                            "cause": {"ru": "Повреждение кабеля", "en": "A damaged cable"},
                            "starts_at": "2026-11-22T18:00:00+03:00",
                            "estimated_restoration_at": "2026-11-22T20:30:00+03:00",
                            "nodes": ["F-12"],
                        }
                    ]
                }
            ]
        }
    )

    outages: tuple[PublishedOutage, ...] = Field(min_length=1, max_length=500)


class PublishQuery(BaseModel):
    dry: Flag = ""
    name: str = Field("", description="What faults call the body")


class NameQuery(BaseModel):
    name: str = Field("", description="What faults call the body")


class OutageShape(Shape):
    number: str
    revision: int
    kind: OutageKind
    state: OutageState
    cause: Text
    starts_at: datetime
    estimated_restoration_at: datetime | None
    ended_at: datetime | None
    nodes: tuple[NodeCode, ...]
    source: str
    published_at: datetime
    changed_at: datetime


class OutagesQuery(BaseModel):
    open: Flag = ""


class OutagesShape(Shape):
    outages: tuple[OutageShape, ...]


class AcceptedShape(Shape):
    outages: tuple[Mapping[str, Any], ...] = Field(
        description="Each with what it became: new, changed, same …"
    )


class NetworkQuery(BaseModel):
    parent: str = Field("", description="What is right below this node; without it the top")
    q: str = Field("", description="By code or name")


class NodeShape(Shape):
    code: NodeCode
    parent: NodeCode | None
    kind: NodeKind
    name: str
    zone: str | None
    children: int
    customers: int


class NetworkShape(Shape):
    nodes: tuple[NodeShape, ...]


# --- campaigns, do not call


class ReportShape(Shape):
    id: CampaignId
    outage: str
    revision: int
    news: News
    state: CampaignState
    reason: str
    created_at: datetime
    changed_at: datetime
    voice: Text
    sms: Text
    now: Text = Field(description="What it does right now and, if it does not dial, why")
    progress: Progress
    calls_per_second: float
    call_cap: int
    lines_busy: int
    lines: int


class OutageDetail(OutageShape):
    campaigns: tuple[ReportShape, ...]


class CampaignsShape(Shape):
    campaigns: tuple[ReportShape, ...]


class TargetsQuery(BaseModel):
    result: tuple[TargetResult, ...] = Field((), description="May come several times")
    open: Flag = ""
    q: str = Field("", description="Name or number")
    limit: Annotated[int, Field(ge=0, le=999_999_999)] = 100
    offset: Annotated[int, Field(ge=0, le=999_999_999)] = 0


class TargetsShape(Shape):
    targets: tuple[TargetLine, ...]


class DncShape(Shape):
    numbers: tuple[DncEntry, ...]


class NumberShape(Taken):
    model_config = ConfigDict(json_schema_extra={"examples": [{"number": "+79161234567"}]})

    number: str = Field(max_length=100)
