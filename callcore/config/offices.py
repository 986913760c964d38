"""Settings ``offices``: where visitors are served, by code."""

from __future__ import annotations

from callcore.crm.visits import Office
from callcore.strictyaml.fields import Bilingual, Line, Model


class OfficeModel(Model):
    title: Bilingual
    region: Line | None = None

    def to_office(self, code: str) -> Office:
        return Office(code, self.title, self.region or "")
