"""Why there is no prompt; each tells what helps."""

from __future__ import annotations

from callcore.domain import Text


class SpeechError(Exception):
    """No prompt. ``words``: why, and what a person can do about it; the log has ``str`` and ``remedy``."""

    def __init__(self, message: Text, remedy: Text) -> None:
        self.words = Text(f"{message.ru}: {remedy.ru}", f"{message.en}: {remedy.en}")
        self.remedy = remedy.en
        super().__init__(self.words.en)


class EngineMissing(SpeechError):
    """A program is not there."""


class EngineFailed(SpeechError):
    """A program failed, or its sound is not one that can be played."""


class EngineTimeout(SpeechError):
    """A program took too long."""


class TextRefused(SpeechError):
    """A text that cannot be said."""


class PromptFolderError(SpeechError):
    """The folder cannot be written."""
