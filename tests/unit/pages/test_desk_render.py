"""The pages as HTML: every sample in both languages, hostile names, the pseudo-language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import cast

import pytest

from callcore.domain import LANGUAGES, UNCLASSIFIED, CustomerId, Language, QueueName, Text, TopicCode
from callcore.rights import Permission
from callcore.screenpop.card import Desk, Dialling, Draft, Entry, Stage, Tab, TalkState, WorkCounts
from callcore.testing.desk_house import HOSTILE, IVANOV, IVANOVA, NOW, QUEUES, TOPICS
from callcore.testing.desk_samples import HISTORY, Sample, samples, view, viewer
from callcore.web.deskview import View
from callcore.web.i18n import OPEN, PSEUDO, Texts
from callcore.web.render import ASSETS, DeskRenderer, FrontEndMissing

from .sound_html import Page

SAMPLES = samples()


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> DeskRenderer:
    static = tmp_path_factory.mktemp("static")
    (static / "dist").mkdir()
    for name in ASSETS:
        (static / "dist" / name).write_text(name)
    return DeskRenderer(lambda: QUEUES, static)


def page(renderer: DeskRenderer, sample: Sample, language: str = "ru") -> str:
    who = viewer(cast(Language, language), sample.interfaces)
    return renderer.desk_main(who, sample.desk, TOPICS, NOW, error=sample.error)


def whole(renderer: DeskRenderer, sample: Sample, language: str = "ru") -> str:
    return renderer.desk_page(viewer(cast(Language, language), sample.interfaces), sample.desk, TOPICS, NOW)


def _with(tab: Tab) -> Sample:
    desk = SAMPLES["talking"].desk
    assert desk
    return Sample(replace(desk, tabs=(tab,), active=tab.view.call))


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SAMPLES)
def test_every_sample_is_sound_html(renderer: DeskRenderer, name: str, language: Language) -> None:
    html = Page(whole(renderer, SAMPLES[name], language))
    html.assert_sound()
    scripts = [attributes for tag, attributes in html.tags if tag == "script"]
    assert [script["src"] for script in scripts if script["src"]] == [scripts[0]["src"]]


@pytest.mark.parametrize(
    ("language", "words"), [("ru", "кнопками телефона"), ("en", "by the keys of your phone")]
)
def test_where_the_pbx_has_no_dialplan_of_ours(
    renderer: DeskRenderer, monkeypatch: pytest.MonkeyPatch, language: Language, words: str
) -> None:
    """No button that would be refused, and who does the rest."""
    assert words not in page(renderer, SAMPLES["talking"], language)
    monkeypatch.setattr(renderer, "_is_bare", lambda _login: True)
    html = page(renderer, SAMPLES["talking"], language)
    assert words in html
    assert 'value="mute"' in html
    assert 'value="hang_up"' in html
    assert not any(f'value="{do}"' in html for do in ("hold", "park", "three_way"))
    assert "data-f6" not in html


@pytest.mark.parametrize(("language", "calls"), [("ru", "Вызываем"), ("en", "Calling")])
def test_while_the_number_rings_nobody_talks(renderer: DeskRenderer, language: Language, calls: str) -> None:
    desk = SAMPLES["talking"].desk
    assert desk
    [tab] = (tab for tab in desk.tabs if tab.stage is Stage.talking)
    rung = Dialling(tab.view, "number", NOW - timedelta(seconds=7))
    html = page(renderer, Sample(replace(desk, dialling=rung)), language)
    assert f"<strong>{calls}</strong>" in html
    assert f'data-title="{calls} · callcore"' in html
    assert f'<span class="sr">{calls}</span>' in html
    talking = f'<span class="sr">{Texts(language)("stage.talking")}</span>'
    assert talking not in html
    talks = page(renderer, SAMPLES["talking"], language)
    assert f"<strong>{calls}</strong>" not in talks
    assert talking in talks


@pytest.mark.parametrize(("language", "title"), [("ru", "Позвонить"), ("en", "To call")])
def test_the_counts_of_people_to_call_have_a_title(
    renderer: DeskRenderer, language: Language, title: str
) -> None:
    desk = SAMPLES["talking"].desk
    assert desk
    sample = Sample(replace(desk, work=WorkCounts(missed=2)))
    who = viewer(language, sample.interfaces)
    may = frozenset((*who.may, Permission.callbacks_work, Permission.voicemail_listen))
    who = replace(who, places=("desk", "cases", "work"), may=may)
    html = renderer.desk_main(who, sample.desk, TOPICS, NOW)
    assert f'<h2 id="to-call-title">{title}</h2>' in html
    begins = [html.index(f'id="{each}"') for each in ("list-tasks", "to-call-title", "list-voicemails")]
    assert begins == sorted(begins)
    assert html.index('id="to-call-title"') < html.index('id="list-missed"')


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_visible_escapes_the_translators(renderer: DeskRenderer, name: str) -> None:
    html = Page(page(renderer, SAMPLES[name], PSEUDO))
    html.assert_translated()


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", ("просил кнопкой", "2 раза", "попытка 2 из 3 в 14:30", "просил перезвонить Борис Котов")),
        ("en", ("asked by key", "2 times", "try 2 of 3 at 14:30", "asked for by Борис Котов")),
    ],
)
def test_who_waits_to_be_called_is_on_his_card(
    renderer: DeskRenderer, language: Language, words: tuple[str, ...]
) -> None:
    """Who asked, and why nobody calls him now; it can be taken back there."""
    who = replace(viewer(language), may=frozenset({Permission.callbacks_work}))
    html = renderer.desk_main(who, SAMPLES["waits_for_call"].desk, TOPICS, NOW)
    text = re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", html))
    for each in words:
        assert each in text, each
    assert 'href="/work/3/withdraw"' in html


@pytest.mark.parametrize("is_placed", [True, False])
def test_a_machine_can_be_told_of_what_callcore_has_placed(renderer: DeskRenderer, is_placed: bool) -> None:
    desk = SAMPLES["talking"].desk
    assert desk is not None
    tab = desk.tabs[0]
    html = page(renderer, _with(replace(tab, view=replace(tab.view, is_placed=is_placed))))
    assert (f'id="machine-{tab.view.call}"' in html) is is_placed


@pytest.mark.parametrize(
    ("language", "words"),
    [
        ("ru", "Нет ответа: billing, crm. Показано то, что известно без этого"),
        ("en", "No answer from billing, crm. What is known without is shown"),
    ],
)
def test_systems_that_did_not_answer_are_named(
    renderer: DeskRenderer, language: Language, words: str
) -> None:
    html = Page(page(renderer, SAMPLES["silent"], language))
    said = " ".join(" ".join(text for text, _ in html.texts).split()).replace(" ,", ",").replace(" .", ".")
    assert words in said
    assert renderer.texts(language)("card.not_in_base") not in said, "nobody knows that yet"


@pytest.mark.parametrize("error", ["", "wrong", "throttled", "expired"])
def test_sign_in_page(renderer: DeskRenderer, error: str) -> None:
    html = renderer.sign_in(cast(Language, PSEUDO), error=error, login='"><b>', csrf="c<srf")
    parsed = Page(html)
    assert all(text in ("callcore",) or is_data or text.startswith(OPEN) for text, is_data in parsed.texts)
    assert 'value="&#34;&gt;&lt;b&gt;"' in html
    assert html.count('value="c&lt;srf"') == 2
    assert ('role="alert"' in html) == bool(error)


@pytest.mark.parametrize(
    ("status", "word"),
    [(403, "нельзя"), (404, "нет"), (409, "клиента 7 нет"), (500, "сломалось"), (503, "сломалось")],
)
def test_problem_pages(renderer: DeskRenderer, status: int, word: str) -> None:
    html = renderer.problem("ru", status, Text("клиента 7 нет", "there is no customer 7"))
    assert word in html
    assert str(status) in html
    Page(html)


@pytest.mark.parametrize("name", ["hostile", "ringing_hostile"])
def test_names_from_the_network_stay_text(renderer: DeskRenderer, name: str) -> None:
    html = whole(renderer, SAMPLES[name])
    assert "<script>alert" not in html
    assert "<b>1</b>" not in html
    assert HOSTILE in "".join(text for text, _ in Page(html).texts) + str(Page(html).tags)


def test_every_name_is_isolated_against_turning_the_line(renderer: DeskRenderer) -> None:
    html = page(renderer, SAMPLES["hostile"])
    assert re.search(r"<bdi>[^<]*наоборот", html)
    label = next(t["aria-label"] for _, t in Page(html).tags if t.get("id") == "copy-contract-g1")
    assert re.search("\u2068.*\u2069", label or "")


def test_topic_of_the_ivr_is_suggested_until_something_is_typed(renderer: DeskRenderer) -> None:
    def field(draft: Draft) -> tuple[str | None, bool]:
        tab = Tab(view("a", IVANOVA, answered=3), Stage.talking, entries=(Entry(1, draft),))
        html = page(renderer, _with(tab))
        tag = next(t for _, t in Page(html).tags if t.get("id") == "topic-a")
        return tag["value"], "guess-a" in html

    assert field(Draft()) == ("Перерасчёт", True)
    assert field(Draft(topic="expert.speed")) == ("Низкая скорость", False)
    assert field(Draft(topic="пере")) == ("пере", False)


def test_topics_of_one_title_are_told_apart(renderer: DeskRenderer) -> None:
    html = Page(page(renderer, SAMPLES["talking"], "en"))
    labels = [str(t["value"]) for tag, t in html.tags if tag == "option" and "data-code" in t]
    assert len(labels) == len(set(labels)) == len(TOPICS)
    assert {"Other · Technical", "Other · Retention"} <= set(labels)


def test_an_unclassified_contact_of_today_can_still_be_given_a_topic(renderer: DeskRenderer) -> None:
    desk = SAMPLES["ready"].desk
    assert desk
    html = page(renderer, SAMPLES["ready"])
    for contact in desk.today:
        assert (f'id="late-{contact.call}"' in html) == (contact.topic == UNCLASSIFIED)
    tab = replace(desk.today[0], call=view("a1").call)
    busy = replace(desk, today=(tab,), tabs=(Tab(view("a1", answered=1), Stage.unfinished),), active=tab.call)
    assert "late-a1" not in page(renderer, Sample(busy))


@pytest.mark.parametrize(
    ("count", "same", "words"),
    [(1, True, ""), (2, True, "3-й звонок за два дня, тема та же"), (2, False, "3-й звонок за два дня.")],
)
def test_repeat_callers_are_announced(renderer: DeskRenderer, count: int, same: bool, words: str) -> None:
    topic = TopicCode("finance.recalculation" if same else "expert.speed")
    past = tuple(replace(HISTORY[1], topic=topic, at=NOW - timedelta(hours=n + 1)) for n in range(count))
    tab = Tab(view("a", IVANOVA, answered=3), Stage.talking, history=past, history_known=True)
    html = page(renderer, _with(tab))
    assert ("звонок за два дня" in html) == bool(words)
    assert words in html


def test_matches_share_what_does_not_tell_them_apart() -> None:
    ask = View(viewer("ru"), TOPICS, QUEUES, Texts("ru"), NOW)
    shared = ask.shared((IVANOVA, IVANOV))
    assert shared == {"address": IVANOVA.address, "segment": IVANOVA.segment}


def test_a_pause_asked_for_during_a_call_is_shown_once_the_desk_knows_it(renderer: DeskRenderer) -> None:
    assert "no-pause" not in page(renderer, SAMPLES["talking"])


def test_unknown_things_are_shown_by_their_code(renderer: DeskRenderer) -> None:
    strange = replace(view("a", answered=3), topic=TopicCode("gone.topic"), queue=QueueName("gone-queue"))
    html = page(renderer, _with(Tab(strange, Stage.talking, customer=CustomerId(9))))
    assert "gone.topic" in html
    assert "gone-queue" in html
    assert "Не получилось (no_such_code)" in page(
        renderer, Sample(SAMPLES["ready"].desk, error="no_such_code")
    )


def test_numbers_are_grouped_and_copied_as_they_are_dialled(renderer: DeskRenderer) -> None:
    html = page(renderer, SAMPLES["talking"])
    assert "8 (482) 241-22-07" in html
    assert 'data-copy="+74822412207"' in html


def test_timers_start_from_the_servers_clock(renderer: DeskRenderer) -> None:
    html = page(renderer, SAMPLES["ringing_several"])
    assert f'data-now="{int(NOW.timestamp() * 1000)}"' in html
    late = re.search(r'<time data-since="([\d.]+)" data-late="120" class="late">3:14</time>', html)
    assert late
    assert float(late[1]) == NOW.timestamp() - 194


def test_only_the_tab_in_front_shows_its_panel_but_all_keep_their_text(renderer: DeskRenderer) -> None:
    desk = SAMPLES["unfinished"].desk
    assert isinstance(desk, Desk)
    html = Page(page(renderer, SAMPLES["unfinished"]))
    panels = {t["id"]: "hidden" in t for _, t in html.tags if t.get("role") == "tabpanel"}
    assert panels == {"panel-a1": True, "panel-b1": False}
    assert any("Не работало" in text for text, _ in html.texts)


def test_front_end_that_was_not_built_is_said_at_once(tmp_path: Path) -> None:
    with pytest.raises(FrontEndMissing, match=r"live\.js"):
        DeskRenderer(lambda: QUEUES, tmp_path)


def test_addresses_of_assets_follow_their_content(renderer: DeskRenderer, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for name in ASSETS:
        (tmp_path / "dist" / name).write_text("other")
    pages = [whole(other, SAMPLES["ready"]) for other in (renderer, DeskRenderer(lambda: QUEUES, tmp_path))]
    addresses = [re.findall(r"/static/dist/[\w.]+\?v=\w+", html) for html in pages]
    assert len(addresses[0]) == 3
    assert not set(addresses[0]) & set(addresses[1])


@pytest.mark.parametrize(
    ("state", "does"), [("on", "record_pause"), ("paused", "record_resume"), ("ready", "record")]
)
@pytest.mark.parametrize("may", [True, False])
def test_a_recorded_talk_is_told_and_ruled_by_who_may(
    renderer: DeskRenderer, state: TalkState, does: str, may: bool
) -> None:
    tab = Tab(view("a", IVANOVA, answered=3), Stage.talking, recording=state)
    who = viewer("ru", ())
    who = replace(who, may=who.may | {"recordings.control"} if may else who.may - {"recordings.control"})
    html = Page(renderer.desk_main(who, _with(tab).desk, TOPICS, NOW))
    html.assert_sound()
    assert "recording-a" in {attributes.get("id") for _, attributes in html.tags}
    orders = {attributes.get("value") for tag, attributes in html.tags if attributes.get("name") == "do"}
    assert (does in orders) is may
    has_tick = any(attributes.get("name") == "announced" for _, attributes in html.tags)
    assert has_tick is (may and state == "ready")


def test_a_talk_that_is_not_recorded_says_nothing_of_it(renderer: DeskRenderer) -> None:
    assert "recording-" not in page(renderer, _with(Tab(view("a", IVANOVA, answered=3), Stage.talking)))
