"""``callcore knowledge import``: a folder of articles comes in whole, or not at all."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

import pytest

from callcore.config import load
from callcore.store.article_rows import ArticleLine
from callcore.store.database import Database

from .conftest import SAMPLE, Command


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copytree(SAMPLE.parent / "knowledge", tmp_path / "articles")
    return tmp_path / "articles"


def stored(config: Path) -> tuple[ArticleLine, ...]:
    async def read() -> tuple[ArticleLine, ...]:
        settings = load(config, need_secrets=False)
        async with await Database.open(settings.database.address) as database:
            return await database.articles.list()

    return asyncio.run(read())


def test_the_articles_come_in_and_a_second_time_only_what_changed(
    command: Command, own_config: Path, folder: Path
) -> None:
    code, out, err = command("knowledge", "import", str(folder))
    assert (code, err) == (0, "")
    assert "Imported articles: 11, unchanged: 0." in out
    assert len(stored(own_config)) == 11
    file = next(path for path in sorted(folder.rglob("*.md")) if "recalculation" in path.name)
    file.write_text(file.read_text(encoding="utf-8") + "\nЕщё строка.\n", encoding="utf-8")
    code, out, _ = command("knowledge", "import", str(folder))
    assert code == 0
    assert "Imported articles: 1, unchanged: 10." in out


def test_one_faulty_file_keeps_all_of_them_out(command: Command, own_config: Path, folder: Path) -> None:
    assert command("knowledge", "import", str(folder))[0] == 0
    for path in folder.rglob("*.md"):
        path.write_text(path.read_text(encoding="utf-8") + "\nЕщё.\n", encoding="utf-8")
    (folder / "wrong.md").write_text("no head at all\n", encoding="utf-8")
    code, out, err = command("knowledge", "import", str(folder))
    assert code == 1
    assert "wrong.md" in err
    assert "Nothing was imported" in err
    assert out == ""
    assert all(line.changed_at == stored(own_config)[0].changed_at for line in stored(own_config))


def test_a_folder_that_is_not_there(command: Command, tmp_path: Path) -> None:
    code, out, err = command("knowledge", "import", str(tmp_path / "nowhere"))
    assert code != 0
    assert out == ""
    assert "There is no folder" in err
