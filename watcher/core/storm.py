"""Which alerts of many are told one by one, and what is said of the rest. Must not: send, drop or reorder for ever.

A person can read twenty lines; ten thousand hide what matters. The lines go round signals and sources in turn, rare signals
first and the highest scores first, so that a publisher who floods one signal buries nothing else. The rest becomes one
digest that counts them and holds their keys: nothing is dropped, and the log has every hit.
"""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict, deque
from collections.abc import Sequence

from watcher.core.intents import OwedAlert
from watcher.core.model import Micros
from watcher.core.period import show_iso

_NAMED = 10


def message(owed: Sequence[OwedAlert], lines: int) -> tuple[OwedAlert, ...]:
    """At most so many alerts in the order they were owed, and a digest of the rest."""
    if len(owed) <= lines:
        return tuple(owed)
    chosen = {alert.alert_id for alert in _fairest(owed, lines)}
    rest = [alert for alert in owed if alert.alert_id not in chosen]
    return (*(alert for alert in owed if alert.alert_id in chosen), _digest(rest))


def _fairest(owed: Sequence[OwedAlert], lines: int) -> list[OwedAlert]:
    signals: dict[str, dict[str, deque[OwedAlert]]] = defaultdict(lambda: defaultdict(deque))
    for alert in sorted(owed, key=lambda alert: (-_score(alert), alert.alert_id)):
        signals[_word(alert, "signal") or alert.kind][_word(alert, "source")].append(alert)
    by_rarity = sorted(signals.values(), key=lambda sources: sum(map(len, sources.values())))
    queues = deque(deque(sources.values()) for sources in by_rarity)
    chosen: list[OwedAlert] = []
    while queues and len(chosen) < lines:
        sources = queues.popleft()
        source = sources.popleft()
        chosen.append(source.popleft())
        if source:
            sources.append(source)
        if sources:
            queues.append(sources)
    return chosen


def _digest(rest: Sequence[OwedAlert]) -> OwedAlert:
    keys = [alert.key for alert in rest]
    first: Micros = min(alert.created_at for alert in rest)
    payload: dict[str, object] = {
        "count": len(rest),
        "signals": _counted(rest, "signal"),
        "sources": _counted(rest, "source"),
        "since": show_iso(first),
        "more": f"watcher report --since {show_iso(first)}",
        "keys": keys,
    }
    key = "digest:" + hashlib.sha256("\n".join(sorted(keys)).encode("utf-8", "replace")).hexdigest()[:32]
    return OwedAlert(0, rest[0].channel, key, "digest", payload, first, max(alert.attempts for alert in rest))


def _counted(rest: Sequence[OwedAlert], name: str) -> dict[str, int]:
    """The most frequent values with their counts; the others together."""
    counts = Counter(_word(alert, name) or alert.kind for alert in rest).most_common()
    told = dict(counts[:_NAMED])
    others = sum(count for _, count in counts[_NAMED:])
    return {**told, "others": others} if others else told


def _word(alert: OwedAlert, name: str) -> str:
    value = alert.payload.get(name, "")
    return value if isinstance(value, str) else ""


def _score(alert: OwedAlert) -> float:
    score = alert.payload.get("score", 0.0)
    return float(score) if isinstance(score, int | float) else 0.0
