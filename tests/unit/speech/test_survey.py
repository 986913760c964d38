"""Which texts have a sound."""

from __future__ import annotations

from callcore.speech import Prompts, SpeechSettings
from callcore.speech.survey import survey, unspoken

HELLO, BYE, MUTE = ("Hello.", "en"), ("Пока.", "ru"), ("", "en")


async def test_what_is_not_spoken_yet_is_told_in_its_order(stand_ins: SpeechSettings) -> None:
    """Once each; what nobody can say stays among them."""
    prompts = Prompts(stand_ins)
    texts = [HELLO, BYE, HELLO, MUTE]
    assert unspoken(prompts, texts) == (HELLO, BYE, MUTE)
    await prompts.render(*HELLO)
    assert unspoken(prompts, texts) == (BYE, MUTE)
    ready = [entry.is_ready for entry in survey(prompts, texts)]
    assert ready == [True, False, False]
    await prompts.close()
