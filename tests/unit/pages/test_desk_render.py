"""The pages as HTML: every sample in both languages, hostile names, the pseudo-language."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from html.parser import HTMLParser
from pathlib import Path
from typing import cast

import pytest

from callcore.domain import LANGUAGES, UNCLASSIFIED, CustomerId, Language, QueueName, TopicCode
from callcore.screenpop.card import Desk, Draft, Stage, Tab
from callcore.testing.desk_samples import (
    HISTORY,
    HOSTILE,
    IVANOV,
    IVANOVA,
    NOW,
    QUEUES,
    TOPICS,
    Sample,
    samples,
    view,
    viewer,
)
from callcore.web.deskview import View
from callcore.web.i18n import CLOSE, OPEN, PSEUDO, Texts
from callcore.web.render import DeskRenderer, FrontEndMissing

SAMPLES = samples()
VOID = {"meta", "link", "input", "br", "path", "img"}
DATA = {"bdi", "time", "data", "kbd", "title", "option", "textarea"}
SPOKEN = {"title", "placeholder", "aria-label"}


@pytest.fixture(scope="module")
def renderer(tmp_path_factory: pytest.TempPathFactory) -> DeskRenderer:
    static = tmp_path_factory.mktemp("static")
    (static / "dist").mkdir()
    for name in ("live.js", "desk.css", "icon.svg"):
        (static / "dist" / name).write_text(name)
    return DeskRenderer(QUEUES, static)


class Page(HTMLParser):
    """Checks that tags close, and gathers texts, attributes, ids."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.texts: list[tuple[str, bool]] = []
        self.spoken: list[str] = []
        self.ids: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.tags.append((tag, found))
        self.spoken += [value for name, value in attrs if name in SPOKEN and value]
        if found.get("id"):
            self.ids.append(str(found["id"]))
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, tag
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if data.strip():
            self.texts.append((data.strip(), not DATA.isdisjoint(self.open)))


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
    assert len(html.ids) == len(set(html.ids))
    for tag, attributes in html.tags:
        assert "style" not in attributes, (tag, attributes)
        assert not [key for key in attributes if key.startswith("on")], (tag, attributes)
        assert tag not in ("style", "iframe")
        for key in ("aria-labelledby", "aria-controls", "aria-describedby", "for", "popovertarget"):
            assert not attributes.get(key) or attributes[key] in html.ids, (tag, attributes)
    scripts = [attributes for tag, attributes in html.tags if tag == "script"]
    assert [script["src"] for script in scripts if script["src"]] == [scripts[0]["src"]]


def untranslated(text: str) -> str:
    """What stands outside of all brackets, which may stand in one another."""
    shorter = re.sub(rf"{OPEN}[^{OPEN}{CLOSE}]*{CLOSE}", "", text)
    return text if shorter == text else untranslated(shorter)


@pytest.mark.parametrize("name", SAMPLES)
def test_nothing_visible_escapes_the_translators(renderer: DeskRenderer, name: str) -> None:
    html = Page(page(renderer, SAMPLES[name], PSEUDO))
    for text, is_data in html.texts:
        assert is_data or not re.search(r"[^\W\d_]", untranslated(text)), text
    for text in html.spoken:
        assert re.fullmatch(f"{OPEN}.*{CLOSE}", text), text


@pytest.mark.parametrize("error", ["", "wrong", "throttled", "expired"])
def test_sign_in_page(renderer: DeskRenderer, error: str) -> None:
    html = renderer.sign_in(cast(Language, PSEUDO), error=error, login='"><b>', csrf="c<srf")
    parsed = Page(html)
    assert all(text in ("callcore",) or is_data or text.startswith(OPEN) for text, is_data in parsed.texts)
    assert 'value="&#34;&gt;&lt;b&gt;"' in html
    assert html.count('value="c&lt;srf"') == 2
    assert ('role="alert"' in html) == bool(error)


@pytest.mark.parametrize(
    ("status", "word"), [(403, "нельзя"), (404, "нет"), (500, "сломалось"), (503, "сломалось")]
)
def test_problem_pages(renderer: DeskRenderer, status: int, word: str) -> None:
    html = renderer.problem("ru", status)
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
        html = page(renderer, _with(Tab(view("a", IVANOVA, answered=3), Stage.talking, draft=draft)))
        tag = next(t for _, t in Page(html).tags if t.get("id") == "topic-a")
        return tag["value"], "guess-a" in html

    assert field(Draft()) == ("Перерасчёт", True)
    assert field(Draft(topic="expert.speed")) == ("Низкая скорость", False)
    assert field(Draft(topic="пере")) == ("пере", False)


def test_topics_of_one_title_are_told_apart(renderer: DeskRenderer) -> None:
    html = Page(page(renderer, SAMPLES["talking"], "en"))
    labels = [str(t["value"]) for tag, t in html.tags if tag == "option"]
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
        DeskRenderer(QUEUES, tmp_path)


def test_addresses_of_assets_follow_their_content(renderer: DeskRenderer, tmp_path: Path) -> None:
    (tmp_path / "dist").mkdir()
    for name in ("live.js", "desk.css", "icon.svg"):
        (tmp_path / "dist" / name).write_text("other")
    pages = [whole(other, SAMPLES["ready"]) for other in (renderer, DeskRenderer(QUEUES, tmp_path))]
    addresses = [re.findall(r"/static/dist/[\w.]+\?v=\w+", html) for html in pages]
    assert len(addresses[0]) == 3
    assert not set(addresses[0]) & set(addresses[1])
