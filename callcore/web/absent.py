"""What is not there, by the words of an API's path: a program learns which of its words led nowhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

from aiohttp import web

from callcore.domain import Text

_NO_ADDRESS = Text(
    "Такого адреса в API нет; какие есть: /api/v1/openapi.json.",
    "The API has no such address; those it has: /api/v1/openapi.json.",
)
_BY_WORD: Mapping[str, Text] = {
    "articles": Text("Такой статьи нет.", "There is no such article."),
    "calls": Text("Такого звонка нет.", "There is no such call."),
    "campaigns": Text("Такого оповещения нет.", "There is no such campaign."),
    "cases": Text("Такого кейса нет.", "There is no such case."),
    "contacts": Text("Такого обращения нет.", "There is no such contact."),
    "counterparties": Text("Такого контрагента нет.", "There is no such counterparty."),
    "counterparty-groups": Text(
        "Такой группы контрагентов нет.", "There is no such group of counterparties."
    ),
    "customers": Text("Такого клиента нет.", "There is no such customer."),
    "deliveries": Text("Такой доставки нет.", "There is no such delivery."),
    "departments": Text("Такого отдела или способа нет.", "There is no such department or way."),
    "dnc": Text("Этого номера в списке нет.", "The list does not have this number."),
    "flashes": Text("Такой заметки нет.", "There is no such flash note."),
    "interactions": Text("Такой записи нет.", "There is no such interaction."),
    "opt-outs": Text("Такого отказа в силе нет.", "There is no such opt-out in force."),
    "outages": Text("Такого отключения нет.", "There is no such outage."),
    "payments": Text("Такого платежа нет.", "There is no such payment."),
    "tasks": Text("Такой задачи нет.", "There is no such task."),
    "visits": Text("Такого посетителя нет.", "There is no such visitor."),
    "webhooks": Text("Такой подписки нет.", "There is no such subscription."),
}


def absent(request: web.Request) -> Text | None:
    """Why an address of the API leads nowhere; None where its words do not tell."""
    resource = request.match_info.route.resource
    if resource is None:
        return _NO_ADDRESS
    found = re.search(r"([\w-]+)/\{", resource.canonical)
    return _BY_WORD.get(found[1]) if found else None
