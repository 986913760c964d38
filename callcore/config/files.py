"""The files that settings are made of: as they lie on disk, or as an edition has kept them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from callcore.strictyaml.faults import Document
from callcore.strictyaml.reader import parse, read


@dataclass(slots=True)
class Files:
    """One reading of the settings. Files are named as a person who looks into ``folder`` would name them."""

    folder: Path
    """Of the settings file, as it was given."""
    kept: Mapping[str, str] | None = None
    """Texts in place of those on disk, by name; a folder with some of them holds no others."""
    documents: list[Document] = field(default_factory=list)
    """Everything that was read, in order."""
    texts: dict[str, str] = field(default_factory=dict)

    def read(self, file: Path, named_by: str = "") -> Document:
        """As ``strictyaml.reader.read``; remembers the file."""
        name, shown = self.name_of(file), str(self.folder / self.name_of(file))
        text = self.kept.get(name) if self.kept is not None else None
        document = read(file, shown, named_by) if text is None else parse(text.encode(), shown)
        self.documents.append(document)
        self.texts[name] = document.text
        return document

    def tables(self, folder: Path) -> list[Path]:
        """The YAML files of a folder, in the order of their names; none if it cannot be read."""
        if self.kept is not None:
            files = [each for each in map(self.path_of, self.kept) if each.parent == folder.resolve()]
        else:
            try:
                files = list(folder.iterdir())
            except (OSError, ValueError):
                return []
        return sorted(file for file in files if file.suffix in (".yaml", ".yml"))

    def name_of(self, file: Path) -> str:
        """Within ``folder``, or the whole path of a file elsewhere."""
        base = self.folder.resolve()
        absolute = file.parent.resolve() / file.name  # the file itself may be a link to anywhere
        return str(absolute.relative_to(base)) if absolute.is_relative_to(base) else str(absolute)

    def path_of(self, name: str) -> Path:
        """The other way round; absolute."""
        return self.folder.resolve() / name
