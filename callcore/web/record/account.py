"""``/account``: one's own password, second factor and tokens. Whoever is signed in has one."""

from __future__ import annotations

import math
import secrets
from typing import Any

from aiohttp import web

from callcore.rights import Permission
from callcore.store.errors import NotStored, TextRefused
from callcore.store.users import By
from callcore.web import kit
from callcore.web.context import WEB, Web, allowed
from callcore.web.passwords import MAX_LENGTH, weakness
from callcore.web.problems import Problem
from callcore.web.record.access_room import ACCESS
from callcore.web.render import texts_of
from callcore.web.security import client_address, session_cookie, set_cookie
from callcore.web.signin import TOKEN_BYTES, Identity, SignInThrottled, digest
from callcore.web.tokens import PREFIX
from callcore.web.totp import spaced

PAGE = "/account"


async def page(request: web.Request) -> web.Response:
    return await _page(request, await kit.person(request))


async def password(request: web.Request) -> web.Response:
    """Choose another one. All other sessions of his end, his tokens if he says so; this session goes on
    under a new cookie."""
    identity, form = await _posted(request)
    shell, room = request.app[WEB], request.app[ACCESS]
    t = texts_of(identity.language)
    now, new = form.fields.get("now", ""), form.fields.get("new", "")
    try:
        is_right = await shell.sign_in.is_right_password(identity.login, now[:MAX_LENGTH])
    except SignInThrottled as slow:
        return await _slow(request, identity, slow)
    errors: dict[str, str] = {}
    if not is_right:
        errors["now"] = t("account.wrong_password")
    weak = weakness(new, identity.login)
    if weak is not None:
        errors["new"] = t.told(weak)
    elif new == now:
        errors["new"] = t("account.same_password")
    elif new != form.fields.get("again", ""):
        errors["again"] = t("account.differs")
    if errors:
        return await _page(request, identity, errors=errors, status=422)
    try:
        hash_ = await shell.sign_in.hash_of(new)
    except SignInThrottled as slow:
        return await _slow(request, identity, slow)
    by = By(identity.login, shell.deps.now())
    await room.database.users.set_password_hash(
        identity.login, hash_, must_change=False, end_tokens=bool(form.get("end_tokens")), by=by
    )
    shell.sign_in.forget(identity.login)
    agent = request.headers.get("User-Agent", "")
    token = await shell.sign_in.reopen(identity.login, client_address(request, shell.settings), agent)
    response = kit.go(request, PAGE, done=t("account.password_changed"))
    set_cookie(response, session_cookie(shell.settings), token, shell.settings)
    return response


async def factor(request: web.Request) -> web.Response:
    """``do``: ``offer`` a secret, ``confirm`` it by a code, new ``codes``, ``off``."""
    identity, form = await _posted(request)
    shell, factor = request.app[WEB], request.app[ACCESS].factor
    t, do = texts_of(identity.language), form.get("do")
    if not factor.policy.is_offered:
        raise Problem("not_found")
    if do == "offer":
        await factor.offer(identity.login)
        return kit.go(request, PAGE)
    if do not in ("confirm", "codes", "off"):
        raise Problem("bad_request")
    try:
        if do == "confirm":
            codes = await shell.sign_in.confirm_factor(identity.login, form.get("code"))
        elif await shell.sign_in.is_right_code(identity.login, form.get("code")):
            codes = await factor.renew_codes(identity.login) if do == "codes" else ()
        else:
            codes = None
    except SignInThrottled as slow:
        return await _slow(request, identity, slow)
    if codes is None:
        return await _page(request, identity, errors={"code": t("account.wrong_code")}, status=422)
    if do == "off":
        if identity.role in factor.policy.required_roles:
            return await _page(request, identity, errors={"": t("account.factor_required")}, status=409)
        await factor.remove(identity.login, identity.login)
        shell.sign_in.forget(identity.login)
        return kit.go(request, PAGE, done=t("account.factor_off_done"))
    shell.sign_in.forget(identity.login)
    return await _page(request, identity, codes=codes)


async def picture(request: web.Request) -> web.Response:
    """The QR code of the secret that waits to be confirmed."""
    identity = await kit.person(request)
    offered = await request.app[ACCESS].factor.offered(identity.login)
    if offered is None:
        raise Problem("not_found")
    return web.Response(text=offered.picture, content_type="image/svg+xml")


async def make_token(request: web.Request) -> web.Response:
    """A token of one's own, shown this once, with scopes out of what one may."""
    identity, form = await _posted(request)
    shell, room = request.app[WEB], request.app[ACCESS]
    t = texts_of(identity.language)
    wanted = [each for each in _grantable(identity) if form.get(f"scope.{each}")]
    if not wanted:
        errors = {"scopes": t("account.no_scopes")}
        return await _page(request, identity, errors=errors, name=form.get("name"), status=422)
    token = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    try:
        await room.database.tokens.add(
            digest(token), identity.login, form.get("name"), shell.deps.now(), wanted
        )
    except (TextRefused, NotStored) as refused:
        key = "account.no_name" if isinstance(refused, TextRefused) else "account.name_taken"
        return await _page(
            request, identity, errors={"name": t(key)}, name=form.get("name"), scopes=wanted, status=422
        )
    return await _page(request, identity, token=token)


async def revoke_token(request: web.Request) -> web.Response:
    identity, form = await _posted(request)
    room, now = request.app[ACCESS], request.app[WEB].deps.now()
    if not await room.database.tokens.remove(identity.login, form.get("name"), By(identity.login, now)):
        raise Problem("not_found")
    return kit.go(request, PAGE, done=texts_of(identity.language)("account.revoked"))


async def _posted(request: web.Request) -> tuple[Identity, kit.Form]:
    identity = await kit.person(request)
    return identity, await kit.form(request, identity)


async def _slow(request: web.Request, identity: Identity, slow: SignInThrottled) -> web.Response:
    words = texts_of(identity.language)("sign_in.error_throttled")
    response = await _page(request, identity, errors={"": words}, status=429)
    response.headers["Retry-After"] = str(math.ceil(slow.seconds))
    return response


def _grantable(identity: Identity) -> tuple[Permission, ...]:
    return tuple(each for each in Permission if allowed(identity, each))


async def _page(
    request: web.Request, identity: Identity, *, status: int = 200, **values: object
) -> web.Response:
    shell: Web = request.app[WEB]
    room = request.app[ACCESS]
    # Asked anew: what he owes may have been settled a moment ago.
    fresh = await shell.sign_in.check(identity.token_hash) or identity
    offered = await room.factor.offered(identity.login)
    is_on = await room.factor.is_on(identity.login)
    given: dict[str, Any] = {"errors": {}, "codes": (), "token": "", "name": "", "scopes": (), **values}
    return kit.show(
        request,
        fresh,
        "record/account/account.html",
        status=status,
        me=await room.database.users.get(identity.login),
        owes=fresh.owes,
        offered=offered is not None and not is_on,
        spaced=spaced(offered.secret) if offered is not None else "",
        is_on=is_on,
        is_offered=room.factor.policy.is_offered,
        is_required=identity.role in room.factor.policy.required_roles,
        codes_left=await room.factor.codes_left(identity.login) if is_on else 0,
        tokens=await room.database.tokens.of(identity.login),
        grantable=_grantable(identity),
        titles=room.queues(),
        sees_audit=allowed(identity, Permission.audit_see),
        **given,
    )


ROUTES = (
    web.get(PAGE, page),
    web.post(f"{PAGE}/password", password),
    web.post(f"{PAGE}/factor", factor),
    web.get(f"{PAGE}/factor.svg", picture),
    web.post(f"{PAGE}/tokens", make_token),
    web.post(f"{PAGE}/tokens/revoke", revoke_token),
)
