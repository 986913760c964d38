"""Prompts from text: made once by a speech synthesiser, kept as files that Asterisk plays."""

from callcore.speech.prompts import (
    EngineFailed,
    EngineMissing,
    EngineTimeout,
    Prompt,
    PromptFolderError,
    Prompts,
    SpeechError,
    SpeechSettings,
    TextRefused,
)

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
