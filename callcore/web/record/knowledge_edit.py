"""Writing the knowledge base: drafts with preview, versions compared and taken back, files, sections."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from aiohttp import web

from callcore.crm.knowledge import compared, slug_of
from callcore.domain import Text
from callcore.rights import Permission
from callcore.store.article_rows import Draft, Section
from callcore.store.articles import EditedMeanwhile
from callcore.store.attachments import KINDS, AttachmentRefused, Owner, OwnerKind
from callcore.store.errors import NotStored, TextRefused
from callcore.store.users import By
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.problems import Problem
from callcore.web.record.knowledge import RESERVED, ROOM, KnowledgeRoom, existing, rendered, side
from callcore.web.signin import Identity

_MEANWHILE = Text(
    "Пока вы правили, статью сохранил кто-то другой. Ваш текст ниже цел: сравните и сохраните ещё раз — "
    "он станет следующей версией.",
    "Somebody else saved the article while you were editing. Your text below is intact: compare, and save "
    "again to make it the next version.",
)
_FILES = {
    "file_empty": Text("Файл пуст.", "The file is empty."),
    "file_too_large": Text("Файл больше 10 МБ.", "The file is larger than 10 MB."),
    "files_too_many": Text("Файлов слишком много.", "There are too many files."),
    "file_kind": Text("Такого вида нет.", "There is no such kind."),
    "file_name": Text("Имя файла не годится.", "The file's name will not do."),
}


@dataclass(frozen=True, slots=True)
class Filled:
    """The form: ``base`` is the revision that it changes, 0 for a new article."""

    draft: Draft
    base: int
    note: str = ""
    errors: dict[str, Text] = field(default_factory=dict)


async def new_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    section = request.query.get("section", "")[:80]
    draft = Draft("", section, Text("", ""), Text("", ""), tuple(request.query.getall("topic", []))[:10])
    return await _form(request, identity, Filled(draft, 0))


async def edit_form(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    found = await existing(request, identity)
    draft = Draft(found.slug, found.section, found.title, found.body, found.topics)
    return await _form(request, identity, Filled(draft, found.revision))


async def save(request: web.Request) -> web.Response:
    """Of a new article and of one that is there; ``do`` is ``preview`` or ``save``."""
    identity = await kit.person(request, Permission.knowledge_write)
    sent = await kit.form(request, identity, files=True)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    slug = request.match_info.get("slug", "") or sent.get("slug")
    title = Text(sent.get("title_ru"), sent.get("title_en"))
    draft = Draft(
        slug or slug_of(title.ru or title.en),
        sent.get("section"),
        title,
        Text(sent.get("body_ru"), sent.get("body_en")),
        tuple(sent.get("topics").replace(",", " ").split()),
    )
    base = sent.number("base") or 0
    if not request.match_info.get("slug"):
        base = 0
    filled = Filled(draft, base, sent.get("note"))
    if sent.get("do") == "preview":
        return await _form(request, identity, filled, is_preview=True)
    errors = _faults(room, draft)
    if not errors:
        try:
            saved = await room.database.articles.save(draft, base, identity.login, now, filled.note)
            return kit.go(request, f"/knowledge/{saved.slug}")
        except EditedMeanwhile:
            errors[""] = _MEANWHILE
            found = await room.database.articles.get(draft.slug)
            base = found.revision if found else base
        except (NotStored, TextRefused) as refused:
            errors[""] = refused.text
    status = 409 if errors.get("") is _MEANWHILE else 422
    return await _form(
        request,
        identity,
        Filled(draft, base, filled.note, errors),
        status,
        theirs=filled.base if status == 409 else 0,
    )


async def history(request: web.Request) -> web.Response:
    """All versions, and two of them compared: by default the newest with the one before."""
    identity = await kit.person(request, Permission.knowledge_see)
    room = request.app[ROOM]
    found = await existing(request, identity)
    versions = await room.database.articles.versions(found.slug)
    by_revision = {version.revision: version for version in versions}
    new = by_revision.get(_revision(request, "to"), versions[0])
    old = by_revision.get(_revision(request, "from")) or by_revision.get(new.revision - 1)
    parts = []
    for language in ("ru", "en"):
        before = f"# {old.draft.title.in_(language)}\n{old.draft.body.in_(language)}" if old else ""
        after = f"# {new.draft.title.in_(language)}\n{new.draft.body.in_(language)}"
        if before != after:
            parts.append((language, await asyncio.to_thread(compared, before, after)))
    return kit.show(
        request,
        identity,
        "record/knowledge/history.html",
        here="knowledge",
        article=found,
        versions=versions,
        new=new,
        old=old,
        parts=parts,
        names={user.login: user.name for user in await room.database.users.list()},
    )


async def take_back(request: web.Request) -> web.Response:
    """An older version becomes the next one."""
    identity = await kit.person(request, Permission.knowledge_write)
    sent = await kit.form(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    found = await existing(request, identity)
    wanted = sent.number("revision")
    old = next((v for v in await room.database.articles.versions(found.slug) if v.revision == wanted), None)
    if old is None:
        raise Problem("not_found")
    note = f"← {old.revision}"
    try:
        await room.database.articles.save(old.draft, sent.number("base") or 0, identity.login, now, note)
    except EditedMeanwhile as refused:
        raise Problem("conflict") from refused
    return kit.go(request, f"/knowledge/{found.slug}/history")


async def archive(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    await kit.form(request, identity)
    found = await existing(request, identity)
    await request.app[ROOM].database.articles.archive(found.slug, identity.login, request.app[WEB].deps.now())
    return kit.go(request, f"/knowledge/{found.slug}")


async def restore(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    await kit.form(request, identity)
    found = await existing(request, identity)
    await request.app[ROOM].database.articles.restore(found.slug, identity.login, request.app[WEB].deps.now())
    return kit.go(request, f"/knowledge/{found.slug}")


async def add_files(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    sent = await kit.form(request, identity, files=True)
    found = await existing(request, identity)
    room, now = request.app[ROOM], request.app[WEB].deps.now()
    kind = sent.get("kind") or "form"
    for file in sent.files:
        try:
            owner = Owner(OwnerKind.article, found.slug)
            await room.database.attachments.add(
                owner, file.name, file.media_type, kind, file.body, identity.login, now
            )
        except AttachmentRefused as refused:
            draft = Draft(found.slug, found.section, found.title, found.body, found.topics)
            errors = {"file": _FILES.get(refused.code, Text(refused.code, refused.code))}
            return await _form(request, identity, Filled(draft, found.revision, errors=errors), 422)
    return kit.go(request, f"/knowledge/{found.slug}/edit")


async def remove_file(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    sent = await kit.form(request, identity)
    found = await existing(request, identity)
    owner, by = Owner(OwnerKind.article, found.slug), By(identity.login, request.app[WEB].deps.now())
    if not await request.app[ROOM].database.attachments.unlink(sent.get("file"), owner, by):
        raise Problem("not_found")
    return kit.go(request, f"/knowledge/{found.slug}/edit")


async def sections(request: web.Request) -> web.Response:
    identity = await kit.person(request, Permission.knowledge_write)
    return await _sections(request, identity)


async def put_section(request: web.Request) -> web.Response:
    """Adds or changes one; ``do=remove`` takes an empty one away."""
    identity = await kit.person(request, Permission.knowledge_write)
    sent = await kit.form(request, identity)
    articles = request.app[ROOM].database.articles
    title = Text(sent.get("title_ru"), sent.get("title_en"))
    slug = sent.get("slug") or slug_of(title.en or title.ru)
    try:
        if sent.get("do") == "remove":
            await articles.remove_section(slug)
        else:
            position = sent.number("position") or 0
            await articles.put_section(
                Section(slug, title, sent.get("parent") or None, min(position, 10_000))
            )
    except (NotStored, TextRefused) as refused:
        return await _sections(request, identity, refused.text)
    return kit.go(request, "/knowledge/sections")


async def _sections(request: web.Request, identity: Identity, error: Text | None = None) -> web.Response:
    found = await request.app[ROOM].database.articles.sections()
    return kit.show(
        request,
        identity,
        "record/knowledge/sections.html",
        here="knowledge",
        status=422 if error else 200,
        sections=found,
        errors={"": error} if error else {},
    )


async def _form(
    request: web.Request,
    identity: Identity,
    filled: Filled,
    status: int = 200,
    *,
    is_preview: bool = False,
    theirs: int = 0,
) -> web.Response:
    room = request.app[ROOM]
    is_new = "slug" not in request.match_info
    owner = Owner(OwnerKind.article, filled.draft.slug)
    body, language = side(filled.draft.body, identity.language)
    return kit.show(
        request,
        identity,
        "record/knowledge/edit.html",
        here="knowledge",
        status=status,
        filled=filled,
        draft=filled.draft,
        is_new=is_new,
        sections=await room.database.articles.sections(),
        topics=room.topics(),
        files=() if is_new else await room.database.attachments.of(owner),
        kinds=KINDS,
        preview=await rendered(body) if is_preview else None,
        language=language,
        theirs=theirs,
    )


def _faults(room: KnowledgeRoom, draft: Draft) -> dict[str, Text]:
    errors: dict[str, Text] = {}
    if not (draft.title.ru or draft.title.en):
        errors["title_ru"] = Text("Нужно название.", "A title is needed.")
    if not (draft.body.ru or draft.body.en):
        errors["body_ru"] = Text(
            "Нужен текст хотя бы на одном языке.", "A text in one language at least is needed."
        )
    if draft.slug in RESERVED:
        errors["slug"] = Text("Этот адрес занят, возьмите другой.", "This address is taken, choose another.")
    known = {str(topic.code) for topic in room.topics()}
    known |= {code.split(".")[0] for code in known}
    unknown = [code for code in draft.topics if code not in known]
    if unknown:
        errors["topics"] = Text(
            f"Нет тем: {', '.join(unknown)[:200]}.", f"No such topics: {', '.join(unknown)[:200]}."
        )
    return errors


def _revision(request: web.Request, name: str) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


ROUTES = (
    web.get("/knowledge/new", new_form),
    web.post("/knowledge/new", save),
    web.get("/knowledge/sections", sections),
    web.post("/knowledge/sections", put_section),
    web.get("/knowledge/{slug}/edit", edit_form),
    web.post("/knowledge/{slug}/edit", save),
    web.get("/knowledge/{slug}/history", history),
    web.post("/knowledge/{slug}/back", take_back),
    web.post("/knowledge/{slug}/archive", archive),
    web.post("/knowledge/{slug}/restore", restore),
    web.post("/knowledge/{slug}/files", add_files),
    web.post("/knowledge/{slug}/files/remove", remove_file),
)
