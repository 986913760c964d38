"""Everything that callers of the sample hear, in both languages: spoken and measured."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

from callcore.assembly.wiring import all_said, make_book
from callcore.config import load
from callcore.domain import LANGUAGES
from callcore.speech import Prompts, SpeechSettings
from callcore.speech.survey import survey

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"


async def test_every_text_of_the_sample_is_a_good_sound(prompts: None, real: SpeechSettings) -> None:
    settings = load(SAMPLE, need_secrets=False)
    speech = settings.speech.to_settings()
    folder = Path(os.environ["CALLCORE_PROMPTS"])  # other tests speak the same texts into it
    maker = Prompts(replace(real, folder=folder, voices=speech.voices))
    texts = [(phrase.text, phrase.language) for phrase in all_said(make_book(settings))]
    assert await maker.render_all(texts) == {}
    entries = list(survey(maker, texts))
    assert {entry.language for entry in entries} == set(LANGUAGES)
    assert len(entries) > 100
    faulty = {entry.text: entry.flaws for entry in entries if entry.flaws or not entry.is_ready}
    assert faulty == {}
