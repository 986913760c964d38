"""A customer put right during a call: contact data, numbers, passwords, consents, papers (D-68, D-73).

What is changed is told to all desks and pages that show him.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

from aiohttp import web

from callcore.domain import NULL_CUSTOMER, CustomerId
from callcore.rights import Permission
from callcore.store.attachments import AttachmentRefused, Owner, OwnerKind
from callcore.store.errors import NotStored, TextRefused
from callcore.store.record import CustomerRecord
from callcore.store.records import CorrectedMeanwhile
from callcore.web import kit
from callcore.web.context import WEB
from callcore.web.passwords import TooBusy
from callcore.web.problems import Problem
from callcore.web.record import customer_forms as forms
from callcore.web.record.customers_card import show
from callcore.web.record.customers_room import (
    LONGEST_WORD,
    ROOM,
    contact_of,
    now_of,
    record_of,
    records_of,
    say,
)
from callcore.web.render import texts_of
from callcore.web.signin import Identity

SHORTEST_PASSWORD = 3
_FILE_FAULTS = {"file_kind": "file_kind_bad"}
"""Where the code of a refusal is also the name of a field."""


async def correct(request: web.Request) -> web.Response:
    """Contact data put right during a call (D-68): what he touched, unless somebody was faster."""
    identity, given, record = await _change(request)
    fields, errors = forms.read_correction(given, texts_of(identity.language))
    if errors:
        return await _refused(request, identity, record, "people", errors, given, "correct")
    was = forms.seen_before(given)
    touched = {name: text for name, text in fields.items() if was.get(name) != text}
    try:
        await records_of(request).correct(record.id, touched, identity.login, now_of(request), was=was)
    except CorrectedMeanwhile as overtaken:
        return await _overtaken(request, identity, given, touched, overtaken)
    except TextRefused:
        errors = {"": texts_of(identity.language)("customer.not_taken")}
        return await _refused(request, identity, record, "people", errors, given, "correct")
    return _done(request, identity, record.id, "people", "customer.corrected")


async def _overtaken(
    request: web.Request,
    identity: Identity,
    given: kit.Form,
    touched: Mapping[str, str],
    overtaken: CorrectedMeanwhile,
) -> web.Response:
    """His words beside those of who was faster; sent once more, they are what he wants all the same."""
    record, t = await record_of(request), texts_of(identity.language)
    errors = {name: t("customer.overtaken", now=text or "—") for name, text in overtaken.now.items()}
    stays = kit.Form({name: text for name, text in given.fields.items() if name in touched})
    return await _refused(request, identity, record, "people", errors, stays, "correct", 409)


async def number(request: web.Request) -> web.Response:
    """Confirm, flag or add a number; set, remove or check its spoken password."""
    identity, given, record = await _change(request)
    t = texts_of(identity.language)
    do, raw = given.get("do"), given.get("number")
    known = raw if any(own.number == raw for own in record.numbers) else None
    at, login, records = now_of(request), identity.login, records_of(request)
    if do == "add":
        canonical = request.app[ROOM].canonical(raw)
        if canonical is None or not canonical.startswith("+"):  # short ones are the house's own
            errors = {"number": t("customer.bad_number")}
            return await _refused(request, identity, record, "numbers", errors, given, "add")
        is_new = await records.add_number(record.id, canonical, login, at, kind=given.get("kind")[:60])
        return _done(
            request,
            identity,
            record.id,
            "numbers",
            "customer.number_added" if is_new else "customer.number_known",
        )
    if known is None:
        raise Problem("bad_request")
    if do == "confirm":
        await records.confirm_number(record.id, known, login, at)
        return _done(request, identity, record.id, "numbers", "customer.number_confirmed")
    if do == "flag":
        why = given.get("why")
        if not why or len(why) > LONGEST_WORD:
            errors = {f"why-{known}": t("customer.why_bad")}
            return await _refused(request, identity, record, "numbers", errors, given, f"flag-{known}")
        await records.flag_number(record.id, known, why, login, at)
        return _done(request, identity, record.id, "numbers", "customer.number_flagged")
    if do == "password":
        return await _set_password(request, identity, given, record, known)
    if do == "no_password":
        await records.set_password_hash(record.id, known, None, login, at)
        return _done(request, identity, record.id, "numbers", "customer.password_removed")
    if do == "check":
        return await _check_password(request, identity, given, record, known)
    raise Problem("bad_request")


async def _set_password(
    request: web.Request, identity: Identity, given: kit.Form, record: CustomerRecord, number: str
) -> web.Response:
    """What he will say when asked about this number (D-30); kept as a slow hash, never shown."""
    new = given.get("password")
    if not SHORTEST_PASSWORD <= len(new) <= LONGEST_WORD:
        errors = {f"password-{number}": texts_of(identity.language)("customer.password_bad")}
        return await _refused(request, identity, record, "numbers", errors, given, f"password-{number}")
    try:
        kept = await request.app[ROOM].passwords.rehash(new)
    except TooBusy:
        raise Problem("throttled", {"Retry-After": "5"}) from None
    await records_of(request).set_password_hash(record.id, number, kept, identity.login, now_of(request))
    return _done(request, identity, record.id, "numbers", "customer.password_set")


async def _check_password(
    request: web.Request, identity: Identity, given: kit.Form, record: CustomerRecord, number: str
) -> web.Response:
    """Right or wrong is all that is ever said of it; each try is in the audit, and guessing is slow."""
    room = request.app[ROOM]
    kept = await room.database.records.password_hash(record.id, number)
    if kept is None:
        raise Problem("bad_request")
    said, key = given.get("password"), f"{record.id} {number}"
    now = request.app[WEB].deps.monotonic()
    delay = room.tries.delay(key, now)
    if delay > 0:
        raise Problem("throttled", {"Retry-After": str(math.ceil(delay))})
    room.tries.wrong(key, now)
    try:
        is_right = bool(said) and len(said) <= LONGEST_WORD and await room.passwords.verify(kept, said)
    except TooBusy:
        room.tries.take_back(key)
        raise Problem("throttled", {"Retry-After": "5"}) from None
    if is_right:
        room.tries.forgive(key)
    await room.database.records.note_password_check(
        record.id, identity.login, now_of(request), is_right=is_right
    )
    return await show(
        request,
        identity,
        record,
        "numbers",
        checked=is_right,
        open_form=f"check-{number}",
        typed={"number": number},
    )


async def consent(request: web.Request) -> web.Response:
    """Given or withdrawn, with what proves it."""
    identity, given, record = await _change(request)
    t = texts_of(identity.language)
    clause, proof = given.get("clause"), given.get("evidence")
    errors = {}
    if not clause or len(clause) > 128:
        errors["clause"] = t("customer.clause_needed")
    if not proof or len(proof) > LONGEST_WORD:
        errors["evidence"] = t("customer.evidence_needed")
    if errors:
        return await _refused(request, identity, record, "consents", errors, given, given.get("do"))
    records, at = records_of(request), now_of(request)
    if given.get("do") == "withdraw":
        try:
            await records.withdraw(record.id, clause, proof, identity.login, at)
        except NotStored:
            errors = {"": t("customer.consent_gone")}
            return await _refused(request, identity, record, "consents", errors, given, "withdraw")
        return _done(request, identity, record.id, "consents", "customer.consent_withdrawn")
    await records.grant(record.id, clause, proof, identity.login, at)
    return _done(request, identity, record.id, "consents", "customer.consent_granted")


async def document(request: web.Request) -> web.Response:
    """Important papers go to the contract (D-37)."""
    identity = await kit.person(request, Permission.customers_change)
    given = await kit.form(request, identity, files=True)
    record = await record_of(request)
    t = texts_of(identity.language)
    if not given.files:
        errors = {"file": t("customer.file_needed")}
        return await _refused(request, identity, record, "documents", errors, given, "document")
    book, owner = request.app[ROOM].database.attachments, Owner(OwnerKind.customer, str(record.id))
    kind, at = given.get("kind"), now_of(request)
    try:
        for file in given.files:
            await book.add(owner, file.name, file.media_type, kind, file.body, identity.login, at)
    except AttachmentRefused as refused:
        errors = {"file": t(f"customer.{_FILE_FAULTS.get(refused.code, refused.code)}")}
        return await _refused(request, identity, record, "documents", errors, given, "document")
    return _done(request, identity, record.id, "documents", "customer.document_added")


async def _change(request: web.Request) -> tuple[Identity, kit.Form, CustomerRecord]:
    identity = await kit.person(request, Permission.customers_change)
    given = await kit.form(request, identity)
    record = await record_of(request)
    if record.id == NULL_CUSTOMER:
        raise Problem("not_found")
    return identity, given, record


async def _refused(
    request: web.Request,
    identity: Identity,
    record: CustomerRecord,
    part: str,
    errors: Mapping[str, str],
    given: kit.Form,
    open_form: str,
    status: int = 422,
) -> web.Response:
    typed = {name: value for name, value in given.fields.items() if name not in ("csrf", "password")}
    return await show(
        request, identity, record, part, status=status, errors=errors, typed=typed, open_form=open_form
    )


def _done(request: web.Request, identity: Identity, id: CustomerId, part: str, said: str) -> web.Response:
    """Back to the part that it was about; every desk and page that shows him learns of it."""
    request.app[ROOM].news.changed(id)
    contact = contact_of(request)
    more = f"&contact={contact}" if contact else ""
    return kit.go(request, f"/customers/{id}?part={part}{more}", said=say(identity, said))


ROUTES = (
    web.post(r"/customers/{id:\d+}/correct", correct),
    web.post(r"/customers/{id:\d+}/number", number),
    web.post(r"/customers/{id:\d+}/consent", consent),
    web.post(r"/customers/{id:\d+}/document", document),
)
