"""Watchlists are loaded whole, from the cache where nothing changed, or refused with names a person can open."""

from __future__ import annotations

import os
import pickle
from pathlib import Path

import pytest

from tests.core.watchlist_samples import expand, files
from watcher.app import watchlist_cache
from watcher.app.watchlists import MAX_BYTES, load, load_all, missing_secrets, read_files
from watcher.core.errors import UsageProblem, WatchlistError


@pytest.fixture
def folder(tmp_path, monkeypatch):
    write(tmp_path / "config", files())
    monkeypatch.chdir(tmp_path)
    return tmp_path / "config"


def write(folder, texts):
    folder.mkdir(exist_ok=True)
    for name, text in texts.items():
        (folder / name).write_text(text)
        (folder / name).chmod(0o644)


class Lexicon:
    """Counts how often words are expanded: a load from the cache expands none."""

    def __init__(self):
        self.calls = 0

    def __call__(self, words):
        self.calls += 1
        return expand(words)


def get(path="config/w.yaml", *, lexicon=expand, cache="cache"):
    return load(Path(path), expand=lexicon, cache_dir=Path(cache) if cache else None)


def codes(path="config/w.yaml"):
    with pytest.raises(WatchlistError) as caught:
        get(path)
    return [(issue.code, issue.file, issue.line) for issue in caught.value.issues]


def test_a_load_has_document_compiled_form_and_its_pickle(folder):
    loaded = get()

    assert loaded.document.id == loaded.compiled.id == "sample"
    assert pickle.loads(loaded.compiled_bytes) == loaded.compiled
    assert loaded.compiled.revision == loaded.document.revision
    assert set(loaded.document.files) == {"w.yaml", "actors.yaml"}
    assert loaded.warnings == ()


def test_the_second_load_reads_the_cache_alone(folder):
    lexicon = Lexicon()

    first, second = get(lexicon=lexicon), get(lexicon=lexicon)

    assert lexicon.calls == 1
    assert (first.compiled, first.document) == (second.compiled, second.document)


@pytest.mark.parametrize("name", ["w.yaml", "actors.yaml"])
def test_any_change_of_any_file_makes_the_cache_stale(folder, name):
    lexicon = Lexicon()
    before = get(lexicon=lexicon).compiled.revision
    (folder / name).write_text((folder / name).read_text() + "# more\n")

    assert get(lexicon=lexicon).compiled.revision != before
    assert lexicon.calls == 2


def test_a_missing_include_makes_the_cache_stale(folder):
    get()
    (folder / "actors.yaml").unlink()

    assert codes()[0][0] == "include-missing"


def test_the_cache_is_not_used_for_another_version(folder, monkeypatch):
    lexicon = Lexicon()
    get(lexicon=lexicon)
    monkeypatch.setattr(watchlist_cache, "__version__", "9.9.9")

    get(lexicon=lexicon)

    assert lexicon.calls == 2


@pytest.mark.parametrize("harm", ["cut", "flip", "empty", "garbage", "open to others"])
def test_a_harmed_cache_file_is_never_unpickled(folder, harm):
    lexicon = Lexicon()
    get(lexicon=lexicon)
    (file,) = Path("cache/watchlists").glob("*.bin")
    content = file.read_bytes()
    harmed = {
        "cut": content[:-10],
        "flip": content[:-10] + bytes([content[-10] ^ 1]) + content[-9:],
        "empty": b"",
        "garbage": b"{}\n" + content,
        "open to others": content,
    }[harm]
    file.write_bytes(harmed)
    file.chmod(0o666 if harm == "open to others" else 0o600)

    assert get(lexicon=lexicon).compiled.id == "sample"
    assert lexicon.calls == 2


def test_the_cache_is_ours_alone(folder):
    get()

    assert {path.stat().st_mode & 0o077 for path in Path("cache/watchlists").rglob("*")} == {0}


def test_documents_are_kept_by_revision_and_not_read_again(folder):
    before = get().document
    (folder / "w.yaml").write_text((folder / "w.yaml").read_text() + "# more\n")
    get()
    cache = watchlist_cache.WatchlistCache(Path("cache"))

    assert cache.document(before.revision, lambda: pytest.fail("read again")) == before
    (Path("cache/watchlists/documents") / f"{before.revision}.bin").write_bytes(b"harmed")
    assert cache.document(before.revision, lambda: before) is before
    assert cache.document(before.revision, lambda: pytest.fail("read again")) == before
    assert watchlist_cache.WatchlistCache(None).document(before.revision, lambda: before) is before


def test_the_oldest_documents_go(folder, monkeypatch):
    monkeypatch.setattr(watchlist_cache, "KEPT", 2)
    for number in range(4):
        (folder / "w.yaml").write_text((folder / "w.yaml").read_text() + f"# {number}\n")
        newest = get().document.revision

    kept = {file.stem for file in Path("cache/watchlists/documents").iterdir()}
    assert len(kept) == 2
    assert newest in kept


def test_without_a_cache_folder_nothing_is_kept(folder):
    lexicon = Lexicon()
    get(lexicon=lexicon, cache=None)
    get(lexicon=lexicon, cache=None)

    assert lexicon.calls == 2


def test_a_cache_folder_that_cannot_be_made_costs_time_only(folder):
    Path("cache").write_text("a file in its way")

    assert get().compiled.id == "sample"


def test_g03_a_file_of_50_mb_is_refused_unread(folder):
    with (folder / "w.yaml").open("wb") as stream:
        stream.truncate(50 * 1024 * 1024)

    assert codes() == [("too-large", "config/w.yaml", 0)]


def test_g03_a_large_include_is_refused(folder):
    with (folder / "actors.yaml").open("wb") as stream:
        stream.truncate(MAX_BYTES + 1)

    assert ("include-missing", "config/w.yaml", 5) in codes()


def test_bytes_that_are_no_text_are_told_by_place(folder):
    (folder / "w.yaml").write_bytes(b"watchlist: w\nquestion: \xc3\xa9\xff\n")

    (issue,) = _issues()
    assert (issue.code, issue.line, issue.column) == ("not-utf-8", 2, 12)


def _issues(path="config/w.yaml"):
    with pytest.raises(WatchlistError) as caught:
        get(path)
    return caught.value.issues


def test_g01_issues_name_files_as_a_person_can_open_them(folder):
    write(folder, files("weight: 60", "weigth: 60", actors='concepts: {nato: {en: ["NATO"]}}'))

    assert {(issue.file, issue.line) for issue in _issues()} == {("config/w.yaml", 23), ("config/actors.yaml", 1)}
    os.chdir(folder)
    assert {issue.file for issue in _issues("w.yaml")} == {"w.yaml", "actors.yaml"}


def test_g06_a_file_that_is_gone_or_a_folder(folder):
    for path in ("config/none.yaml", "config"):
        with pytest.raises(UsageProblem, match="cannot read watchlist"):
            get(path)


def test_g06_an_unreadable_include_says_why(folder):
    (folder / "actors.yaml").unlink()
    (folder / "actors.yaml").mkdir()

    with pytest.raises(WatchlistError, match="is a directory"):
        get()


def test_g06_a_file_that_others_may_write_is_warned_of(folder):
    (folder / "w.yaml").chmod(0o666)

    loaded = get()

    (warning,) = loaded.warnings
    assert (warning.code, warning.severity) == ("writable-by-others", "warning")
    (folder / "w.yaml").unlink()
    assert loaded.warnings == ()


@pytest.mark.parametrize(
    ("zone", "good"), [("UTC", True), ("Europe/Kyiv", True), ("Europe/Atlantis", False), ("../etc/passwd", False)]
)
def test_time_zones_exist(folder, zone, good):
    write(folder, files("timezone: Europe/Brussels", f"timezone: {zone}"))

    if good:
        assert get().document.timezone == zone
    else:
        assert codes() == [("bad-value", "config/w.yaml", 4)]


def test_line_ends_of_another_system_change_nothing(folder):
    unix = get().compiled.revision
    (folder / "w.yaml").write_bytes((folder / "w.yaml").read_bytes().replace(b"\n", b"\r\n"))

    assert get().compiled.revision == unix


def test_includes_may_stand_beside_the_folder(folder):
    write(folder.parent / "shared", {"actors.yaml": files()["actors.yaml"]})
    write(folder, {"w.yaml": files("[actors.yaml]", "[../shared/actors.yaml]")["w.yaml"]})

    assert set(get().document.files) == {"w.yaml", "../shared/actors.yaml"}
    assert read_files(folder / "w.yaml").unreadable == {}


def test_several_are_loaded_all_or_none(folder):
    write(folder, {"v.yaml": files("watchlist: sample", "watchlist: other")["w.yaml"]})
    paths = [folder / "v.yaml", folder / "w.yaml"]

    assert [one.compiled.id for one in load_all(paths, expand=expand, cache_dir=None)] == ["other", "sample"]

    write(
        folder,
        {"v.yaml": files("weight: 60", "weigth: 60")["w.yaml"], "w.yaml": files("kind: feed", "kind: fed")["w.yaml"]},
    )
    with pytest.raises(WatchlistError) as caught:
        load_all(paths, expand=expand, cache_dir=None)
    assert {Path(issue.file).name for issue in caught.value.issues} == {"v.yaml", "w.yaml"}


def test_two_watchlists_of_one_id_are_refused(folder):
    write(folder, {"v.yaml": files()["w.yaml"]})

    with pytest.raises(WatchlistError, match="is also the id of"):
        load_all([folder / "v.yaml", folder / "w.yaml"], expand=expand, cache_dir=None)


def test_g11_missing_secrets_are_named(folder):
    document = get().document

    assert missing_secrets(document, {}) == (("un-press", "FEED_KEY"),)
    assert missing_secrets(document, {"FEED_KEY": "x"}) == ()
