"""A watchlist is read whole or refused with every problem at its place."""

from __future__ import annotations

import pytest

from tests.core.watchlist_samples import ACTORS, MAIN, files
from watcher.core.document import Place
from watcher.core.errors import WatchlistError
from watcher.core.watchlist import included_names, read_document, revision_of


def issues(texts, **options):
    with pytest.raises(WatchlistError) as caught:
        read_document(texts, "w.yaml", **options)
    return caught.value.issues


def problems(texts, **options):
    """(code, text at the place) of every issue."""
    found = []
    for issue in issues(texts, **options):
        lines = texts[issue.file].split("\n")
        found.append((issue.code, lines[issue.line - 1][issue.column - 1 :][:12]))
    return found


def test_the_sample_is_read_whole():
    document = read_document(files(), "w.yaml")

    assert (document.id, document.language, document.timezone, document.main) == (
        "sample",
        "en",
        "Europe/Brussels",
        "w.yaml",
    )
    assert list(document.concepts) == ["russia", "nato"]
    assert [(t.text, t.language, t.forms, t.only) for t in document.concepts["russia"].terms] == [
        ("Russia", "en", (), ""),
        ("Moscow", "en", (), ""),
        ("Россия", "ru", (), ""),
        ("нота", "ru", ("нота", "ноту"), ""),
        ("Note", "ru", (), "de"),
    ]
    assert document.ladders == {"pact": ("claimed", "text exists", "handed over")}
    assert [(f.kind, f.id, f.match.text, f.title[:5]) for f in document.facets] == [
        ("institution", "nato", "@nato", ""),
        ("institution", "osce", "OSCE", "Organ"),
    ]
    assert document.retired == ("old-rule",)
    assert document.timeline[0].date == "1997-05-27"
    assert document.positions[0].party == "Russia"


def test_signals_keep_their_context_and_scope():
    draft, posture = read_document(files(), "w.yaml").signals

    assert (draft.needs.text, draft.scope, draft.unless.text) == ("@russia | @nato", "sentence", "exhibition")
    assert (draft.threshold, draft.ladder, posture.threshold, posture.ladder) == (50.0, "pact", 30.0, "")
    assert (posture.needs.text, posture.scope) == ("@nato", "entry")
    assert (posture.rules[0].needs.text, posture.rules[0].scope) == ("@russia", "entry")
    handed = draft.rules[1]
    assert (handed.id, handed.weight, handed.rung, handed.needs.text) == ("handed", 40.5, "handed over", "@nato")
    assert (handed.unless.text, handed.note, draft.rules[0].note) == ("museum", "seen once", "")


def test_figures_and_sources_are_typed():
    document = read_document(files(), "w.yaml")
    vessels, troops = document.figures
    press, nobody = document.sources

    assert (vessels.low, vessels.high, troops.high) == (1.0, 5000.0, float("inf"))
    assert [term.text for term in vessels.unit_terms] == ["vessel", "ship"]
    assert (vessels.baseline[0].value, vessels.baseline[0].qualifier) == (342.0, "total")
    assert (press.interval_s, press.host_interval_s, press.per_host) == (900.0, 2.0, 1)
    assert (press.allow_private, press.enabled, nobody.allow_private, nobody.enabled) == (True, False, False, True)
    assert press.url == "https://example.org/feed?key=${FEED_KEY}"
    assert (nobody.kind, nobody.url, nobody.is_blind) == ("none", "", True)


def test_everything_knows_its_place():
    document = read_document(files(), "w.yaml")

    def at(place: Place) -> str:
        return files()[place.file].split("\n")[place.line - 1][place.column - 1 :]

    assert at(document.concepts["nato"].place).startswith("nato:")
    assert at(document.concepts["nato"].terms[0].place).startswith("=NATO")
    assert at(document.concepts["russia"].terms[3].place).startswith("нота,")
    assert at(document.signals[0].place).startswith("draft-text:")
    assert at(document.signals[0].needs.place).startswith("@russia |")
    assert at(document.signals[0].rules[1].place).startswith("handed,")
    assert at(document.signals[0].rules[0].match.at(6)).startswith("near/4")
    assert at(document.facets[1].match.place).startswith("OSCE'")
    assert at(document.figures[0].place).startswith("vessels:")


def test_a_watchlist_may_be_as_small_as_one_rule():
    text = "watchlist: w\nquestion: q\nlanguage: en\nsignals: {a: {title: A, rules: [{id: r, match: x, weight: 1}]}}"

    document = read_document({"w.yaml": text}, "w.yaml")

    assert (document.timezone, document.sources, document.concepts) == ("UTC", (), {})


def test_revision_is_the_digest_of_all_files():
    assert read_document(files(), "w.yaml").revision == revision_of(files())
    assert revision_of(files()) != revision_of(files(actors=ACTORS + "#"))
    assert revision_of({"a": "bc"}) != revision_of({"ab": "c"})
    assert revision_of({"a": "1", "b": "2"}) == revision_of({"b": "2", "a": "1"})


CASES = [
    # shape
    ("question: Does the offer move?", "", ("missing-key", "watchlist: s")),
    ("    title: Draft text of a treaty\n", "", ("missing-key", "draft-text:")),
    ("weight: 60", "weigth: 60", ("missing-key", "{id: text-of-"[:12])),
    ("weight: 60", "weigth: 60", ("unknown-key", "weigth: 60, ")),
    ("language: en", "langage: en", ("unknown-key", "langage: en")),
    ("only: de", "onyl: de", ("unknown-key", "onyl: de}]")),
    ("{match: 'OSCE', title", "{mach: 'OSCE', title", ("unknown-key", "mach: 'OSCE'")),
    ("units: {en: [vessel, ship]}", "units: {en: vessel}", ("wrong-type", "vessel}")),
    ("watchlist: sample", "watchlist: A Sample", ("bad-id", "A Sample")),
    ("  russia:\n", "  Russia-1:\n", ("bad-id", "Russia-1:")),
    ("    ru: [Россия", "    russian: [Россия", ("bad-value", "russian: [Ро")),
    ("ladder: pact\n", "ladder: [pact]\n", ("wrong-type", "[pact]")),
    ("signals:\n", "signals: []\nfigures_:\n", ("wrong-type", "[]")),
    ("title: UN press", "title: ''", ("empty-value", "''")),
    ("title: UN press", "title:", ("empty-value", "")),
    ("role: primary", "role: first", ("bad-choice", "first")),
    ("role: primary", "role: [first]", ("bad-choice", "[first]")),
    ("reliability: B", "reliability: G", ("bad-choice", "G")),
    ("kind: feed", "kind: fed", ("bad-choice", "fed")),
    ("enabled: false", "enabled: NO", ("bad-value", "NO")),
    ("enabled: false", "enabled: [NO]", ("wrong-type", "[NO]")),
    ("interval: 15m", "interval: 12:30:00", ("bad-value", "12:30:00")),
    ("interval: 15m", "interval: [15m]", ("wrong-type", "[15m]")),
    ("per_host: 1", "per_host: 1.5", ("wrong-type", "1.5}")),
    ("per_host: 1", "per_host: 0", ("bad-value", "0}")),
    ("date: 1997-05-27", "date: 1997-02-30", ("bad-value", "1997-02-30, ")),
    ("date: 1997-05-27", "date: 27.5.1997", ("bad-value", "27.5.1997, t")),
    ("range: [1, 5000]", "range: [1]", ("bad-value", "[1]")),
    ("range: [1, 5000]", "range: [10, 5]", ("bad-value", "10, 5]")),
    ("value: 342", "value: 1_000", ("bad-value", "1_000, quali")),
    ("value: 342", "value: {a: b}", ("wrong-type", "{a: b}, qual")),
    ("https://example.org/t", "ftp://example.org/t", ("bad-value", "'ftp://examp")),
    ("{id: troops, ", "{", ("missing-key", "{match: 'tro")),
    (
        "- {id: troops, match: 'troops | battalion', weight: 40, needs: {entry: '@russia'}}",
        "- troops",
        ("wrong-type", "troops"),
    ),
    # references
    ("ladder: pact\n", "ladder: pct\n", ("unknown-ladder", "pct")),
    ("rung: text exists", "rung: txt exists", ("unknown-rung", "txt exists}")),
    ("threshold: 30\n", "threshold: 30\n", None),
    ("'troops | battalion', weight: 40,", "troops, weight: 40, rung: claimed,", ("unknown-rung", "claimed, nee")),
    ("nato: '@nato'", "nato: '@nto'", ("unknown-concept", "@nto'")),
    ("needs: '@nato', unless", "needs: 'x & @nto', unless", ("unknown-concept", "@nto', unles")),
    ("id: handed,", "id: troops,", ("duplicate-id", "troops, matc")),
    ("id: handed,", "id: old-rule,", ("retired-id", "old-rule, ma")),
    ("  posture:", "  old-rule:", ("retired-id", "old-rule:")),
    ("handed over]", "claimed]", ("duplicate-id", "claimed]")),
    # contexts, sources, includes
    ("{sentence: '@russia | @nato'}", "{sentence: '@nato', entry: '@russia'}", ("bad-needs", "{sentence: '")),
    ("{sentence: '@russia | @nato'}", "{}", ("bad-needs", "{}")),
    ("{sentence: '@russia | @nato'}", "{sentense: '@nato'}", ("unknown-key", "sentense: '@")),
    ("    url: 'https://example.org/feed?key=${FEED_KEY}'\n", "", ("missing-key", "un-press:")),
    ("[actors.yaml]", "[actors.yaml, more.yaml]", ("include-missing", "more.yaml]")),
    ("[actors.yaml]", "[actors.yaml, /etc/passwd]", ("bad-include", "/etc/passwd]")),
    ("[actors.yaml]", "[actors.yaml, ./actors.yaml]", ("bad-include", "./actors.yam")),
    ("[actors.yaml]", "[actors.yaml, [x]]", ("wrong-type", "[x]]")),
    # what YAML would swallow
    ("'draft near/4 treaty'", '"draft near/4 treaty"', ("double-quoted-query", '"draft near/')),
    ("[Russia, Moscow]", '[Russia, "Moscow"]', ("double-quoted-query", '"Moscow"]')),
    ("term: нота", 'term: "нота"', ("double-quoted-query", '"нота", form')),
    ("[vessel, ship]", '["vessel", ship]', ("double-quoted-query", '"vessel", sh')),
    ("title: UN press", "title: UN press #1", ("comment-in-value", "UN press #1")),
    ("unless: 'exhibition'", "unless: |\n      exhibition\n      # or museum", ("comment-in-value", "|")),
]


@pytest.mark.parametrize(("old", "new", "expected"), CASES)
def test_refused_at_its_place(old, new, expected):
    if expected is None:
        assert read_document(files(old, new), "w.yaml").id == "sample"
    else:
        assert expected in problems(files(old, new))


@pytest.mark.parametrize(
    "written",
    ["NaN", ".nan", "inf", "-.inf", "1" + "0" * 400, "1e400", "-5", "0", "0.0", "010", "1_0", "''", "ten", "1001"],
)
def test_c17_weight_must_be_a_plain_positive_number(written):
    (issue,) = issues(files("weight: 60", f"weight: {written}"))

    assert issue.message.startswith("weight: ")
    assert issue.code == "bad-value"


@pytest.mark.parametrize("written", ["0", "100", "-1", "nan"])
def test_c17_threshold_lies_between_0_and_100(written):
    assert [issue.code for issue in issues(files("threshold: 30", f"threshold: {written}"))] == ["bad-value"]


def test_g01_broken_yaml_is_told_with_file_line_and_column():
    (issue,) = issues(files("question: Does the offer move?", "question: a: b"))

    assert str(issue).startswith("w.yaml:2:12: error: not valid YAML")
    assert "question: a: b" in issue.message


def test_g04_country_code_no_is_text():
    document = read_document(files("publisher: Nobody", "publisher: NO"), "w.yaml")

    assert document.sources[1].publisher == "NO"


def test_g08_bad_query_points_into_itself():
    found = issues(files("'draft near/4 treaty'", "'draft near/4 (treaty'"))

    assert {issue.file for issue in found} == {"w.yaml"}
    assert {issue.line for issue in found} == {23}
    assert {issue.column for issue in found} == {56}


def test_g08_bad_query_points_past_doubled_quotes_and_folded_lines():
    (doubled,) = issues(files("'draft near/4 treaty'", "'draft | l''OTAN )'"))
    (folded,) = issues(files("unless: 'exhibition'", "unless: >-\n      exhibition\n      | )"))

    assert (doubled.code, doubled.line, doubled.column) == ("bad-query", 23, 52)
    assert (folded.code, folded.line, folded.column) == ("bad-query", 23, 9)


@pytest.mark.parametrize("term", ["'Russia | Moscow'", "'@nato'", "'=\"\"'", "'x*'"])
def test_g08_bad_term_is_refused(term):
    (issue,) = issues(files("[Russia, Moscow]", f"[Russia, {term}]"))

    assert (issue.code, issue.line) == ("bad-query", 10)


def test_a_concept_inside_quotes_is_no_concept():
    assert read_document(files("'troops | battalion'", "'troops | \"@rusia x\"'"), "w.yaml").id == "sample"


def test_an_empty_query_is_refused():
    assert [issue.code for issue in issues(files("match: 'draft near/4 treaty'", "match: ''"))] == ["empty-value"]


def test_g08_bad_query_in_a_file_without_language_is_still_told():
    codes = {issue.code for issue in issues(files("language: en\n", "").copy() | {"actors.yaml": ACTORS})}

    assert "missing-key" in codes


@pytest.mark.parametrize(
    "new",
    [
        "'https://user:hunter2@example.org/'",
        "'https://hunter2@example.org/'",
        "'ftp://user:hunter2@example.org/'",
        "'https://${hunter2}@example.org/'",
    ],
)
def test_g09_a_password_in_an_address_is_refused_and_never_repeated(new):
    found = issues(files("'https://example.org/feed?key=${FEED_KEY}'", new))

    assert "secret-in-file" in {issue.code for issue in found}
    assert "hunter2" not in "\n".join(map(str, found))


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ("title: UN press", "title: '${TITLE}'", "secret-not-allowed"),
        ("${FEED_KEY}", "${feed-key}", "bad-secret"),
        ("question: Does", "question: ${X} Does", "secret-not-allowed"),
    ],
)
def test_g09_secrets_are_only_named_and_only_in_addresses(old, new, code):
    assert [issue.code for issue in issues(files(old, new))] == [code]


def test_included_files_are_named_in_their_errors():
    found = issues(
        files(
            actors=ACTORS
            + "  russia: {en: [Russia]}\nsignals: {}\nlanguage: en\nladders: {pact: [claimed, text exists, handed over]}\n"
        )
    )

    assert {issue.file for issue in found} == {"actors.yaml"}
    assert sorted(issue.code for issue in found) == ["duplicate-id", "duplicate-id", "not-in-include", "unknown-key"]
    assert "first in w.yaml, line 9" in str(found[0])


@pytest.mark.parametrize(
    ("actors", "code"),
    [
        ("- a\n", "wrong-type"),
        ("", "empty-file"),
        ("a: [", "yaml-syntax"),
        ("facets: {institution: {nato: x}}\n" + ACTORS, "duplicate-id"),
    ],
)
def test_a_bad_include_is_refused(actors, code):
    assert (code, "actors.yaml") in {(issue.code, issue.file) for issue in issues(files(actors=actors))}


def test_unreadable_includes_say_why():
    texts = files("[actors.yaml]", "[actors.yaml, secret.yaml]")

    (issue,) = issues(texts, unreadable={"secret.yaml": "permission denied"})

    assert issue.message == "cannot include secret.yaml: permission denied"


def test_a_main_file_that_is_no_mapping_is_refused():
    assert [issue.code for issue in issues({"w.yaml": "- a"})] == ["wrong-type"]
    assert [issue.code for issue in issues({"w.yaml": "a: ["})] == ["yaml-syntax"]


def test_included_names_are_normalised_and_need_no_good_file():
    assert included_names("include: [./a.yaml, b/../c.yaml, a.yaml, w.yaml, /x, [y]]\nnonsense: 1", "w.yaml") == (
        "a.yaml",
        "c.yaml",
    )
    assert included_names("a: [", "w.yaml") == ()


@pytest.mark.parametrize(
    ("url", "same"),
    [
        ("https://EXAMPLE.org/feed?key=${FEED_KEY}", True),
        ("https://example.org:443/feed?key=${FEED_KEY}", True),
        ("https://example.org/feed?key=${FEED_KEY}#top", True),
        ("https://example.org/feed/?key=${FEED_KEY}", False),
        ("https://example.org:80/feed?key=${FEED_KEY}", False),
        ("https://example.org/feed", False),
    ],
)
def test_g10_one_source_under_two_names(url, same):
    second = f"  b: {{title: t, kind: feed, url: '{url}', publisher: p, family: f, language: en}}\n"
    texts = files("timeline:", second + "timeline:")

    if same:
        assert problems(texts) == [("duplicate-source", f"'{url}"[:12])]
    else:
        assert len(read_document(texts, "w.yaml").sources) == 3


def test_one_sitemap_with_two_selections_is_two_sources():
    second = "  {0}: {{title: t, kind: sitemap, url: 'https://b.org', select: /{0}/, publisher: p, family: f, language: en}}\n"
    texts = files("timeline:", second.format("b") + second.format("c") + "timeline:")

    assert len(read_document(texts, "w.yaml").sources) == 4


def test_all_problems_are_told_at_once_in_file_order_with_hints():
    text = MAIN.replace("weight: 60", "weigth: 60").replace("kind: feed", "kind: fed").replace("'@nato'", "'@nto'", 1)

    found = issues({"w.yaml": text, "actors.yaml": ACTORS})

    assert [issue.code for issue in found] == ["unknown-concept", "missing-key", "unknown-key", "bad-choice"]
    assert [issue.hint for issue in found if issue.hint] == [
        "did you mean 'nato'?",
        "did you mean 'weight'?",
        "did you mean 'feed'?",
    ]


def test_no_more_problems_than_a_person_can_use():
    rules = "".join(f"      - {{id: r{n}, match: x, weight: nan}}\n" for n in range(400))
    found = issues(files("    rules:\n", "    rules:\n" + rules))

    assert len(found) == 201
    assert found[-1].message == "and 200 more problems"
