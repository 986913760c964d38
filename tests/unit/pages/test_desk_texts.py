"""The texts of the pages: complete in both languages, right plural forms, none written into a template."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from pathlib import Path
from string import Formatter
from zoneinfo import ZoneInfo

import pytest
import yaml
from babel import Locale

import callcore.web
from callcore.domain import (
    LANGUAGES,
    AgentState,
    Customer,
    CustomerId,
    Direction,
    Language,
    Outcome,
    PauseReason,
)
from callcore.screenpop.card import Stage, Unpainted
from callcore.web.i18n import Texts, catalogue, span

WEB = Path(callcore.web.__file__).parent
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
SPOKEN = ("title", "placeholder", "aria-label", "alt", "data-say", "data-note", "data-said")
NAMES = {"callcore"}
REFUSALS = [
    "not_signed_in",
    "already_on_shift",
    "phone_not_allowed",
    "phone_taken",
    "busy_with_call",
    "no_such_contact",
    "call_gone",
    "unknown_topic",
    "unknown_customer",
    "unknown_number",
    "too_long",
    "pbx_down",
    "store_down",
]


def fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_every_text_is_in_both_languages_with_the_same_values() -> None:
    ru, en = catalogue("ru"), catalogue("en")
    assert set(ru) == set(en)
    for key, text in ru.items():
        other = en[key]
        assert isinstance(text, str) == isinstance(other, str), key
        forms = [list(entry.values()) if not isinstance(entry, str) else [entry] for entry in (text, other)]
        assert {frozenset(fields(form)) for form in forms[0] + forms[1]} == {
            frozenset(fields(forms[0][0]))
        }, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_plural_forms_are_those_of_the_language(language: Language) -> None:
    wanted = set(Locale(language).plural_form.tags) | {"other"}
    for key, entry in catalogue(language).items():
        if not isinstance(entry, str):
            assert set(entry) == wanted, key


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_key_is_written_twice(language: Language) -> None:
    """Nor read as anything but a word, as YAML does with ``on``."""
    files = [*(WEB / "texts").glob(f"*.{language}.yaml"), WEB / "texts" / f"{language}.yaml"]
    pending: list[yaml.Node | None] = [
        yaml.compose(file.read_text(encoding="utf-8"), Loader=yaml.SafeLoader) for file in files
    ]
    while pending:
        mapping = pending.pop()
        assert isinstance(mapping, yaml.MappingNode)
        keys = [key.value for key, _ in mapping.value]
        assert len(keys) == len(set(keys)), sorted(key for key in keys if keys.count(key) > 1)
        assert {key.tag for key, _ in mapping.value} == {"tag:yaml.org,2002:str"}, keys
        pending += [value for _, value in mapping.value if isinstance(value, yaml.MappingNode)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_value_that_the_desk_can_hold_has_its_word(language: Language) -> None:
    texts = catalogue(language)
    wanted = {f"state.{state}" for state in AgentState} | {f"pause.{reason}" for reason in PauseReason}
    wanted |= {f"missed.{why}" for why in Unpainted} | {f"way.{direction}" for direction in Direction}
    wanted |= {f"stage.{stage}" for stage in Stage} | {f"outcome.{outcome}" for outcome in Outcome}
    wanted |= {f"error.{code}" for code in REFUSALS} | {f"language.{code}" for code in LANGUAGES}
    wanted |= {f"sign_in.error_{code}" for code in ("wrong", "throttled", "expired")}
    assert wanted <= set(texts)


def test_counts_take_the_form_of_the_language_and_are_grouped() -> None:
    ru, en = Texts("ru"), Texts("en")
    assert [ru("choose.title", n=n).split()[1] for n in (1, 2, 5, 21)] == [
        "клиент",
        "клиента",
        "клиентов",
        "клиент",
    ]
    assert [en("choose.title", n=n).split()[1] for n in (1, 2)] == ["customer", "customers"]
    assert en("choose.title", n=1200).startswith("1,200 ")


def test_an_unknown_key_is_an_error() -> None:
    with pytest.raises(KeyError):
        Texts("ru")("no.such_text")


def test_pseudo_language_brackets_every_text() -> None:
    assert Texts("qps")("do.ready") == "⟦Ready⟧"


@pytest.mark.parametrize(
    ("minor", "currency", "ru", "en"),
    [
        (-42050, "RUB", "−420,50 ₽", "−420.50 RUB"),
        (4815162, "RUB", "48 151,62 ₽", "48,151.62 RUB"),
        (1500, "JPY", "1 500 ¥", "¥1,500"),
        (None, "RUB", "", ""),
    ],
)
def test_money(minor: int | None, currency: str, ru: str, en: str) -> None:
    customer = Customer(CustomerId(1), "A", "1", balance_minor=minor, currency=currency)
    shown = [re.sub(r"[\u00a0\u202f]", " ", Texts(language).money(customer)) for language in LANGUAGES]
    assert shown == [ru, en]


def test_what_a_number_alone_tells() -> None:
    ru = Texts("ru")
    assert ru.number_tells("+79201558812", "RU") == "мобильный · МегаФон"
    assert ru.number_tells("+442071838750", "RU") == "городской · Великобритания"
    assert ru.number_tells("101", "RU") == ru.number_tells("nonsense", "RU") == ""


def test_times_are_those_of_the_viewer() -> None:
    zone = ZoneInfo("Asia/Omsk")
    now = datetime(2026, 1, 1, 2, 0, tzinfo=UTC)
    late = now - timedelta(hours=9)
    ru = Texts("ru")
    assert ru.clock(late, zone) == "23:00"
    assert ru.day(late, now, zone).startswith("31 дек. 2025")
    assert ru.ago(late, now) == "9 часов назад"
    assert ru.ago(now + timedelta(minutes=5), now) == ru.ago(now, now)  # a clock that runs ahead
    assert ru.ago(now, now) == "1 минуту назад"


@pytest.mark.parametrize(
    ("seconds", "text"), [(-3, "0:00"), (59.9, "0:59"), (600, "10:00"), (3661, "1:01:01")]
)
def test_span(seconds: float, text: str) -> None:
    assert span(seconds) == text


class _Literals(HTMLParser):
    """Collects letters that a template would show as they stand."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []
        self._open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open.append(tag)
        self.found += [
            f"{name}={value}" for name, value in attrs if name in SPOKEN and _is_human(value or "")
        ]

    def handle_endtag(self, tag: str) -> None:
        while self._open and self._open.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        is_address = "code" in self._open and data.startswith("/")  # has no language
        is_said = not is_address and "kbd" not in self._open
        if is_said and _is_human(data) and data.strip() not in NAMES:
            self.found.append(data.strip())


def _is_human(text: str) -> bool:
    return any(word not in NAMES for word in re.findall(r"[^\W\d_]+", text))


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_holds_words_of_its_own(template: Path) -> None:
    source = template.read_text(encoding="utf-8")
    source = re.sub(r"\{#.*?#\}|\{%.*?%\}", "", source, flags=re.DOTALL)
    source = re.sub(r"\{\{.*?\}\}", "0", source, flags=re.DOTALL)
    parser = _Literals()
    parser.feed(source)
    assert parser.found == []
