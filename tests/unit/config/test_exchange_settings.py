"""``webhooks`` and ``directory``: what other programs are told, and whom callcore asks."""

from __future__ import annotations

from typing import Any

import pytest

from callcore.config import ConfigFaults
from callcore.config.directory import HttpDirectorySettings, SqlDirectorySettings

from .conftest import SETTINGS, Files

SQL = """\
directory:
  sources:
    billing:
      kind: sql
      url: sqlite:///crm.db
      by_number: select ban from clients where phone = :number
      columns: {key: ban}
"""
HTTP = """\
directory:
  sources:
    crm:
      kind: http
      by_number: "https://crm.example/find?phone={number}"
      headers: {Authorization: "Bearer {secret}"}
      secret_env: CRM
      fields: {key: id, name: person.name}
"""
HOOKS = """\
webhooks:
  allow: [10.0.0.0/8]
  pull: {url: "https://crm.example/pop", on: ringing, secret_env: CRM}
  push:
    - {url: "http://zammad.local/cti"}
"""


def load(files: Files, text: str, **environ: str) -> Any:
    from callcore.config import load as load_

    files.settings(SETTINGS + text)
    return load_(files.folder / "callcore.yaml", {"SECRET": "x", **environ})


def fault(files: Files, text: str) -> str:
    with pytest.raises(ConfigFaults) as raised:
        load(files, text, CRM="s3cret")
    return "\n".join(str(each) for each in raised.value.faults)


def test_by_default_there_is_nothing(files: Files) -> None:
    settings = load(files, "")
    assert (settings.webhooks.pull, settings.webhooks.push, settings.directory.sources) == (None, (), {})


def test_sources_as_written(files: Files) -> None:
    sql = load(files, SQL).directory.sources["billing"]
    assert isinstance(sql, SqlDirectorySettings)
    assert sql.address() == f"sqlite:///{files.folder.resolve()}/crm.db"
    http = load(files, HTTP, CRM="s3cret").directory.sources["crm"]
    assert isinstance(http, HttpDirectorySettings)
    assert http.filled_headers() == {"Authorization": "Bearer s3cret"}
    assert "s3cret" not in repr(http)


def test_webhooks_as_written(files: Files) -> None:
    hooks = load(files, HOOKS, CRM="s3cret").webhooks
    assert hooks.pull is not None
    assert hooks.pull.secret.get_secret_value() == "s3cret"
    assert (hooks.pull.on, hooks.push[0].url) == ("ringing", "http://zammad.local/cti")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (SQL.replace("sqlite:///crm.db", "postgresql://u:pw@db/crm"), "A password is written"),
        (SQL.replace("sqlite:///crm.db", "nonsense"), "no address of a database"),
        (SQL.replace("select ban", "delete"), "begin with SELECT"),
        (SQL.replace("{key: ban}", "{kye: ban}"), "kye"),
        (SQL.replace("      url: sqlite:///crm.db\n", ""), "Set one of url and url_file"),
        (SQL.replace("kind: sql", "kind: ldap"), "ldap"),
        (SQL + "      seconds: 60\n", "0.05 to 10 seconds"),
        (HTTP.replace("crm.example/find", "{number}/find"), "no template"),
        (HTTP.replace("https://crm", "ftp://crm"), "no template"),
        (HTTP.replace("secret_env: CRM", "secret: CRM"), "A secret is written"),
        (HTTP.replace("Authorization", '"Auth\\nX"'), "header"),
        (HOOKS.replace("https://crm.example/pop", "javascript:x"), "no http://"),
        (HOOKS.replace("ringing", "later"), "later"),
        (HOOKS.replace("10.0.0.0/8", "10.0.0.0/99"), "10.0.0.0/99"),
    ],
)
def test_what_is_wrong_is_named(files: Files, text: str, said: str) -> None:
    told = fault(files, text)
    assert said in told
    assert "callcore.yaml:" in told
    assert "s3cret" not in told
    assert "u:pw" not in told


def test_a_secret_that_is_not_set(files: Files) -> None:
    with pytest.raises(ConfigFaults) as raised:
        load(files, HTTP)
    assert "directory.sources.crm.secret_env" in str(raised.value)
