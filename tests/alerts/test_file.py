"""The file channel: one line per alert, whole or not at all."""

import json
import os
import threading

import pytest

from watcher.alerts.file import DELAYED_AFTER, FileChannel, line
from watcher.alerts.registry import channel, names
from watcher.core.errors import ChannelError, UsageProblem
from watcher.core.intents import OwedAlert

NOW = 1_765_800_000_000_000


def alert(number=1, **payload):
    payload = {"title": f"Title {number}", **payload}
    return OwedAlert(number, "file", f"key-{number}", "hit", payload, NOW, 1)


def keys(path):
    return [json.loads(text)["key"] for text in path.read_text().splitlines()]


def test_a_line_holds_key_kind_and_payload():
    assert json.loads(line(alert(score=60.5), NOW)) == {
        "key": "key-1",
        "kind": "hit",
        "title": "Title 1",
        "score": 60.5,
    }


def test_h01_an_alert_that_waited_says_so():
    assert "delayed_s" not in json.loads(line(alert(), NOW + DELAYED_AFTER))
    assert json.loads(line(alert(), NOW + DELAYED_AFTER + 1_000_000))["delayed_s"] == 3601


@pytest.mark.parametrize(
    "title", ["a\r\nb", "a\x00b", "\ud800", "\x1b]0;x\x07", "a\u2028b", "x" * 100_000, '"}\n{"key": "forged"}']
)
def test_h06_whatever_a_title_holds_it_is_one_line_of_ascii(title):
    data = line(alert(title=title), NOW)
    assert data.endswith(b"\n")
    assert data.count(b"\n") == 1
    assert data.isascii()
    assert json.loads(data)["key"] == "key-1"
    assert json.loads(data)["title"] == title


def test_a_payload_cannot_take_the_place_of_the_key():
    assert json.loads(line(alert(key="forged"), NOW))["key"] == "key-1"


def test_lines_are_appended_and_the_file_is_ours_alone(tmp_path):
    path = tmp_path / "new" / "alerts.jsonl"
    FileChannel(path).send([alert(1), alert(2)], NOW)
    FileChannel(path).send([alert(3)], NOW)
    assert keys(path) == ["key-1", "key-2", "key-3"]
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("cut", [1, 3, 9, 20])
def test_h03_a_torn_last_line_is_taken_back(tmp_path, cut):
    path = tmp_path / "alerts.jsonl"
    channel = FileChannel(path)
    channel.send([alert(1), alert(2)], NOW)
    whole = line(alert(2), NOW)
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - len(whole) + cut)
    channel.send([alert(2)], NOW)
    assert keys(path) == ["key-1", "key-2"]


def test_a_foreign_last_line_is_ended_and_kept(tmp_path):
    path = tmp_path / "alerts.jsonl"
    path.write_bytes(b"a note without an end")
    FileChannel(path).send([alert()], NOW)
    first, second = path.read_text().splitlines()
    assert first == "a note without an end"
    assert json.loads(second)["key"] == "key-1"


def test_two_writers_never_mix_their_lines(tmp_path):
    path = tmp_path / "alerts.jsonl"

    def write(start):
        for number in range(start, start + 40):
            FileChannel(path).send([alert(number, text="y" * 3000)], NOW)

    threads = [threading.Thread(target=write, args=(start,)) for start in (0, 100)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(keys(path))) == 80


def test_what_cannot_be_written_is_an_error_that_names_the_file(tmp_path):
    path = tmp_path / "folder"
    path.mkdir()
    with pytest.raises(ChannelError, match=r"folder: Is a directory \(EISDIR\)"):
        FileChannel(path).send([alert()], NOW)


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="needs /dev/full")
def test_e08_a_full_disk_is_an_error():
    with pytest.raises(ChannelError, match="ENOSPC"):
        FileChannel.send(_full(), [alert()], NOW)


def _full():
    from pathlib import Path

    return FileChannel(Path("/dev/full"))


def test_a_short_write_leaves_nothing(tmp_path, monkeypatch):
    path = tmp_path / "alerts.jsonl"
    FileChannel(path).send([alert(1)], NOW)
    write = os.write
    monkeypatch.setattr(os, "write", lambda file, data: write(file, data[: len(data) // 2]))
    with pytest.raises(ChannelError, match="ENOSPC"):
        FileChannel(path).send([alert(2)], NOW)
    assert keys(path) == ["key-1"]


def test_the_registry():
    assert names() == ("file",)
    assert channel("file", "x.jsonl").name == "file"
    with pytest.raises(UsageProblem, match="no channel 'pigeon'"):
        channel("pigeon", "")
