"""What belongs to the customers of ``bulk_customers``: contacts, interactions, cases, notes, outages.

Made by the database itself out of a row of numbers: the same on SQLite and PostgreSQL, always the same. Most
customers have ten contacts, spread over three years; every fiftieth contact is one of a hundred people who
call all the time. One contact in eleven nobody wrote of.
"""

from __future__ import annotations

from callcore.store.types import to_microseconds
from callcore.testing.bulk_customers import AT
from callcore.testing.bulk_load import Load

ALWAYS_CALLING = 100
"""The first customers."""
OPERATORS = 200
_SPAN = 3 * 365 * 86_400_000_000
_NOW = to_microseconds(AT)
_DAY = 86_400_000_000
_SHUFFLE = 2_654_435_761
"""Prime, so that i * _SHUFFLE modulo anything goes everywhere."""
TOPICS = (
    "finance.recalculation",
    "finance.payment",
    "finance.charges",
    "finance.claim",
    "finance.promotions",
)
_COMMENTS = (
    "Спрашивает, почему выросла сумма в счёте; объяснили начисление за подключение, согласен",
    "Платёж через терминал не поступил, чек приложен, обещали ответить до конца недели",
    "Нет доступа с утра, перезагрузка не помогла, мастер приедет завтра с 10 до 14",
    "Просит сменить тариф с первого числа, условия прочитаны",
    "",
)


async def fill_in(load: Load, customers: int, interactions: int) -> None:
    """For the first ``customers``; ``interactions`` in all."""
    sql = _Sql(load.dialect)
    calls = interactions * 11 // 10
    step = max(1, _SPAN // calls)
    owner = (
        f"CASE WHEN i / 7 % 50 = 0 THEN 1 + (i / 50) % {min(ALWAYS_CALLING, customers)}"
        f" ELSE 1 + (i * {_SHUFFLE}) % {customers} END"
    )
    at = f"{_NOW - _SPAN} + i * {step}"
    base = f"SELECT i, {owner} AS c, {at} AS at FROM s"
    call = f"'b' || {sql.digits('i', 12)}"
    number = f"'+79' || {sql.digits(f'((c - 1) * {_SHUFFLE} + 17) % 1000000000', 9)}"
    login = f"'op' || (i % {OPERATORS})"
    again = await load.indexes("contacts", "interactions", "cases", "customer_money")
    await load.run(
        f"""INSERT INTO contacts (call, pbx, channel, direction, source, caller_number, caller_number_raw,
            customer, topic, route, queue, started_at, queued_at, answered_at, ended_at, wait_ms, ring_ms,
            talk_ms, answered_by, end_reason, outcome) {sql.series(calls)}
            SELECT {call}, 'main', 'bench-' || i, 'inbound', 'live', {number}, {number},
            c, 'finance.payment', '', 'finance', at, at + 2000000, at + 9000000, at + 180000000, 7000, 3000,
            171000, {login}, 'completed', 'answered' FROM ({base}) AS given ORDER BY i""",
        f"""INSERT INTO interactions (call, n, customer, topic, comment, login, created_at, saved_at, number)
            {sql.series(calls)}
            SELECT {call}, 1, c, {_one_of(TOPICS)}, {_one_of(_COMMENTS)}, {login},
            at + 200000000, at + 200000000, {number} FROM ({base}) AS given WHERE i % 11 <> 10 ORDER BY i""",
        f"""INSERT INTO cases (revision, type, queue, department, status, initiator, owner, priority,
            customer, number, topic, comment, form, flags, result, created_at, changed_at, sent_at, queued_at,
            closed_at, stage, due_at, haystack) {sql.series(customers // 2)}
            SELECT 2, 'call_me', 'call_me', 'account_managers',
            CASE WHEN i % 5 = 0 THEN 'dispatch' ELSE 'closed' END, {login}, NULL, 1, c,
            {number}, 'finance.payment', {_one_of(_COMMENTS)}, '{{}}', '[]', '', at, at, at, at,
            CASE WHEN i % 5 = 0 THEN NULL ELSE at + {_DAY} END, 'call', at + {_DAY}, 'перезвонить'
            FROM (SELECT i, 1 + (i * {_SHUFFLE}) % {customers} AS c, {_NOW - _DAY} - i AS at FROM s)
            AS given""",
        f"""INSERT INTO customer_money (customer, kind, at, amount_minor, text) {sql.series(customers * 2)}
            SELECT 1 + i / 4 * 2, 'charge', {_NOW} - (i % 4) * 30 * {_DAY}, -59000, 'Абонентская плата' FROM s
            WHERE i / 4 * 2 < {customers}""",
        *again,
        f"""INSERT INTO customer_persons (customer, position, name, role, number, email)
            {sql.series(customers)}
            SELECT i + 1, 0, 'Мария', 'супруга', '', '' FROM s WHERE i % 3 = 0""",
        f"""INSERT INTO customer_addresses (customer, position, kind, address) {sql.series(customers)}
            SELECT i + 1, 0, 'почтовый', 'г. Заречинск, а/я ' || i FROM s WHERE i % 4 = 1""",
        f"""INSERT INTO customer_consents (customer, clause, granted_at, granted_by, evidence,
            withdrawal_evidence) {sql.series(customers)}
            SELECT i + 1, 'notices', {_NOW}, 'op1', 'запись', '' FROM s WHERE i % 4 = 2""",
        f"""INSERT INTO customer_offers (customer, position, code, title, state) {sql.series(customers)}
            SELECT i + 1, 0, 'tv', 'Телевидение', '' FROM s WHERE i % 5 = 0""",
        f"""INSERT INTO customer_operators (customer, login, position) {sql.series(customers)}
            SELECT i + 1, 'op' || (i % {OPERATORS}), 0 FROM s WHERE i % 10 = 0""",
    )
    await _network(load, sql, customers)
    await _notes(load, sql, customers)
    await load.count_on("outages")


async def _network(load: Load, sql: _Sql, customers: int) -> None:
    """City, districts of 5,000, feeders of 500, houses of 50 customers; outages over the years, a few now."""
    houses, feeders, districts = (1 + customers // size for size in (50, 500, 5_000))
    ended, now = 20 + customers // 50, 10 + customers // 5_000
    made = "INSERT INTO network_nodes (code, parent, kind, name, haystack)"
    outage = """INSERT INTO outages (id, number, revision, source, kind, state, cause_ru, cause_en, starts_at,
        ended_at, published_at, changed_at)"""
    nodes = "INSERT INTO outage_nodes (outage, node, position)"
    was = f"{_NOW} - i * {_SPAN // (ended + now)}"
    await load.run(
        f"{made} VALUES ('city', NULL, 'feeder', 'Заречинск', 'city заречинск')",
        f"""{made} {sql.series(districts)}
            SELECT 'd' || i, 'city', 'feeder', 'Район ' || i, 'район' FROM s""",
        f"""{made} {sql.series(feeders)}
            SELECT 'f' || i, 'd' || (i / 10), 'feeder', 'Фидер ' || i, 'фидер' FROM s""",
        f"""{made} {sql.series(houses)}
            SELECT 'h' || i, 'f' || (i / 10), 'house', 'Садовая, ' || i, 'садовая' FROM s""",
        f"""INSERT INTO network_customers (node, customer) {sql.series(customers)}
            SELECT 'h' || (i / 50), i + 1 FROM s""",
        f"""{outage} {sql.series(ended + now)}
            SELECT i + 1, 'A-' || i, 1, 'dispatch', 'emergency',
            CASE WHEN i < {now} THEN 'confirmed' ELSE 'restored' END, 'Авария', 'Fault', {was},
            CASE WHEN i < {now} THEN NULL ELSE {was} + {_DAY} END, {was}, {was} FROM s""",
        # Everybody was told: else the daemon would begin with that.
        f"""INSERT INTO campaigns (outage, revision, news, profile, voice_ru, voice_en, sms_ru, sms_en, state,
            reason, created_at, changed_at) {sql.series(ended + now)}
            SELECT i + 1, 1, 'outage', 'emergency', '', '', '', '', 'done', '', {was}, {was} FROM s""",
        f"""{nodes} {sql.series(ended + now)}
            SELECT i + 1, 'h' || ((i * {_SHUFFLE}) % {houses}), 0 FROM s""",
        f"""{nodes} {sql.series(ended + now)}
            SELECT i + 1, 'f' || ((i * {_SHUFFLE}) % {feeders}), 1 FROM s WHERE i % 3 = 0""",
    )


async def _notes(load: Load, sql: _Sql, customers: int) -> None:
    """Each hundredth contract and number has one now; ten times as many are over."""
    made = """INSERT INTO flashes (scope, target, label, text, login, must_read, begins_at, ends_at,
        created_at)"""
    ends = _NOW + 20 * 365 * _DAY
    current = f"'op1', i % 7 = 0, {_NOW}, {ends}, {_NOW}"
    await load.run(
        f"""{made} {sql.series(customers // 100)}
            SELECT 'contract', {sql.text("i * 100 + 1")}, '', 'Спросить о договоре', {current} FROM s""",
        f"""{made} {sql.series(customers // 100)}
            SELECT 'number', '+79' || {sql.digits(f"(i * 100 * {_SHUFFLE} + 17) % 1000000000", 9)}, '',
            'Номер под вопросом', {current} FROM s""",
        f"""{made} {sql.series(customers // 10)}
            SELECT 'contract', {sql.text("i * 10 + 1")}, '', 'Было', 'op1', i % 7 = 0, {_NOW - 9 * _DAY},
            {_NOW - 8 * _DAY}, {_NOW - 9 * _DAY} FROM s""",
        f"""{made} {sql.series(5)}
            SELECT 'district', 'd' || i, '', 'В районе работы', {current} FROM s""",
        f"""{made} {sql.series(5)}
            SELECT 'outage', {sql.text("i + 1")}, '', 'Свет дадут к вечеру', {current} FROM s""",
        f"""{made} {sql.series(5)}
            SELECT 'topic', {_one_of(TOPICS)}, '', 'Тариф меняется', {current} FROM s""",
    )


def _one_of(texts: tuple[str, ...]) -> str:
    cases = " ".join(f"WHEN {place} THEN '{text}'" for place, text in enumerate(texts))
    return f"CASE i / 3 % {len(texts)} {cases} END"


class _Sql:
    """Where the two databases differ."""

    def __init__(self, dialect: str) -> None:
        self._is_sqlite = dialect == "sqlite"

    def series(self, count: int) -> str:
        """``s(i)``: from 0, so many."""
        if self._is_sqlite:
            return (
                f"WITH RECURSIVE s(i) AS (SELECT 0 WHERE {count} > 0"
                f" UNION ALL SELECT i + 1 FROM s WHERE i + 1 < {count})"
            )
        return f"WITH s(i) AS (SELECT generate_series(0::bigint, {count - 1}))"

    def digits(self, number: str, width: int) -> str:
        if self._is_sqlite:
            return f"printf('%0{width}d', {number})"
        return f"lpad(({number})::text, {width}, '0')"

    def text(self, number: str) -> str:
        return f"CAST({number} AS TEXT)"
