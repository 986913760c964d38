"""Prompts from text: recorded or synthesised once, kept as files that Asterisk plays."""

from callcore.speech.errors import (
    EngineFailed,
    EngineMissing,
    EngineTimeout,
    PromptFolderError,
    SpeechError,
    TextRefused,
)
from callcore.speech.prompts import Prompt, Prompts
from callcore.speech.settings import SpeechSettings

__all__ = [
    "EngineFailed",
    "EngineMissing",
    "EngineTimeout",
    "Prompt",
    "PromptFolderError",
    "Prompts",
    "SpeechError",
    "SpeechSettings",
    "TextRefused",
]
