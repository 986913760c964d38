"""``/admin``: who may sign in, as what, with which phones and queues; and where else one goes."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from aiohttp import web

from callcore.ami.actions import is_device
from callcore.domain import LANGUAGES, Interface, QueueName
from callcore.rights import Permission, Role
from callcore.store.errors import NotStored, TextRefused
from callcore.store.texts import NAME_LIMIT, WORD_LIMIT, canonical_login, typed_text
from callcore.store.users import By, User
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.i18n import Texts
from callcore.web.problems import Problem
from callcore.web.record.access_room import ACCESS, AccessRoom
from callcore.web.render import texts_of
from callcore.web.security import as_language
from callcore.web.signin import Identity, SignInThrottled

PAGE = "/admin"
NEEDS = Permission.users_manage


@dataclass(frozen=True, slots=True)
class Draft:
    """What the form says of a person, as typed."""

    login: str = ""
    name: str = ""
    role: str = Role.operator.value
    department: str = ""
    phones: str = ""
    queues: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    language: str = "ru"


async def page(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    room = request.app[ACCESS]
    users = await room.database.users.list()
    return kit.show(
        request,
        identity,
        "record/admin/users.html",
        here="admin",
        users=sorted(users, key=lambda user: (user.disabled_at is not None, user.login)),
        with_factor=await room.database.second_factors.all(),
        departments=room.departments(),
        titles=room.queues(),
        links=room.links,
    )


async def new_page(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    return _form(request, identity, Draft(language=request.app[WEB].settings.language))


async def add(request: web.Request) -> web.Response:
    """Made with a password of ours, shown this once; the person chooses his own at the first sign-in."""
    identity = await kit.person(request, NEEDS)
    draft = _draft(await kit.form(request, identity))
    room, shell, t = request.app[ACCESS], request.app[WEB], texts_of(identity.language)
    errors = _faults(draft, room, t, is_new=True)
    if errors:
        return _form(request, identity, draft, errors=errors, status=422)
    password, now = secrets.token_urlsafe(12), shell.deps.now()
    try:
        user = await room.database.users.add(
            draft.login,
            draft.name,
            Role(draft.role),
            await shell.sign_in.hash_of(password),
            at=now,
            language=as_language(draft.language) or "ru",
            interfaces=_phones(draft.phones),
            queues=map(QueueName, sorted(draft.queues)),
            department=draft.department,
            must_change_password=True,
            skills=sorted(draft.skills),
            by=By(identity.login, now),
        )
    except NotStored:
        errors = {"login": t("users.login_taken")}
        return _form(request, identity, draft, errors=errors, status=422)
    except SignInThrottled:
        raise Problem("throttled", {"Retry-After": "5"}) from None
    return await _one(request, identity, user.login, password=password)


async def one_page(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    return await _one(request, identity, request.match_info["login"])


async def change(request: web.Request) -> web.Response:
    identity = await kit.person(request, NEEDS)
    draft = _draft(await kit.form(request, identity))
    room, shell, t = request.app[ACCESS], request.app[WEB], texts_of(identity.language)
    user = await _known(room, request.match_info["login"])
    errors = _faults(draft, room, t, is_new=False)
    if user.login == identity.login and draft.role != user.role.value:
        errors["role"] = t("users.own_role")
    if errors:
        return await _one(request, identity, user.login, draft=draft, errors=errors, status=422)
    await room.database.users.change(
        user.login,
        by=By(identity.login, shell.deps.now()),
        name=draft.name,
        role=Role(draft.role),
        department=draft.department,
        interfaces=_phones(draft.phones),
        queues=map(QueueName, sorted(draft.queues)),
        skills=sorted(draft.skills),
    )
    shell.sign_in.forget(user.login)
    return kit.go(request, f"{PAGE}/users/{user.login}", done=t("users.changed"))


async def act(request: web.Request) -> web.Response:
    """``disable``, ``enable``, ``reset`` the password, ``reset-factor``."""
    identity = await kit.person(request, NEEDS)
    await kit.form(request, identity)
    room, shell, t = request.app[ACCESS], request.app[WEB], texts_of(identity.language)
    user, do = await _known(room, request.match_info["login"]), request.match_info["do"]
    now = shell.deps.now()
    by, password = By(identity.login, now), ""
    if do == "disable":
        if user.login == identity.login:
            errors = {"": t("users.own_disable")}
            return await _one(request, identity, user.login, errors=errors, status=409)
        await room.database.users.disable(user.login, now, by)
    elif do == "enable":
        await room.database.users.enable(user.login, by)
    elif do == "reset-factor":
        await room.factor.remove(user.login, identity.login)
    else:
        password = secrets.token_urlsafe(12)
        try:
            hash_ = await shell.sign_in.hash_of(password)
        except SignInThrottled:
            raise Problem("throttled", {"Retry-After": "5"}) from None
        await room.database.users.set_password_hash(
            user.login, hash_, must_change=True, end_tokens=True, by=by
        )
    shell.sign_in.forget(user.login)
    await shell.sweep()
    if password:
        if user.login == identity.login:
            # His own session ended with the password; the page that tells the new one is his last.
            shell.connections.dismiss(shell.connections.of_login(user.login), "expired")
        return await _one(request, identity, user.login, password=password)
    return kit.go(request, f"{PAGE}/users/{user.login}", done=t("users.changed"))


async def _one(
    request: web.Request,
    identity: Identity,
    login: str,
    *,
    draft: Draft | None = None,
    errors: dict[str, str] | None = None,
    password: str = "",
    status: int = 200,
) -> web.Response:
    room = request.app[ACCESS]
    user = await _known(room, login)
    shown = draft or Draft(
        user.login,
        user.name,
        user.role.value,
        user.department,
        " ".join(user.interfaces),
        frozenset(user.queues),
        frozenset(user.skills),
        user.language,
    )
    factor = await room.factor.is_on(user.login)
    return _form(
        request,
        identity,
        shown,
        user=user,
        has_factor=factor,
        errors=errors,
        password=password,
        status=status,
    )


def _form(
    request: web.Request,
    identity: Identity,
    draft: Draft,
    *,
    user: User | None = None,
    has_factor: bool = False,
    errors: dict[str, str] | None = None,
    password: str = "",
    status: int = 200,
) -> web.Response:
    room = request.app[ACCESS]
    queues = {str(name): title for name, title in room.queues().items()}
    return kit.show(
        request,
        identity,
        "record/admin/user.html",
        here="admin",
        status=status,
        draft=draft,
        user=user,
        has_factor=has_factor,
        errors=errors or {},
        password=password,
        roles=[role.value for role in Role],
        languages=LANGUAGES,
        departments=room.departments(),
        queues=queues,
        unknown=sorted(draft.queues - queues.keys()),
        skills=sorted({*room.skills(), *draft.skills}),
    )


def _draft(form: kit.Form) -> Draft:
    return Draft(
        login=form.get("login"),
        name=form.get("name"),
        role=form.get("role"),
        department=form.get("department"),
        phones=form.get("phones"),
        queues=_ticked(form, "queue."),
        skills=_ticked(form, "skill."),
        language=form.get("language"),
    )


def _ticked(form: kit.Form, start: str) -> frozenset[str]:
    return frozenset(name.removeprefix(start) for name in form.fields if name.startswith(start))


def _phones(text: str) -> list[Interface]:
    return [Interface(word) for word in text.replace(",", " ").split()]


def _faults(draft: Draft, room: AccessRoom, t: Texts, *, is_new: bool) -> dict[str, str]:
    errors: dict[str, str] = {}
    if is_new:
        try:
            canonical_login(draft.login)
        except TextRefused:
            errors["login"] = t("users.login_wrong")
    try:
        typed_text(draft.name, NAME_LIMIT, "name", empty=False)
    except TextRefused:
        errors["name"] = t("users.name_wrong")
    if draft.role not in list(Role):
        errors["role"] = t("users.role_wrong")
    if draft.department and draft.department not in room.departments():
        errors["department"] = t("users.department_wrong")
    wrong = [phone for phone in _phones(draft.phones) if not _is_phone(phone, room.pbxs)]
    if wrong:
        errors["phones"] = t("users.phone_wrong", phone=wrong[0][:WORD_LIMIT])
    if any(len(name) > WORD_LIMIT for name in draft.queues):
        errors["queues"] = t("users.queue_wrong")
    if any(len(name) > WORD_LIMIT for name in draft.skills):
        errors["skills"] = t("users.skill_wrong")
    return errors


def _is_phone(text: str, pbxs: tuple[str, ...]) -> bool:
    """A device as Asterisk spells it, perhaps with the name of its PBX and a colon before it."""
    name, colon, device = text.partition(":")
    if colon and "/" not in name:
        return name in pbxs and is_device(device) and len(text) <= WORD_LIMIT
    return is_device(text) and len(text) <= WORD_LIMIT


async def _known(room: AccessRoom, login: str) -> User:
    user = await room.database.users.get(login)
    if user is None:
        raise Problem("not_found")
    return user


_LOGIN = "{login:[A-Za-z0-9][A-Za-z0-9._@-]{0,63}}"
ROUTES = (
    web.get(PAGE, page),
    web.get(f"{PAGE}/new-user", new_page),
    web.post(f"{PAGE}/new-user", add),
    web.get(f"{PAGE}/users/{_LOGIN}", one_page),
    web.post(f"{PAGE}/users/{_LOGIN}", change),
    web.post(f"{PAGE}/users/{_LOGIN}/{{do:disable|enable|reset|reset-factor}}", act),
)
