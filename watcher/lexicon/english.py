"""What an English dictionary without parts of speech cannot tell: nouns whose verb means something else.

Must not: load a dictionary.
"""

from __future__ import annotations

from typing import Final

_NOUN_LIST: Final = """accord account act address arm article attack-note bank bar battle bill block board bond book border
box brand bridge call-sign camp capital case cause cell chair chamber channel chapter charter circle class clause cloud
club coalition code coin column committee compact concert condition contract convention copy cord core corps council
counter course court covenant craft crew crown current customs deal department desk diplomat document dome draw drone
embassy envoy estate face faction faith field file film fire flag fleet floor foot force forum frame front fund game gas
gate ground group guard gun head heart house image incident index industry instrument interest iron island issue item
judge key label land language law lead league letter level line link list lock machine man mark market mass master
material matter measure member memorandum message mine minister minute missile mission model moment mouth name nation
network note notice number object office oil order organ package page pact panel paper paragraph parliament part party
passage peace people period person phase picture piece place plane plant platform plot point policy pool port position
post pound power press price principle prison probe process product proof proxy public quarter race rail range rank rate
record red-line region register regime resort resource river rock role room root rope round row rule sanction scale
scene school science sea seal season seat second secretary sector security sense shadow shape share ship shore side sign
site slot society soldier sort source space spot staff stage stake stand star state statement station step stock stone
store storm street string subject summit surface switch system table talk tank target team term territory test text
theme threat time title tone tool top track trade train trap treasury treaty trench tribunal troop trust truth type
union unit valley value verse vessel veto view village voice volume wall war watch water wave weapon weight wheel wing
wire witness word work world year zone"""

NOUNS: Final = frozenset(_NOUN_LIST.split())
PARTICLES: Final = frozenset({"over", "out", "up", "off", "in", "down", "back", "forward", "on", "away", "to", "with"})
_VERBAL: Final = ("ed", "ing")
_PLURALS: Final = {"man": "men", "woman": "women", "person": "people", "foot": "feet", "tooth": "teeth"}


def plurals(noun: str) -> set[str]:
    """The regular plural forms of a noun, and the irregular ones that matter."""
    found = {noun, f"{noun}s"}
    if noun.endswith(("s", "x", "z", "ch", "sh")):
        found = {noun, f"{noun}es"}
    elif noun.endswith("y") and noun[-2:-1] not in ("a", "e", "o", "u", ""):
        found = {noun, f"{noun[:-1]}ies"}
    if noun in _PLURALS:
        found = {noun, _PLURALS[noun]}
    return found


def is_verbal(form: str, lemma: str) -> bool:
    """True for a past or -ing form of a lemma that does not itself end so."""
    return form != lemma and form.endswith(_VERBAL)


def noun_forms(lemma: str, forms: set[str]) -> set[str]:
    """The forms of a noun: what the dictionary knows, without those of the verb."""
    return plurals(lemma) | {form for form in forms if form[:1].isalpha() and form.endswith(("men", "ves", "ices"))}


def verb_forms(lemma: str, forms: set[str]) -> set[str]:
    """The forms of a verb, without the noun that is spelt like it: past and -ing forms only."""
    return {form for form in forms if is_verbal(form, lemma)}
