"""Alembic's folder: ``env.py`` runs inside ``callcore.store.migrate``; one module a revision."""
