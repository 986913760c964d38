"""Runs by ``callcore.store.migrate``, which hands over a connection; never by alembic's own command."""

from __future__ import annotations

from alembic import context

from callcore.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    transactional_ddl=True,  # SQLite can, as long as we begin the transaction ourselves (see sqlite.py)
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
