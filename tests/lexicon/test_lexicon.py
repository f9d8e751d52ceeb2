"""Forms of words: what stands together, what stays apart, and the cache that makes a second load cheap."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from watcher.lexicon import expand as lexicon
from watcher.lexicon.english import noun_forms, plurals, verb_forms
from watcher.lexicon.expand import expand, forms_version
from watcher.lexicon.inflect import LANGUAGES, clean, expand_language, regular, variants

Forms = dict[tuple[str, str], frozenset[str]]

TOGETHER = {
    ("ru", "договор"): {"договора", "договору", "договором", "договоре", "договоры"},
    ("ru", "акт"): {"акта", "актом", "акты"},
    ("ru", "нота"): {"ноту", "ноты", "нотой"},
    ("uk", "проєкт"): {"проєкту", "проект", "проекту"},
    ("en", "note"): {"notes"},
    ("en", "guarantee"): {"guarantees"},
    ("fr", "garantie"): {"garanties"},
    ("de", "Garantie"): {"Garantien"},
    ("ru", "линия"): {"линии", "линий"},
    ("de", "Vertrag"): {"Vertrags", "Verträge"},
    ("ru", "красная"): {"красной", "красные", "красных", "красным", "красными"},
    ("ru", "юридическая"): {"юридические", "юридических"},
    ("de", "Russland"): {"Russlands"},
    ("de", "Putin"): {"Putins"},
    ("de", "Lawrow"): {"Lawrows"},
    ("de", "Moskau"): {"Moskaus"},
    ("de", "Verbündete"): {"Verbündeten", "Verbündeter"},
    ("de", "Schluß"): {"Schluss"},
}
APART = {
    ("ru", "договор"): {"договориться", "договорились"},
    ("ru", "акт"): {"актив", "активы"},
    ("en", "note"): {"noted", "noting"},
    ("de", "Garantie"): {"Garanties", "Garantienn"},
    ("ru", "линия"): {"линять", "линейный"},
}


@pytest.fixture(scope="session")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("forms")


@pytest.fixture(scope="session")
def forms(cache: Path) -> dict[tuple[str, str], frozenset[str]]:
    return expand([*TOGETHER, ("xx", "word")], cache_dir=cache)


@pytest.mark.parametrize("word", TOGETHER, ids="-".join)
def test_forms_of_a_word_stand_together(word: tuple[str, str], forms: Forms) -> None:
    assert forms[word] >= TOGETHER[word] | {word[1]}


@pytest.mark.parametrize("word", APART, ids="-".join)
def test_forms_that_over_merge_stay_apart(word: tuple[str, str], forms: Forms) -> None:
    assert not forms[word] & APART[word]


def test_a_language_without_dictionary_gives_the_word_itself(forms: Forms) -> None:
    assert forms["xx", "word"] == {"word"}


def test_a_second_load_asks_no_dictionary(cache: Path, forms: Forms, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: object) -> None:
        raise AssertionError("asked again")

    monkeypatch.setattr(lexicon, "_ask", refuse)
    assert expand(TOGETHER, cache_dir=cache) == {word: forms[word] for word in TOGETHER}


def test_a_load_imports_no_dictionary_library(cache: Path, forms: Forms) -> None:
    code = (
        "import sys, pathlib\nfrom watcher.lexicon.expand import expand\n"
        f"expand([('en', 'note')], cache_dir=pathlib.Path({str(cache)!r}))\n"
        "assert not {'simplemma', 'pymorphy3'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b'{"word": "word"}', b'{"word": [1]}', b"\xff"])
def test_a_damaged_cache_is_an_empty_one_and_mended(tmp_path: Path, damage: bytes) -> None:
    expand([("xx", "word")], cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()
    file.write_bytes(damage)

    assert expand([("xx", "word")], cache_dir=tmp_path)["xx", "word"] == {"word"}
    assert json.loads(file.read_bytes()) == {"word": ["word"]}


def test_only_missing_words_are_asked_and_the_others_kept(tmp_path: Path) -> None:
    expand([("xx", "one")], cache_dir=tmp_path)
    expand([("xx", "two")], cache_dir=tmp_path)
    (file,) = tmp_path.iterdir()

    assert set(json.loads(file.read_bytes())) == {"one", "two"}


def test_a_cache_that_cannot_be_written_costs_no_answer(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert expand([("xx", "word")], cache_dir=tmp_path / "file" / "below") == {("xx", "word"): frozenset({"word"})}


def test_nothing_asked_starts_no_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lexicon, "_ask", None)
    assert expand([], cache_dir=None) == {}


def test_the_version_of_forms_names_rules_and_dictionaries() -> None:
    assert len(forms_version().split("_")) == 4


@pytest.mark.parametrize(
    ("given", "cleaned"),
    [
        ("зобовʼязання", "зобов'язання"),
        ("догово\u0301р", "договор"),
        ("и\u0306", "й"),
        ("é", "é"),
        ("\u0301a", "\u0301a"),
    ],
)
def test_what_cleaning_drops_and_keeps(given: str, cleaned: str) -> None:
    assert clean(given) == cleaned


@pytest.mark.parametrize(
    ("noun", "wanted"),
    [
        ("pact", {"pact", "pacts"}),
        ("box", {"box", "boxes"}),
        ("policy", {"policy", "policies"}),
        ("day", {"day", "days"}),
        ("man", {"man", "men"}),
    ],
)
def test_plurals(noun: str, wanted: set[str]) -> None:
    assert plurals(noun) == wanted


def test_a_noun_and_its_verb_are_told_apart() -> None:
    known = {"note", "notes", "noted", "noting"}
    assert noun_forms("note", known) == {"note", "notes"}
    assert verb_forms("note", known) == {"noted", "noting"}
    assert verb_forms("ring", {"ring"}) == set()


def test_regular_endings_and_variants() -> None:
    assert regular("en", "Ruritania") == {"Ruritania"}
    assert regular("en", "drome") == {"drome", "dromes"}
    assert regular("fr", "prix") == {"prix"}
    assert regular("fr", "mot") == {"mot", "mots"}
    assert regular("de", "Haus") == {"Haus"}
    assert regular("de", "Auto") == {"Auto", "Autos"}
    assert regular("ru", "слово") == {"слово"}
    assert variants("de", {"Straße"}) == {"Straße", "Strasse"}
    assert variants("en", {"a"}) == {"a"}


@pytest.mark.parametrize("language", sorted(LANGUAGES))
def test_every_word_is_among_its_own_forms_sorted(language: str) -> None:
    for word, found in expand_language(language, ["nato", "xyzzy"]).items():
        assert word in found
        assert found == sorted(found)
