"""``callcore webhook``: who is told of which events, and what became of it, asked of the running daemon."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable

from callcore.bus.outward import in_words
from callcore.commands.control import Daemon, Json, daemon
from callcore.commands.frame import DONE, Output, Work, add_config, add_json, add_language
from callcore.domain import Text

Act = Callable[[argparse.Namespace, Output, Daemon], None]


def _list(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    found = client.get("webhooks")["webhooks"]
    if options.json:
        output.json(found)
        return
    for hook in found:
        parts = (str(hook["id"]), hook["name"], hook["url"], " ".join(hook["patterns"]), _state(hook, output))
        output.say(" · ".join(parts))
    if not found:
        output.say(
            Text(
                "Подписок нет: callcore webhook add НАЗВАНИЕ АДРЕС СОБЫТИЯ",
                "No subscriptions: callcore webhook add NAME URL EVENTS",
            )
        )


def _state(hook: Json, output: Output) -> str:
    if hook["disabled_at"]:
        return output.paint(
            output.words(Text("выключена: не отвечала", "switched off: did not answer")), "red"
        )
    if not hook["is_active"]:
        return output.paint(output.words(Text("выключена", "switched off")), "dim")
    if hook["failing_since"]:
        return output.paint(output.words(Text("не отвечает", "does not answer")), "yellow")
    return output.paint(output.words(Text("работает", "works")), "green")


def _add(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    body = {"name": options.NAME, "url": options.URL, "patterns": options.EVENTS}
    made = client.post("webhooks", body=json.dumps(body).encode(), kind="application/json")
    if options.json:
        output.json(made)
        return
    output.say(made["secret"])
    output.say(
        Text(
            f"Подписка {made['id']}. Секрет выше больше показан не будет.",
            f"Subscription {made['id']}. The secret above is not shown again.",
        ),
        "dim",
    )


def _remove(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    client.delete("webhooks", options.ID)
    output.say(Text("Удалена.", "Removed."))


def _test(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    sent = client.post("webhooks", options.ID, "test")
    output.say(
        Text(
            f"Отправляется: callcore webhook deliveries {options.ID} покажет доставку {sent['id']}.",
            f"On its way: callcore webhook deliveries {options.ID} shows delivery {sent['id']}.",
        )
    )


def _again(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    client.post("deliveries", options.ID, "send")
    output.say(Text("Отправляется ещё раз.", "On its way again."))


def _deliveries(options: argparse.Namespace, output: Output, client: Daemon) -> None:
    found = client.get("webhooks", options.ID, "deliveries")["deliveries"]
    if options.json:
        output.json(found)
        return
    words = {
        "waiting": Text("ждёт", "waits"),
        "delivered": Text("доставлено", "delivered"),
        "failed": Text("не доставлено", "not delivered"),
    }
    for each in found:
        answer = f"{each['status'] or '—'} {output.words(in_words(each['answer']))[:160]}".strip()
        tries = output.words(Text(f"попыток: {each['tries']}", f"tries: {each['tries']}"))
        output.say(
            f"{each['id']} · {each['type']} · {output.words(words[each['state']])} · {tries} · {answer}"
        )
    if not found:
        output.say(Text("Доставок пока нет.", "No deliveries yet."))


_ID = ("ID", Text("номер подписки", "the subscription's number"))
_DELIVERY = ("ID", Text("номер доставки", "the delivery's number"))
_ACTS: dict[str, tuple[Text, Act, tuple[tuple[str, Text], ...], bool]] = {
    "list": (Text("все подписки", "all subscriptions"), _list, (), True),
    "add": (
        Text("подписать на события", "subscribe to events"),
        _add,
        (
            ("NAME", Text("название", "its name")),
            ("URL", Text("куда слать", "where to send")),
            ("EVENTS", Text("case.created, case.* или '*'", "case.created, case.* or '*'")),
        ),
        True,
    ),
    "remove": (Text("удалить с доставками", "remove with its deliveries"), _remove, (_ID,), False),
    "test": (Text("послать пробное событие", "send a test"), _test, (_ID,), False),
    "deliveries": (Text("что доставлено", "what was delivered"), _deliveries, (_ID,), True),
    "again": (Text("отправить ещё раз", "send again"), _again, (_DELIVERY,), False),
}


def _configure(parser: argparse.ArgumentParser, output: Output) -> None:
    say = output.words
    below = parser.add_subparsers(dest="action", required=True, metavar=say(Text("ДЕЙСТВИЕ", "ACTION")))
    for word, (help_, _, arguments, has_json) in _ACTS.items():
        each = below.add_parser(word, help=say(help_), description=say(help_), allow_abbrev=False)
        add_config(each, output)
        add_language(each, output)
        for name, words in arguments:
            each.add_argument(name, help=say(words), nargs="+" if name == "EVENTS" else None)
        if has_json:
            add_json(each, output)


def _run(options: argparse.Namespace, output: Output) -> int:
    client, _ = daemon(options, output)
    _ACTS[options.action][1](options, output, client)
    return DONE


WEBHOOK = Work(_configure, _run)
