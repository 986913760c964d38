"""The customer's record in full, and the index that finds him as one types."""

from __future__ import annotations

from itertools import groupby

import sqlalchemy as sa
from alembic import op

from callcore.store.search_index import create_index
from callcore.store.searching import index_digits, index_words

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

_MOMENT = sa.BigInteger()
_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_CHUNK = 1_000


def upgrade() -> None:
    _widen_customers()
    _widen_numbers()
    _parts()
    _money_and_consent()
    _fill()
    for statement in create_index(op.get_bind().dialect.name):
        op.execute(sa.text(statement))


def _words(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False, server_default="")


def _widen_customers() -> None:
    for column in (
        _words("places"),
        _words("digits"),
        _words("status"),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("is_prospective", sa.Boolean(), nullable=False, server_default=sa.false()),
        _words("source"),
        sa.Column("external_key", sa.Text(), nullable=True),
        _words("urgent"),
        _words("email"),
        sa.Column("arpu_minor", sa.BigInteger(), nullable=True),
        _words("loyalty_club"),
        _words("loyalty_card"),
        sa.Column("loyalty_points", sa.Integer(), nullable=True),
        sa.Column("groups", sa.JSON(), nullable=False, server_default="[]"),
        sa.Column("changed_at", _MOMENT, nullable=True),
    ):
        op.add_column("customers", column)
    op.create_index("ix_customers_source_external_key", "customers", ["source", "external_key"], unique=True)
    op.create_index(
        "ix_customers_unindexed",
        "customers",
        ["id"],
        sqlite_where=sa.text("haystack = ''"),
        postgresql_where=sa.text("haystack = ''"),
    )


def _widen_numbers() -> None:
    for column in (
        _words("status"),
        _words("tariff"),
        sa.Column("tariff_since", sa.Date(), nullable=True),
        _words("standard"),
        _words("kind"),
        _words("sim"),
        _words("hlr"),
        sa.Column("activated_at", _MOMENT, nullable=True),
        sa.Column("status_changed_at", _MOMENT, nullable=True),
        _words("urgent"),
        sa.Column("is_bad", sa.Boolean(), nullable=False, server_default=sa.false()),
        _words("bad_reason"),
        sa.Column("checked_at", _MOMENT, nullable=True),
        sa.Column("checked_by", sa.Text(), nullable=True),
        sa.Column("password_hash", sa.Text(), nullable=True),
    ):
        op.add_column("customer_numbers", column)


def _part(name: str, *columns: sa.Column[object]) -> None:
    op.create_table(
        name,
        sa.Column("customer", _ID, nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        *columns,
        _owner(name),
        sa.PrimaryKeyConstraint("customer", "position", name=op.f(f"pk_{name}")),
    )


def _owner(name: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint(
        ["customer"], ["customers.id"], name=op.f(f"fk_{name}_customer_customers"), ondelete="CASCADE"
    )


def _text(name: str) -> sa.Column[object]:
    return sa.Column(name, sa.Text(), nullable=False)


def _parts() -> None:
    _part("customer_persons", _text("name"), _text("role"), _text("number"), _text("email"))
    _part("customer_addresses", _text("kind"), _text("address"))
    _part(
        "customer_points",
        _text("code"),
        _text("address"),
        _text("node"),
        sa.Column("characteristics", sa.JSON(), nullable=False),
    )
    _part(
        "customer_services",
        sa.Column("number", sa.Text(), nullable=True),
        _text("code"),
        _text("title"),
        sa.Column("since", sa.Date(), nullable=True),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("is_default", sa.Boolean(), nullable=False, server_default=sa.false()),
    )
    _part(
        "customer_offers",
        _text("code"),
        _text("title"),
        _text("state"),
        sa.Column("at", sa.Date(), nullable=True),
    )
    op.create_table(
        "customer_operators",
        sa.Column("customer", _ID, nullable=False),
        sa.Column("login", sa.Text(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        _owner("customer_operators"),
        sa.PrimaryKeyConstraint("customer", "login", name=op.f("pk_customer_operators")),
    )
    op.create_index(op.f("ix_customer_operators_login"), "customer_operators", ["login"])


def _money_and_consent() -> None:
    op.create_table(
        "customer_money",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer", _ID, nullable=False),
        _text("kind"),
        sa.Column("at", _MOMENT, nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        _text("text"),
        _owner("customer_money"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_money")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_money_customer_at", "customer_money", ["customer", "at"])
    op.create_table(
        "customer_consents",
        sa.Column("id", _ID, nullable=False),
        sa.Column("customer", _ID, nullable=False),
        _text("clause"),
        sa.Column("granted_at", _MOMENT, nullable=False),
        _text("granted_by"),
        _text("evidence"),
        sa.Column("withdrawn_at", _MOMENT, nullable=True),
        sa.Column("withdrawn_by", sa.Text(), nullable=True),
        _text("withdrawal_evidence"),
        _owner("customer_consents"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_customer_consents")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_customer_consents_customer_clause", "customer_consents", ["customer", "clause"])


_customers = sa.table(
    "customers",
    *map(sa.column, ("id", "contract", "name", "address", "tariff", "currency", "segment", "legal_form")),
    *map(sa.column, ("haystack", "places", "digits")),
)
_numbers = sa.table("customer_numbers", *map(sa.column, ("customer", "position", "number")))


def _fill() -> None:
    """The words of those who are there, and the null customer (D-41)."""
    bind = op.get_bind()
    last = None
    while True:
        query = sa.select(_customers).order_by(_customers.c.id).limit(_CHUNK)
        rows = bind.execute(query if last is None else query.where(_customers.c.id > last)).all()
        if not rows:
            break
        last = rows[-1].id
        found = bind.execute(
            sa.select(_numbers.c.customer, _numbers.c.number)
            .where(_numbers.c.customer >= rows[0].id, _numbers.c.customer <= last)
            .order_by(_numbers.c.customer, _numbers.c.position)
        )
        numbers = {id: [row.number for row in some] for id, some in groupby(found, lambda row: row.customer)}
        bind.execute(
            sa.update(_customers)
            .where(_customers.c.id == sa.bindparam("which"))
            .values(haystack=sa.bindparam("h"), places=sa.bindparam("p"), digits=sa.bindparam("d")),
            [
                {
                    "which": row.id,
                    "h": index_words([row.name], row.contract),
                    "p": index_words([row.address]),
                    "d": index_digits([row.contract, *numbers.get(row.id, ())]),
                }
                for row in rows
            ],
        )
    contract = "0"
    while bind.execute(sa.select(_customers.c.id).where(_customers.c.contract == contract)).first():
        contract += "*"  # somebody's real contract keeps its number
    empty = dict.fromkeys(("address", "tariff", "segment", "legal_form", "haystack", "places", "digits"), "")
    bind.execute(
        sa.insert(_customers).values(id=0, contract=contract, name="Нулевой клиент", currency="RUB", **empty)
    )
