"""Every limit in one frozen object that is passed in. Must not: hold a module-level instance that code reads.

Shipped values are the defaults and are pinned by one test; fault tests use ``Limits().scaled(0.01)``.
"""

from __future__ import annotations

from typing import Self

from msgspec import Struct
from msgspec.structs import fields, replace


class Limits(Struct, frozen=True):
    """Bounds on what a publisher, a feed or a disk can cost. Units are in the names (s, bytes, chars, or counts)."""

    # fetch (reliability study, section 7, rules 1-4)
    dns_s: float = 10.0
    connect_s: float = 10.0
    exchange_s: float = 30.0
    wire_bytes: int = 5 * 1024 * 1024
    body_bytes: int = 10 * 1024 * 1024
    redirects: int = 5
    headers: int = 100
    header_bytes: int = 64 * 1024
    validator_bytes: int = 1024
    in_flight: int = 200
    per_host: int = 2
    host_interval_s: float = 1.0

    # the sandbox, per task of a child
    parse_cpu_s: float = 5.0
    parse_wall_s: float = 15.0
    parse_memory_bytes: int = 512 * 1024 * 1024
    parse_tasks_per_child: int = 1000

    # what is kept of a feed
    entries_per_feed: int = 5000
    title_chars: int = 1000
    text_chars: int = 1_000_000
    lead_chars: int = 1000
    author_chars: int = 200
    tag_chars: int = 200
    tags: int = 50
    guid_chars: int = 2000
    link_chars: int = 2000
    matches_per_signal: int = 50

    # a whole poll, and when the next one is due
    poll_s: float = 60.0
    lease_s: float = 180.0
    interval_floor_s: float = 3600.0
    publisher_hint_cap_s: float = 7 * 86400.0
    backoff_cap_s: float = 86400.0
    jitter_share: float = 1 / 6
    start_spread_s: float = 300.0

    # sightings and alerts
    backfill_age_s: float = 7 * 86400.0
    alert_attempts: int = 5
    alert_send_s: float = 15.0
    alert_backoff_cap_s: float = 3600.0
    alert_age_s: float = 3 * 86400.0
    alert_pause_s: float = 60.0
    alerts_per_hour: int = 30
    alert_lines: int = 20

    # the database
    busy_s: float = 10.0
    commit_batch: int = 100
    stop_s: float = 10.0

    def scaled(self, factor: float) -> Self:
        """The same limits with every time and byte size multiplied: what fault tests inject.

        Counts stay as they are. Byte sizes never fall below 4 KiB, so that an ordinary small feed still passes;
        the memory of a child is not scaled, since an interpreter needs what it needs.
        """
        changed: dict[str, float | int] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if field.name.endswith("_s"):
                changed[field.name] = value * factor
            elif field.name.endswith("_bytes") and field.name not in ("parse_memory_bytes", "validator_bytes"):
                changed[field.name] = max(4096, int(value * factor))
        return replace(self, **changed)
