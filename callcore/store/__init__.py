"""Storage: tables, migrations, one repository module per aggregate, one batching writer.

Start at :class:`callcore.store.database.Database`: it holds the engines, the writer and the repositories.
Errors: :mod:`callcore.store.errors`. Everything that only SQLite knows lives in :mod:`callcore.store.sqlite`.
"""
