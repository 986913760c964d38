"""What people type about a customer, read and checked. Pure; faults in the words of the page, by field."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from callcore.domain import LANGUAGES, Text
from callcore.store.prospects import Prospect
from callcore.store.texts import ADDRESS_LIMIT, COMMENT_LIMIT, NAME_LIMIT
from callcore.web.i18n import Texts
from callcore.web.kit import Form

CLAUSES = (
    Text("Обработка персональных данных", "Processing of personal data"),
    Text("Реклама и предложения", "Advertising and offers"),
    Text("Запись разговоров", "Recording of calls"),
    Text("Опросы", "Surveys"),
)
"""Offered while one types; any other name of a clause will do."""
CORRECTED: Mapping[str, int] = {
    "name": NAME_LIMIT,
    "address": ADDRESS_LIMIT,
    "email": NAME_LIMIT,
    "language": 8,
    "urgent": COMMENT_LIMIT,
}
PROSPECT = ("name", "number", "person", "legal_form", "address", "email")


class Words(dict[str, str]):
    """By field; of a field that is not there, nothing."""

    def __missing__(self, name: str) -> str:
        return ""


def read_correction(given: Form, t: Texts) -> tuple[dict[str, str], dict[str, str]]:
    """Fields to be corrected, and faults by field. A field that was not sent is not touched."""
    fields = {name: given.get(name) for name in CORRECTED if name in given.fields}
    errors = {
        name: t("customer.too_long", n=CORRECTED[name])
        for name, text in fields.items()
        if len(text) > CORRECTED[name]
    }
    if "name" in fields and not fields["name"]:
        errors["name"] = t("customer.name_needed")
    if fields.get("email") and not _is_email(fields["email"]):
        errors["email"] = t("customer.bad_email")
    if fields.get("language") and fields["language"] not in LANGUAGES:
        errors["language"] = t("customer.bad_language")
    return fields, errors


def seen_before(given: Form) -> dict[str, str]:
    """What stood in the form's fields when it was made; a field that it does not tell of is not there."""
    return {name: given.get(f"was-{name}") for name in CORRECTED if f"was-{name}" in given.fields}


def read_prospect(
    given: Form, canonical: Callable[[str | None], str | None], t: Texts
) -> tuple[Prospect | None, dict[str, str]]:
    """Who wants to leave nothing leaves at least a name or a number (D-26)."""
    name, raw = given.get("name"), given.get("number")
    number = canonical(raw) if raw else ""
    errors: dict[str, str] = {}
    if raw and (number is None or not number.startswith("+")):
        errors["number"] = t("customer.bad_number")
    if not name and not raw:
        errors["name"] = t("customer.name_or_number")
    if given.get("email") and not _is_email(given.get("email")):
        errors["email"] = t("customer.bad_email")
    limits = {
        "name": NAME_LIMIT,
        "person": NAME_LIMIT,
        "legal_form": 128,
        "address": ADDRESS_LIMIT,
        "email": NAME_LIMIT,
    }
    for field, limit in limits.items():
        if len(given.get(field)) > limit:
            errors[field] = t("customer.too_long", n=limit)
    if errors:
        return None, errors
    prospect = Prospect(
        name=name or (number or ""),
        number=number or "",
        legal_form=given.get("legal_form"),
        address=given.get("address"),
        email=given.get("email"),
        person=given.get("person"),
    )
    return prospect, {}


def _is_email(text: str) -> bool:
    name, at, domain = text.partition("@")
    return bool(name and at and "." in domain.strip(".") and " " not in text and "@" not in domain)
