"""From a table's rows to drafts of records: each row read, rows of one contract put together. Pure.

Every fault is told at once, with its row, its column and what would be right. A column that is not there
leaves what it would bring as it is; an empty cell of one that is there empties it, but for the name, which
nobody can be without.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from callcore.crm.importing_columns import COLUMNS, DEMANDED, EMPTY_ROWS, CellRefused, Column, Place
from callcore.csvtext import Record, RowFault, row_fault, table_records
from callcore.domain import Login, Text
from callcore.store.customers import NULL_CONTRACT
from callcore.store.records_write import RecordDraft

_LISTED = Text(
    "названия стоят на странице загрузки и в docs/record.md",
    "the names stand on the import page and in docs/record.md",
)
MOST_ROWS = 100_000
MOST_COLUMNS = 200
MOST_FAULTS = 10_000
"""After so many the rest is not read."""
MOST_OF_CONTRACT = 5_000
"""Numbers, persons, services … of one contract, each."""
PREVIEWED = 10
MOST_ODD = 100


@dataclass(frozen=True, slots=True)
class Table:
    """A file as it was read. ``drafts`` in the order of their first rows."""

    rows: int
    columns: tuple[tuple[str, str], ...] = ()
    """Ours and the file's name of each column, in the file's order; ours "": not known."""
    first: tuple[tuple[str, ...], ...] = ()
    """The first rows' cells, as they stand."""
    drafts: tuple[RecordDraft, ...] = ()
    places: Mapping[str, tuple[int, ...]] = field(default_factory=dict)
    """The rows of each contract."""
    nameless: tuple[tuple[str, int], ...] = ()
    """Contracts of which no row says a name, with their first rows; told also beside faults."""
    faults: tuple[RowFault, ...] = ()
    odd: tuple[RowFault, ...] = ()
    """What is taken but looks like a slip, each once, with the first of its rows; the first ``MOST_ODD``."""


def read_table(rows: Iterable[Sequence[str]], place: Place) -> Table:
    """``rows``: cells, the header first; may raise ``csv.Error`` while being read, which becomes a fault."""
    faults: list[RowFault] = []
    header: list[str] = []
    first: list[tuple[str, ...]] = []
    spellings = {name: column.spellings for name, column in COLUMNS.items()}

    def watched() -> Iterator[list[str]]:
        for number, cells in enumerate(rows):
            if number == 0:
                header.extend(cells)
            elif len(first) < PREVIEWED and any(cell.strip() for cell in cells):
                first.append(tuple(cell.strip()[:200] for cell in cells[: len(header)][:MOST_COLUMNS]))
            yield list(cells)

    gathered = _Gathered(place, faults)
    count = 0
    for record in table_records(watched(), spellings, ("contract",), faults, _LISTED):
        if count == 0 and not _sound_header(record, faults):
            break
        count += 1
        if count > MOST_ROWS:
            faults.append(
                row_fault(
                    record.row,
                    f"строк больше {MOST_ROWS}: разделите файл",
                    f"more than {MOST_ROWS} rows: split the file",
                )
            )
            break
        gathered.take(record)
        if len(faults) > MOST_FAULTS:
            faults.append(
                row_fault(
                    record.row,
                    f"ошибок больше {MOST_FAULTS}, дальше не читали: исправьте эти",
                    f"more than {MOST_FAULTS} faults, the rest was not read: mend these",
                )
            )
            break
    return Table(
        rows=count,
        columns=tuple((_ours(cell), cell.strip()[:60]) for cell in header[:MOST_COLUMNS]),
        first=tuple(first),
        drafts=gathered.drafts() if not faults else (),
        places={contract: tuple(one.rows) for contract, one in gathered.owners.items()},
        nameless=gathered.nameless(),
        faults=tuple(sorted(faults, key=lambda fault: fault.row)),
        odd=tuple(gathered.odd.values()),
    )


def _ours(cell: str) -> str:
    name = " ".join(cell.lower().replace("ё", "е").split())
    return next((ours for ours, column in COLUMNS.items() if name in column.spellings), "")


def _sound_header(record: Record, faults: list[RowFault]) -> bool:
    """Columns of a part need the one that makes its rows."""
    there = [COLUMNS[name] for name in record.cells if name]
    keys = {column.part: name for name, column in COLUMNS.items() if column.is_key}
    has = {column.part for column in there if column.is_key}
    lacking = dict.fromkeys(column.part for column in there if column.part and column.part not in has)
    for part in lacking:
        key, ru = keys[part], COLUMNS[keys[part]].spellings[1]
        faults.append(
            row_fault(
                1,
                f"нет столбца {key} ({ru}): добавьте его",
                f"the column {key} is missing: add it",
            )
        )
    return not lacking


def _told(row: int, column: str, why: Text) -> RowFault:
    name = COLUMNS[column].spellings[1] if len(COLUMNS[column].spellings) > 1 else column
    return row_fault(row, f"{name}: {why.ru}", f"{column}: {why.en}")


@dataclass(slots=True)
class _Owner:
    rows: list[int]
    values: dict[str, Any]
    sources: dict[str, int]
    """The row that each value came from."""
    parts: dict[str, dict[str, dict[str, Any]]]
    """By part, each row once: under its number, its login, or all that it says."""


class _Gathered:
    """Rows on their way to records."""

    def __init__(self, place: Place, faults: list[RowFault]) -> None:
        self._place = place
        self._faults = faults
        self.owners: dict[str, _Owner] = {}
        self.odd: dict[tuple[str, str], RowFault] = {}
        """By column and what is said of it."""

    def take(self, record: Record) -> None:
        cells = {name: self._cell(record, name) for name in record.cells if name}
        contract = cells.pop("contract")
        if not contract:
            self._blame(record.row, "contract", "не должен быть пуст", "must not be empty")
            return
        if contract == NULL_CONTRACT:
            self._blame(record.row, "contract", "0 занят нулевым клиентом", "0 is taken by the null customer")
            return
        owner = self.owners.setdefault(contract, _Owner([], {}, {}, {}))
        owner.rows.append(record.row)
        by_part: dict[str, dict[str, Any]] = {}
        for name, value in cells.items():
            column = COLUMNS[name]
            if column.part:
                by_part.setdefault(column.part, {})[name] = value
            else:
                self._value(record, owner, name, column, value)
        for part, given in by_part.items():
            self._part(record, owner, part, given)

    def _cell(self, record: Record, name: str) -> Any:
        try:
            value = COLUMNS[name].read(record[name], self._place)
        except CellRefused as refused:
            # A kind of money beside no money, and the like: the row that it would belong to is not there.
            if record[name] or self._has_key(record, COLUMNS[name].part):
                self._blame(record.row, name, refused.why.ru, refused.why.en)
            return None
        odd = COLUMNS[name].odd
        why = odd(value, self._place) if odd is not None and record[name] else None
        if why is not None and len(self.odd) < MOST_ODD:
            self.odd.setdefault((name, why.en), _told(record.row, name, why))
        return value

    def _has_key(self, record: Record, part: str) -> bool:
        return any(record[name] for name, column in COLUMNS.items() if column.part == part and column.is_key)

    def _value(self, record: Record, owner: _Owner, name: str, column: Column, value: Any) -> None:
        """The first row that says something counts; a later one may repeat it or say nothing."""
        said = bool(record[name])
        if column.field not in owner.values:
            owner.values[column.field] = value
            owner.sources[column.field] = record.row if said else 0
        elif said and not owner.sources[column.field]:
            owner.values[column.field] = value
            owner.sources[column.field] = record.row
        elif said and owner.values[column.field] != value:
            row = owner.sources[column.field]
            self._blame(
                record.row,
                name,
                f"в строке {row} того же договора стоит другое: исправьте одну из них",
                f"row {row} of the same contract says otherwise: mend one of them",
            )

    def _part(self, record: Record, owner: _Owner, part: str, given: Mapping[str, Any]) -> None:
        rows = owner.parts.setdefault(part, {})
        fields = {COLUMNS[name].field: value for name, value in given.items()}
        key = next(name for name in given if COLUMNS[name].is_key)
        if part == "operators":
            for login in given[key] or ():
                rows.setdefault(login, {"login": Login(login)})
        elif part == "numbers":
            for number in given[key] or ():
                self._number(record, rows, fields | {"number": number})
        elif record[key] and given[key] is not None:
            row = {**EMPTY_ROWS[part], **fields}
            for demanded, name in DEMANDED.get(part, {}).items():
                if not row[demanded] and (name not in given or not record[name]):
                    self._blame(record.row, name, "не должно быть пусто", "must not be empty")
            rows.setdefault(repr(row), row)
        if len(rows) > MOST_OF_CONTRACT:
            self._blame(
                record.row,
                key,
                f"у одного договора больше {MOST_OF_CONTRACT}: разделите его",
                f"more than {MOST_OF_CONTRACT} of one contract: split it",
            )

    def _number(self, record: Record, rows: dict[str, dict[str, Any]], row: dict[str, Any]) -> None:
        there = rows.setdefault(row["number"], row)
        if there != row and any(value not in ("", None) for key, value in row.items() if key != "number"):
            self._blame(
                record.row,
                "numbers",
                f"номер {row['number']} уже был с другими данными: оставьте одну строку",
                f"the number {row['number']} stood there with other data: keep one row",
            )

    def _blame(self, row: int, column: str, ru: str, en: str) -> None:
        self._faults.append(_told(row, column, Text(ru, en)))

    def nameless(self) -> tuple[tuple[str, int], ...]:
        """A name that was refused is not among them: it was blamed already."""
        return tuple(
            (contract, owner.rows[0])
            for contract, owner in self.owners.items()
            if owner.values.get("name", "") == ""
        )

    def drafts(self) -> tuple[RecordDraft, ...]:
        return tuple(self._draft(contract, owner) for contract, owner in self.owners.items())

    def _draft(self, contract: str, owner: _Owner) -> RecordDraft:
        values = {"contract": contract, **owner.values}
        if values.get("name") == "":
            del values["name"]
        return RecordDraft(
            contract, values, {part: list(rows.values()) for part, rows in owner.parts.items()}
        )
