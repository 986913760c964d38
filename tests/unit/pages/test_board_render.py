"""The outages' pages as HTML: every state in both languages, hostile names, the pseudo-language, bars."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast
from zoneinfo import ZoneInfo

import pytest

from callcore.calls.attempt import AttemptResult
from callcore.calls.campaign import CampaignState, News, TargetResult
from callcore.campaigns.recipients import FIXED_LINE, NO_NUMBER, NO_ROUTE, SAME_NUMBER
from callcore.campaigns.views import Preview
from callcore.domain import LANGUAGES, Language, OutageKind, OutageState, Text
from callcore.outbound.gate import Rule
from callcore.strictyaml.faults import Fault
from callcore.testing import outage_samples as samples
from callcore.testing.desk_samples import viewer
from callcore.testing.outage_room import FakeRoom
from callcore.testing.outage_samples import NOW
from callcore.web.board import Board, Boards, Shared
from callcore.web.board_render import BoardRenderer, SpokenTexts
from callcore.web.boardview import BAR, BoardView
from callcore.web.i18n import PSEUDO, Texts, catalogue
from callcore.web.look import Look
from callcore.web.outage_bodies import FIELDS, Form
from callcore.web.render import ASSETS

from .sound_html import Page

LOOKS = {
    "list": Look(),
    "running": Look(outage="2026-117"),
    "halted": Look(outage="2026-098"),
    "superseded": Look(outage="2026-098", campaign=2, show="replaced"),
    "done": Look(outage="2026-090", q="ивано", page=2),
    "untold": Look(outage="TP-5"),
    "hostile": Look(outage="2026-091"),
    "new": Look(step="new", node="F-90"),
    "change": Look(outage="2026-098", step="change"),
    "restored": Look(outage="2026-117", step="restored"),
    "gone": Look(outage="none", step="cancelled"),
}
TYPED = Form(
    "new",
    number="2026-1",
    kind="emergency",
    cause_ru="обрыв",
    cause_en="a cut",
    starts_at="2026-05-14T18:00",
    nodes="F-12 F-90",
)
REFUSED = TYPED.refused(
    Fault("2026-1", 1, f"outages[0].{path}", Text("Не так.", "Wrong."), Text("Иначе.", "Other."))
    for path in (
        "number",
        "kind",
        "cause.ru",
        "cause.en",
        "starts_at",
        "estimated_restoration_at",
        "nodes[1]",
        "",
    )
)


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> BoardRenderer:
    static = tmp_path_factory.mktemp("static")
    (static / "dist").mkdir()
    for name in ASSETS:
        (static / "dist" / name).write_text(name)
    return BoardRenderer(SpokenTexts(), static)


@pytest.fixture
def room(tmp_path: Path) -> FakeRoom:
    room = FakeRoom(tmp_path, lambda: NOW)
    room.fill()
    return room


async def board(room: FakeRoom, look: Look, form: Form | None = None, *, dry: bool = False) -> Board:
    boards = Boards(room.room, Shared(room.room, lambda: 0.0), lambda: NOW, ZoneInfo("Europe/Moscow"))
    return await boards.get(look, form, "preview" if dry else "edit")


async def all_boards(room: FakeRoom) -> list[Board]:
    found = [await board(room, look) for look in LOOKS.values()]
    found.append(await board(room, Look(step="new"), TYPED, dry=True))
    found.append(await board(room, Look(step="new"), REFUSED))
    room.outages.kept.clear()
    room.outages.known_nodes.clear()
    found.append(await board(room, Look()))
    return found


@pytest.mark.parametrize("language", LANGUAGES)
async def test_every_state_is_sound(renderer: BoardRenderer, room: FakeRoom, language: Language) -> None:
    error = Text("Нельзя.", "It cannot be.")
    for each in await all_boards(room):
        Page(renderer.page(viewer(language), each, NOW, error)).assert_sound()


async def test_nothing_visible_escapes_the_translators(renderer: BoardRenderer, room: FakeRoom) -> None:
    who = viewer(cast(Language, PSEUDO))
    for each in await all_boards(room):
        Page(renderer.main(who, each, NOW)).assert_translated()
    Page(renderer.branch(who, samples.nodes(), NOW)).assert_translated()


async def test_every_fault_stands_beside_its_field_with_the_remedy(
    renderer: BoardRenderer, room: FakeRoom
) -> None:
    html = renderer.main(viewer("en"), await board(room, Look(step="new"), REFUSED), NOW)
    assert html.count("Wrong.") == html.count("Other.") == 8
    for name in ("number", "cause_ru", "cause_en", "starts_at", "estimated_restoration_at", "nodes"):
        assert f'aria-describedby="fault-{name}"' in html, name
    assert "8 fields" in html


async def test_the_dry_run_carries_the_whole_form(renderer: BoardRenderer, room: FakeRoom) -> None:
    page = Page(renderer.main(viewer("ru"), await board(room, Look(step="new"), TYPED, dry=True), NOW))
    hidden = {a["name"]: a["value"] for tag, a in page.tags if tag == "input" and a.get("type") == "hidden"}
    assert {name: hidden[name] for name in FIELDS} == {name: getattr(TYPED, name) for name in FIELDS}


async def test_hostile_names_stay_text(renderer: BoardRenderer, room: FakeRoom) -> None:
    html = renderer.page(viewer("ru"), await board(room, LOOKS["hostile"]), NOW)
    html += renderer.page(viewer("ru"), await board(room, LOOKS["running"]), NOW)
    assert "<script>alert" not in html
    assert samples.HOSTILE in "".join(text for text, _ in Page(html).texts)


def board_view(language: Language = "en") -> BoardView:
    return BoardView(viewer(language), Texts(language), NOW, Board(Look(), (), ()), lambda text, tongue: "")


def test_a_bar_adds_up_and_hides_nothing() -> None:
    progress = samples.report(
        samples.outage(),
        results={result: 1 for result in TargetResult},
        trying=1,
        waiting={"": 100_000, "retry_busy": 3, "quiet_hours": 0},
    ).progress
    parts = board_view().segments(progress)
    assert sum(part.count for part in parts) == progress.targets
    assert all(part.width >= 2 for part in parts)
    assert parts[-1].x + parts[-1].width <= BAR + 2
    assert board_view().segments(replace(progress, by_result={}, trying=0, waiting={})) == ()


@pytest.mark.parametrize(
    ("by_phone", "by_sms", "waiting", "skipped", "told"),
    [(463, 24, 12, 17, 487), (0, 0, 0, 5, 0), (0, 7, 7, 0, 7), (1, 0, 0, 0, 1)],
)
def test_a_preview_adds_up(by_phone: int, by_sms: int, waiting: int, skipped: int, told: int) -> None:
    preview: Preview = replace(
        samples.preview(),
        by_phone=by_phone,
        by_sms=by_sms,
        waiting={"quiet_hours": waiting},
        skipped={"dnc": skipped},
    )
    parts = board_view().foreseen(preview)
    assert sum(part.count for part in parts) == by_phone + by_sms + skipped
    assert board_view().reached(preview) == told


def test_codes_have_words_and_unknown_ones_show_themselves() -> None:
    view = board_view()
    assert view.why("retry_no_answer") == "did not answer"
    assert view.why("by:anna") == "by \u2068anna\u2069"
    assert view.why("something_new") == "something_new"


def test_every_code_of_the_rest_of_the_house_has_its_word() -> None:
    wanted = {f"outages.state_{state}" for state in OutageState} | {f"outages.kind_{k}" for k in OutageKind}
    wanted |= {f"campaigns.state_{state}" for state in CampaignState} | {f"campaigns.news_{n}" for n in News}
    wanted |= {f"campaigns.result_{result}" for result in TargetResult}
    whys = [*AttemptResult, *Rule, FIXED_LINE, NO_NUMBER, NO_ROUTE, SAME_NUMBER]
    whys += ["retry_busy", "retry_no_answer", "retry_network", "retry_not_sent", "next_number", "text"]
    wanted |= {f"campaigns.why_{why}" for why in whys}
    assert wanted <= set(catalogue("ru"))


def test_an_overdue_outage_is_marked() -> None:
    view, late = board_view(), samples.outage(began=100, lasts=50)
    assert view.is_overdue(late)
    assert not view.is_overdue(replace(late, estimated_restoration_at=NOW + timedelta(minutes=1)))
    assert not view.is_overdue(samples.outage(state=OutageState.restored, began=100, lasts=50))
