"""Settings that are right, and each way to get them wrong."""

import os
from ipaddress import ip_network
from pathlib import Path

import pytest

from callcore.config import Address, load
from callcore.config.directory import HttpDirectorySettings, SqlDirectorySettings
from callcore.domain import Text

SAMPLE = Path(__file__).parents[3] / "config" / "callcore.yaml"
RECORD_SOURCES = {*SqlDirectorySettings.model_fields, *HttpDirectorySettings.model_fields}


def test_the_shipped_sample_is_right() -> None:
    settings = load(SAMPLE, {"CALLCORE_AMI_SECRET": "secret", "CALLCORE_STAFF_PIN": "246810"})
    assert [fault.path for fault in settings.warnings] == ["sign_in.second_factor"]
    queues = "corporate expert finance reactivation retention sales service telesales"
    assert " ".join(settings.tables.queues) == queues
    assert [table.key for table in settings.tables] == ["1", "2", "4", None, "3", "5", "6", None]
    assert settings.tables.tables[0].hours.is_always_open


def test_the_sample_names_every_setting() -> None:
    text = SAMPLE.read_text(encoding="utf-8")
    settings = load(SAMPLE, {"CALLCORE_AMI_SECRET": "secret"})
    sections = [settings.organisation, settings.database, settings.http, settings.fastagi]
    sections += [settings.pbx["main"], settings.ivr, settings.ivr.texts, settings.speech]
    sections += [settings.queues["corporate"], settings.desk, settings.logs]
    sections += [settings.sign_in, settings.audit, settings.webhooks]
    names = {name for section in sections for name in type(section).model_fields} | RECORD_SOURCES
    missing = {
        name
        for name in names - {"secret", "password", "key", "staff_pin"}
        if f"{name}:" not in text and f"{name}," not in text
    }
    assert missing <= {"secret_file", "secret_env", "key_env", "url_file"}, missing


def test_what_is_left_out_has_a_value(files) -> None:
    settings = files.load()
    pbx = settings.pbx["main"]
    assert settings.http.listen == Address("127.0.0.1", 8080)
    assert pbx.secret.get_secret_value() == "secret"
    assert "secret" not in repr(pbx.secret)
    assert pbx.agi_networks == (ip_network("127.0.0.1/32"),)
    assert settings.fallback_queue(pbx) == "finance"
    assert settings.all_queues == ("finance",)
    assert settings.queue_title("finance") == Text("finance", "finance")
    assert settings.desk.wrap_up_seconds == 30
    assert settings.file == files.folder / "callcore.yaml"


def test_paths_are_relative_to_the_file(files) -> None:
    settings = files.load()
    assert settings.database.url == f"sqlite:///{files.folder}/var/callcore.db"
    assert settings.speech.folder == files.folder / "prompts"


def test_settings_do_not_change(files) -> None:
    with pytest.raises(Exception, match="frozen"):
        files.load().desk.wrap_up_seconds = 5


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        (
            "secret_env: SECRET",
            "secret: hunter2",
            "callcore.yaml:9: pbx.main.secret: A secret is written in the settings file. Put it into",
        ),
        (
            "secret_env: SECRET",
            "port: 5038",
            "callcore.yaml:7: pbx.main: There is no secret. Set one of secret_file and secret_env.",
        ),
        (
            "secret_env: SECRET",
            "secret_env: OTHER",
            "callcore.yaml:9: pbx.main.secret_env: The variable OTHER is unset",
        ),
        (
            "secret_env: SECRET",
            "secret_env: A B",
            'pbx.main.secret_env: "A B" is no name of an environment variable.',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    secret_file: x",
            "callcore.yaml:7: pbx.main: The secret is given twice.",
        ),
        ("secret_env: SECRET", "secret_file: none.secret", "none.secret cannot be read: No such file"),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    recovery: {cdr_url_file: none.url}",
            "pbx.main.recovery.cdr_url_file: The address of the CDR database is no use: No such file",
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    port: 05038",
            '"05038" is not a whole number. Write digits without a leading zero',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    port: 70000",
            'pbx.main.port: "70000" is out of range. It must be at most 65535.',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    prot: 1",
            'callcore.yaml:10: pbx.main.prot: There is no setting "prot". Did you mean "port"?',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    tls: {verify: no}",
            '"no" is neither yes nor no. Write true or false.',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    tls: yes",
            'pbx.main.tls: A section is needed, not "yes". Its settings: ca_file, server_name, verify.',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    agi_peers: 10.0.0.1",
            'pbx.main.agi_peers: A list is needed, not "10.0.0.1". Write [first, second].',
        ),
        (
            "secret_env: SECRET",
            "secret_env: SECRET\n    agi_peers: [10.0.0.1, x]",
            'pbx.main.agi_peers[1]: "x" is neither an address nor a network.',
        ),
        (
            "host: 127.0.0.1",
            "host: 127.0.0.1:5038",
            'pbx.main.host: "127.0.0.1:5038" is neither an address nor a host',
        ),
        (
            "host: 127.0.0.1",
            "host: pbx.example.org",
            "callcore.yaml:7: pbx.main: The name pbx.example.org does not tell",
        ),
        ("host: 127.0.0.1", "username: c", 'pbx.main.host: "host" is missing.'),
        ("  main:", "  Main Office:", '"Main Office" is no code.'),
        (
            "zone: Europe/Moscow",
            "zone: Europe/Moskau",
            'callcore.yaml:3: organisation.zone: There is no time zone "Europe/Moskau".',
        ),
        ("zone: Europe/Moscow", "zone: ../../etc/passwd", "There is no time zone"),
        ("zone: Europe/Moscow", "zone: [1]", "There is no time zone a list."),
        ("zone: Europe/Moscow", "zone: Europe", "There is no time zone"),
        (
            "zone: Europe/Moscow",
            "zone: UTC\n  country: Russia",
            '"Russia" is no code of a country. Write two capital letters',
        ),
        ("zone: Europe/Moscow", "zone: UTC\n  language: de", '"de" is not possible here. Possible: ru, en.'),
        ("{ru: Свет, en: Light}", "{ru: Свет}", 'callcore.yaml:2: organisation.name.en: "en" is missing.'),
        ("{ru: Свет, en: Light}", "{ru: Свет, en: ' '}", "organisation.name.en: There is no text."),
        (
            "{ru: Свет, en: Light}",
            "{ru: Свет, en: L, de: L}",
            'There is no setting "de". Known here: en, ru.',
        ),
        (
            "{ru: Свет, en: Light}",
            "Свет",
            'organisation.name: A text in both languages is needed, not "Свет". Write {ru: …, en: …}.',
        ),
        ("sqlite:///var/callcore.db", "mysql://db/x", '"mysql://db/x" is no address of a database.'),
        (
            "sqlite:///var/callcore.db",
            "postgresql://u:pw@db/x",
            "database.url: A password is written in the settings file. Take it out of the address",
        ),
        ("sqlite:///var/callcore.db", "sqlite:///", '"sqlite:///" is no address of a database.'),
        ("sqlite:///var/callcore.db", "mysql://u:p/w@db/x", '"mysql://…@db/x" is no address of a database.'),
        (
            "sqlite:///var/callcore.db",
            "sqlite:///var/callcore.db\n  password_env: PW",
            "An SQLite database has no password. Remove password_file and password_env.",
        ),
        ("topics: topics", "topics: nowhere", "callcore.yaml:10: topics: The folder"),
        ("topics: topics", "topics: ''", "topics: One line of text is needed, not nothing."),
        ("topics: topics", "topics: |\n  two\n  lines", "topics: One line of text is needed"),
        (
            "default_topic: finance.charges",
            "default_topic: finance.none",
            'callcore.yaml:13: ivr.default_topic: There is no topic "finance.none".',
        ),
        (
            "topics: topics",
            "topics: topics\nhttp: {listen: 8080}",
            '"8080" is no address with a port. Write for example 127.0.0.1:8080.',
        ),
        ("topics: topics", "topics: topics\nhttp: {listen: 'x:99999'}", "is no address with a port."),
        ("topics: topics", "topics: topics\nhttp: {public_origins: [callcore.example.org]}", "is no origin."),
        ("topics: topics", "topics: topics\nhttp: {public_origins: ['https://x/path']}", "is no origin."),
        ("topics: topics", "topics: topics\nhttp: {public_origins: ['https://x:port']}", "is no origin."),
        (
            "topics: topics",
            "topics: topics\nqueues: {other: {title: {ru: а, en: a}}}",
            "is not listed in queues. Add it to queues, or choose: other.",
        ),
        (
            "topics: topics",
            "topics: topics\nqueues: {general: {title: {ru: а, en: a}}}",
            '"general" is no name of a queue.',
        ),
        (
            "topics: topics",
            "topics: topics\nlogs: {level: loud}",
            '"loud" is not possible here. Possible: debug, info, warning, error.',
        ),
        (
            "topics: topics",
            "topics: topics\ncontrol_socket: x",
            'There is no setting "control_socket".',
        ),
        ("folder: prompts", "folder: prompts\n  espeak: a b", '"a b" is no name.'),
        (
            "pbx:\n  main:\n    host: 127.0.0.1\n    secret_env: SECRET\n",
            "pbx: {}\n",
            "callcore.yaml:6: pbx: The value is wrong",
        ),
        (
            "pbx:\n  main:\n    host: 127.0.0.1\n    secret_env: SECRET\n",
            "pbx:\n",
            "callcore.yaml:6: pbx: A section is needed, not nothing.",
        ),
    ],
)
def test_a_fault_names_line_path_and_remedy(files, old: str, new: str, fault: str) -> None:
    found = files.changed(old, new)()
    assert any(fault in line for line in found), found


@pytest.mark.parametrize(
    ("old", "new", "fault"),
    [
        ("key: 1", "key: 12", 'topics/finance.yaml:2: key: "12" is no key of a menu. Write one digit'),
        ("key: 1", "key: 9", "topics/finance.yaml:2: key: The key 9 switches the language."),
        (
            "mon-fri: 09:00-18:00",
            "mon-fri: 18:00-09:00",
            '"18:00-09:00" ends before it begins. Swap them, or',
        ),
        (
            "mon-fri: 09:00-18:00",
            "mon-fri: 9-18",
            'topics/finance.yaml:4: hours: "9-18" are not hours. Write for example',
        ),
        ("mon-fri: 09:00-18:00", "mon-fri: 09:00-25:00", 'There is no such time: "09:00-25:00".'),
        ("mon-fri: 09:00-18:00", "mon-fri: 09:00-18:00+1", "is longer than a day. Leave out the +1."),
        (
            "mon-fri: 09:00-18:00",
            "mon-fri: [09:00-13:00, 12:00-18:00]",
            "The hours 09:00–13:00 and 12:00–18:00 overlap.",
        ),
        ("mon-fri: 09:00-18:00", "mon-fri: []", "a list are not hours"),
        ("mon-fri: 09:00-18:00", "mon-fri: sun", '"sun" are not hours.'),
        ("mon-fri: 09:00-18:00", "mon-thu: 09:00-18:00", "No hours for: fri. Add them; a day off is closed."),
        ("mon-fri: 09:00-18:00", "fri-mon: 09:00-18:00", '"fri-mon" is no weekday.'),
        ("mon-fri: 09:00-18:00", "mon-sat: 09:00-18:00", "The day sat is given twice."),
        ("mon-fri: 09:00-18:00", "mon-fri: 20:00-08:00+1\n  mo: closed", '"mo" is no weekday.'),
        (
            "mon-fri: 09:00-18:00",
            "mon-fri: [00:00-06:00, 20:00-02:00+1]",
            "The hours 20:00–02:00+1 (mon) and 00:00–06:00 (tue) overlap.",
        ),
        (
            "hours:\n  mon-fri: 09:00-18:00\n  sat-sun: closed\n",
            "hours: 09:00-18:00\n",
            'Hours by weekday are needed, not "09:00-18:00".',
        ),
        ("queue: finance", "queue: деньги", '"деньги" is no name of a queue.'),
        (
            "queue: finance",
            "queue: finance\nholidays: {country: Russia}",
            'The holidays of "Russia" are not known.',
        ),
        (
            "queue: finance",
            "queue: finance\nholidays: {days: {31.12.2026: {hours: closed, why: {ru: а, en: a}}}}",
            '"31.12.2026" is no date.',
        ),
        (
            "queue: finance",
            "queue: finance\nholidays: {days: {20261231: {hours: closed, why: {ru: а, en: a}}}}",
            '"20261231" is no date.',
        ),
        ("queue: finance", "queue: finance\nholidays: {days: no}", "holidays.days: A section is needed"),
        (
            "queue: finance",
            "queue: finance\nholidays: {days: {2026-03-08: {hours: open, why: {ru: а, en: a}}}}",
            "open means the usual hours",
        ),
        (
            "closed: {ru: Закрыто, en: Closed}",
            "closed: {ru: Закрыто}",
            'topics/finance.yaml:7: closed.en: "en" is missing.',
        ),
        ("  charges:", "  Charges:", 'topics.Charges: "Charges" is no code.'),
        (
            "topics:\n  charges:\n    title: {ru: Начисления, en: Charges}\n",
            "topics: {}\n",
            "topics/finance.yaml:9: topics: The value is wrong",
        ),
    ],
)
def test_a_fault_of_a_table(files, old: str, new: str, fault: str) -> None:
    found = files.changed_table(old, new)()
    assert any(fault in line for line in found), found


def test_hours_in_every_spelling(files) -> None:
    why = "why: {ru: а, en: a}"
    text = f"2026-12-31: {{hours: 09:00-15:00, {why}}}, 2026-12-30: {{hours: open, {why}}}"
    files.changed_table(
        "queue: finance",
        f"queue: finance\nholidays: {{country: RU, hours: sat, moved_workday: open, days: {{{text}}}}}",
    )
    hours = files.load().tables.tables[0].hours
    assert hours.country == "RU"
    assert hours.on_holiday == ()
    assert hours.on_moved_workday is None
    assert [day.day.day for day in hours.special] == [30, 31]
    assert hours.special[0].spans is None
    files.changed_table("hours:\n  mon-fri: 09:00-18:00\n  sat-sun: closed\n", "hours: always\n")
    assert files.load().tables.tables[0].hours.is_always_open
    files.changed_table("09:00-18:00", "always")
    assert not files.load().tables.tables[0].hours.is_always_open


def test_all_faults_of_all_files_at_once(files) -> None:
    files.changed("zone: Europe/Moscow", "zone: Mars\n  colour: red")
    files.changed_table("key: 1", "key: x")
    files.table("title: [", "broken.yaml")
    found = files.faults()
    assert [line.split(" ")[0] for line in found] == [
        "callcore.yaml:3:",
        "callcore.yaml:4:",
        "topics/broken.yaml:1:",
        "topics/finance.yaml:2:",
    ]


@pytest.mark.parametrize("name", ["Finance.yaml", "2nd.yaml", "finance.yml"])
def test_a_files_name_is_the_tables_code(files, name: str) -> None:
    files.table((files.folder / "topics" / "finance.yaml").read_text(), name)
    assert any("is no code for a table, or is already taken" in line for line in files.faults())


def test_a_folder_without_tables(files) -> None:
    (files.folder / "topics" / "finance.yaml").unlink()
    assert "holds no topic tables" in files.faults()[0]


def test_no_file(files) -> None:
    (files.folder / "callcore.yaml").unlink()
    assert files.faults() == ["callcore.yaml: There is no such file. Check the path."]
    (files.folder / "callcore.yaml").mkdir()
    assert files.faults() == [
        "callcore.yaml: The file cannot be read: Is a directory. Check the path and its permissions."
    ]


@pytest.mark.parametrize("content", [b"", b"two\nlines\n", b"\xff\xfe", b"a" * 5000, b"nul\0"])
def test_a_secret_file_that_is_not_one(files, content: bytes) -> None:
    (files.folder / "ami.secret").write_bytes(content)
    files.changed("secret_env: SECRET", "secret_file: ami.secret")
    found = files.faults()
    assert "pbx.main.secret_file" in found[0]
    assert content.decode("latin-1")[:9] not in found[0] or not content


def test_a_secret_file_that_everybody_can_read_is_a_warning(files) -> None:
    secret = files.folder / "ami.secret"
    secret.write_text("hunter2\n")
    os.chmod(secret, 0o644)
    files.changed("secret_env: SECRET", "secret_file: ami.secret")
    settings = files.load()
    assert settings.pbx["main"].secret.get_secret_value() == "hunter2"
    assert [(fault.severity, fault.line) for fault in settings.warnings] == [("warning", 9)]
    os.chmod(secret, 0o600)
    assert files.load().warnings == ()


def test_secrets_without_a_key_are_warned_of(files) -> None:
    text = (files.folder / "callcore.yaml").read_text().replace("sign_in: {second_factor: off}\n", "")
    for section, said in (
        ("", True),
        ("sign_in: {second_factor: optional}\n", True),
        ("sign_in: {second_factor: {required_for: [supervisor]}}\n", True),
        ("sign_in: {second_factor: off}\n", False),
        ("sign_in: {key_env: SECRET}\n", False),
    ):
        files.settings(text + section)
        found = [fault for fault in files.load().warnings if fault.path == "sign_in.second_factor"]
        assert bool(found) == said, section
        assert all("unsealed" in fault.message.en and fault.severity == "warning" for fault in found)


def test_a_call_back_that_no_trunk_can_make_is_warned_of(files) -> None:
    text = (files.folder / "callcore.yaml").read_text()
    text += "queues: {finance: {title: {ru: Деньги, en: Money}, call_back: {}}}\n"
    trunk = "{calls_per_second: 1, lines: 2, ring_seconds: 30}"
    for section, said in (("", True), (f"outbound: {{trunks: {{main: {trunk}}}}}\n", False)):
        files.settings(text + section)
        found = [fault for fault in files.load().warnings if fault.path == "queues.finance.call_back"]
        assert bool(found) == said, section
        assert all(fault.severity == "warning" and "calls nobody back" in fault.message.en for fault in found)


def test_a_secret_with_a_line_end_is_refused(files) -> None:
    assert "holds control characters" in files.faults(SECRET="a\r\nAction: x")[0]


def test_secrets_are_left_out_for_commands_that_speak_to_nobody(files) -> None:
    settings = load(files.folder / "callcore.yaml", {}, need_secrets=False)
    assert settings.pbx["main"].secret.get_secret_value() == ""


def test_queues_with_names_and_a_fallback(files) -> None:
    queues = "queues:\n  finance: {title: {ru: Деньги, en: Money}}\n  other: {title: {ru: а, en: a}}\n"
    files.changed("topics: topics\n", f"topics: topics\n{queues}")
    settings = files.load()
    assert settings.queue_title("finance").en == "Money"
    assert [fault.path for fault in settings.warnings] == ["queues.other"]
    assert settings.all_queues == ("finance", "other")
    text = (files.folder / "callcore.yaml").read_text()
    files.settings(text.replace("secret_env: SECRET", "secret_env: SECRET\n    fallback_queue: other"))
    assert files.load().warnings == ()
    assert files.load().fallback_queue(files.load().pbx["main"]) == "other"
    files.settings(text.replace("secret_env: SECRET", "secret_env: SECRET\n    fallback_queue: third"))
    assert 'pbx.main.fallback_queue: The queue "third" is not listed' in files.faults()[0]


@pytest.mark.parametrize(("host", "networks"), [("localhost", 2), ("::1", 1), ("10.0.0.1", 1)])
def test_peers_follow_from_the_host(files, host: str, networks: int) -> None:
    files.changed("host: 127.0.0.1", f'host: "{host}"')
    assert len(files.load().pbx["main"].agi_networks) == networks


def test_addresses_and_origins(files) -> None:
    files.changed(
        "topics: topics",
        "topics: topics\nhttp:\n  listen: '[::1]:80'\n  public_origins: ['https://C.example.org/']\n"
        "  secure_cookies: true",
    )
    http = files.load().http
    assert (http.listen, str(http.listen)) == (Address("::1", 80), "[::1]:80")
    assert http.public_origins == ("https://c.example.org",)
    assert http.secure_cookies is True
    files.changed("folder: prompts", "folder: prompts\n  sox: bin/sox")
    assert files.load().speech.sox == str(files.folder / "bin" / "sox")
