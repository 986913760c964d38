from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from callcore.store.spool import Record, Spool, SpoolFull, SpoolInUse


def record(n: int, text: str = "Пётр\n\0") -> Record:
    return Record("contact", f"call-{n}", {"n": n, "text": text})


def waiting(spool: Spool) -> list[Record | bytes]:
    return spool.peek(1000)[0]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "x.spool"


def test_records_survive_a_restart_in_order(path: Path) -> None:
    spool = Spool(path)
    spool.append([record(1), record(2)])
    spool.append([record(3)])
    spool.close()
    again = Spool(path)
    assert again.waiting == 3
    assert waiting(again) == [record(1), record(2), record(3)]
    again.close()


def test_taken_out_in_parts_then_empty(path: Path) -> None:
    spool = Spool(path)
    spool.append([record(n) for n in range(5)])
    first, mark = spool.peek(2)
    assert first == [record(0), record(1)]
    spool.done(mark)
    assert spool.waiting == 3
    spool.append([record(5)])
    rest, mark = spool.peek(100)
    assert rest == [record(2), record(3), record(4), record(5)]
    spool.done(mark)
    assert (spool.waiting, waiting(spool)) == (0, [])
    spool.append([record(6)])
    assert waiting(spool) == [record(6)]
    spool.close()
    assert path.exists()


def test_an_empty_spool_leaves_no_file(path: Path) -> None:
    Spool(path).close()
    assert not path.exists()


def test_only_the_owner_reads_it_whatever_the_umask(path: Path) -> None:
    old = os.umask(0o277)
    try:
        spool = Spool(path)
        spool.reject(record(1), "test")
    finally:
        os.umask(old)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.with_name("x.spool.rejected").stat().st_mode) == 0o600
    spool.close()


@pytest.mark.parametrize("torn", [b'{"v":1,"kind":"contact","ke', b"\0\0\0", b'{"v":1}'])
def test_a_torn_last_line_is_dropped_and_does_not_come_back(path: Path, torn: bytes) -> None:
    spool = Spool(path)
    spool.append([record(1)])
    spool.close()
    whole = path.read_bytes().rstrip(b"\0")
    path.write_bytes(whole + torn)
    again = Spool(path)
    again.append([record(2)])
    assert waiting(again) == [record(1), record(2)]
    again.close()


def test_every_cut_leaves_only_whole_records(path: Path) -> None:
    spool = Spool(path)
    spool.append([record(1), record(2)])
    spool.close()
    whole = path.read_bytes().rstrip(b"\0")
    for cut in range(len(whole)):
        path.write_bytes(whole[:cut])
        opened = Spool(path)
        assert waiting(opened) == [record(1), record(2)][: whole[:cut].count(b"\n")]
        opened.close()


def test_an_unreadable_line_is_shown_as_bytes_and_put_aside(path: Path) -> None:
    path.write_bytes(b"nonsense\n[1]\n")
    spool = Spool(path)
    spool.append([record(1)])
    lines, mark = spool.peek(10)
    assert lines == [b"nonsense\n", b"[1]\n", record(1)]
    spool.reject(b"nonsense\n", "unreadable")
    spool.done(mark)
    spool.close()
    assert path.with_name("x.spool.rejected").read_bytes() == b"nonsense\n"


def test_a_second_process_cannot_have_it(path: Path) -> None:
    spool = Spool(path)
    with pytest.raises(SpoolInUse):
        Spool(path)
    spool.close()
    Spool(path).close()


def test_a_limit(path: Path) -> None:
    spool = Spool(path, reserved=0, limit=200)
    spool.append([record(1)])
    with pytest.raises(SpoolFull):
        spool.append([record(2, "x" * 200)])
    assert waiting(spool) == [record(1)]
    spool.close()


def test_blocks_are_reserved_beforehand(path: Path) -> None:
    spool = Spool(path, reserved=100_000)
    assert path.stat().st_size == 100_000
    assert path.stat().st_blocks * 512 >= 100_000
    spool.close()


def test_a_failed_append_keeps_nothing_of_it(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool = Spool(path, reserved=0)
    spool.append([record(1)])
    real = os.pwrite
    written: list[int] = []

    def full_disk(fd: int, data: bytes, at: int) -> int:
        if written:
            raise OSError(errno.ENOSPC, "no space left")
        written.append(real(fd, bytes(data)[:-5], at))
        return written[0]

    with monkeypatch.context() as patch:
        patch.setattr(os, "pwrite", full_disk)
        with pytest.raises(OSError, match="no space"):
            spool.append([record(2), record(3)])
    assert waiting(spool) == [record(1)]
    spool.append([record(4)])
    spool.close()
    again = Spool(path)
    assert waiting(again) == [record(1), record(4)]
    again.close()
