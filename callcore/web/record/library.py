"""Notes, articles, departments and counterparties, with pages and API, given to the application at once."""

from __future__ import annotations

from aiohttp import web

from callcore.web.record import (
    counterparties,
    directory,
    directory_api,
    directory_write_api,
    flash,
    flash_api,
    knowledge,
    knowledge_api,
    knowledge_edit,
)
from callcore.web.record.directory import DirectoryRoom
from callcore.web.record.flash import FlashRoom
from callcore.web.record.knowledge import KnowledgeRoom

PLACES = ("flash", "knowledge", "directory")


def add_to(
    app: web.Application, notes: FlashRoom, articles: KnowledgeRoom, departments: DirectoryRoom
) -> None:
    app[flash.ROOM] = notes
    app[knowledge.ROOM] = articles
    app[directory.ROOM] = departments
    for part in (flash, flash_api, knowledge_edit, knowledge, knowledge_api):
        app.router.add_routes(part.ROUTES)
    for part in (counterparties, directory, directory_api, directory_write_api):
        app.router.add_routes(part.ROUTES)
