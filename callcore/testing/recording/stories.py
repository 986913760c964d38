"""Every story there is, in the order in which they are told."""

from callcore.testing.recording import stories_direct, stories_office, stories_queue, stories_transfer
from callcore.testing.recording.registry import STORIES

__all__ = ["STORIES", "stories_direct", "stories_office", "stories_queue", "stories_transfer"]
