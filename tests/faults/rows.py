"""The fault matrix: every row's id, priority and what must hold, in one line each. Read by tests/faults/table.py.

P0 blocks a release, P1 belongs to the first stable one, P2 comes later.
"""

ROWS = """
A-01 P0 a name that does not exist: phase dns, back off, validators stay
A-02 P0 name look-up hangs: cut at its deadline, other sources go on
A-03 P0 no name resolves at all (our own outage): one event, nobody's failures grow, all due soon after
A-04 P0 refused, reset, unreachable: phase connect
A-05 P0 packets vanish while connecting: cut at the connect deadline
A-06 P0 a body that drips: one deadline over the whole exchange
A-07 P0 headers that drip: the same deadline
A-08 P0 fifty dripping hosts at once: healthy sources stay on time
A-09 P0 a body without end: stopped at the cap
A-10 P0 compression bombs and other codings: one capped layer of gzip or deflate, all else refused
A-11 P1 thousands of headers, or huge ones: refused
A-12 P0 shorter than announced, or a cut chunk: an error, not a short feed
A-13 P0 a gzip stream without its end: an error, not a short feed
A-14 P0 cut without a length: whole entries kept, the last one not, no validators
A-15 P0 redirects in a circle or too many: refused, the chain is named
A-16 P0 redirect to another scheme: refused
A-17 P0 redirect to an inner address: refused at connect, on each hop
A-18 P0 a name that changes its address after the check: the address checked is the one connected
A-19 P0 a name with an outer and an inner address: only the outer one is used
A-20 P0 tricks in addresses: one reader of URLs for check and connect
A-21 P1 a wanted inner source: allowed for that source alone, and shown
A-22 P0 proxies, netrc and certificates in the environment: ignored
A-23 P0 secrets across hosts: none sent, no cookies
A-24 P1 redirect from https to http: refused
A-25 P0 bad certificates: refused, phase tls
A-26 P2 certificate from the future: says to look at the local clock
A-27 P0 not modified: nothing parsed, next poll set
A-28 P1 not modified though nothing was asked: an error, next request unconditional
A-29 P1 validators that never change: an unconditional look once a week
A-30 P1 odd validators: echoed exactly, or dropped
A-31 P0 Retry-After in all its forms: obeyed, within the cap
A-32 P0 many sources told to wait: no herd when they return
A-33 P1 permanent redirects: adopted after several equal answers over days
A-34 P0 a captive portal: not a feed, nothing stored
A-35 P1 gone, forbidden, unauthorised: each with its own rule
A-36 P1 a week of failure, then well: one alarm, one recovery
A-37 P0 a publisher that asks for silence: capped, with a warning
A-38 P2 junk instead of HTTP: an error
A-39 P0 etiquette over two days and ten restarts
B-01 P0 entity chain that crashes the parser: one failed poll
B-02 P0 entity bombs: refused before the parser sees them
B-03 P0 external entities: nothing opened
B-04 P0 inputs that stall the parser: the child is ended, the source is slowed down
B-05 P0 deep nesting: bounded
B-06 P0 huge texts and attributes: cut and marked
B-07 P0 a hundred thousand entries: the cap is said
B-08 P0 exceptions of the parser: named, or repaired
B-09 P0 a body that is a path or an address: never opened
B-10 P0 wrong bytes: decoded as declared with marks, still matched
B-11 P1 header, declaration and byte order mark disagree: a fixed order
B-12 P0 codecs that are not text: refused
B-13 P0 control characters and surrogates: removed before store and look-up
B-14 P0 an empty body: an error, not "nothing new"
B-15 P0 something else than a feed: named by what it is
B-16 P1 a feed that runs dry: a warning after three polls
B-17 P0 cut in the middle of an item: as A-14
B-18 P1 attributes, namespaces and bad addresses: no exception
B-19 P2 other formats: parsed, or said to be unsupported
B-20 P1 ten thousand polls: memory flat
B-21 P1 no child can be started: the poll is put off
B-22 P0 the parser's server dies: back soon, the source is tried again
C-01 P0 one id twice in a body: first wins, the other is kept by its link
C-02 P0 a new id for the same item: one entry, no new hit
C-03 P1 new id and link, same text: marked as a duplicate
C-04 P0 no id and no link: identity by content
C-05 P1 ids good and bad in turn: the policy falls back once
C-06 P0 an edited entry: a revision, at most one hit per signal
C-07 P1 gone and back: no new hit
C-08 P0 the whole history served again: no alerts for what is known or old
C-09 P0 the first poll of a source: stored, no alerts
C-10 P1 a changed watchlist: old entries do not alert
C-11 P0 hidden characters, full width, split tags, entities: matched
C-12 P1 look-alike letters: a second, weaker, marked match
C-13 P1 reversed text: stored raw, shown marked
C-14 P0 a pattern that blows up: there are none in the language, and matching is bounded
C-15 P0 keyword stuffing: one hit, capped
C-16 P0 ten thousand matching entries: all logged
C-17 P1 weights that are no numbers: refused
C-18 P2 one article in two feeds: two entries, one story
D-01 P0 impossible dates: no date, the raw text kept
D-02 P0 dates in the future: ordered by first seen
D-03 P1 zones: known ones read, unknown ones marked
D-04 P0 the clock jumps: polls go on, the jump is logged
D-05 P0 summer time: storage in UTC
D-06 P0 suspended: overdue polls spread
D-07 P2 leap second and 24:00
D-08 P2 a server's clock days off
E-01 P0 killed anywhere: nothing lost, nothing doubled
E-02 P1 power loss
E-03 P0 locked by another: waits, tries again, loses nothing
E-04 P0 every write transaction begins as one
E-05 P0 two daemons on one file: the second one leaves
E-06 P1 two daemons on one server: leases
E-07 P0 disk full: rolled back, nothing moved on
E-08 P0 disk full for logs and backups
E-09 P1 read-only, wrong owner
E-10 P0 a damaged file: never made anew
E-11 P0 the log of the database grows
E-12 P1 an old SQLite: one writer
E-13 P2 network file systems
E-14 P0 PostgreSQL restarts under load
E-15 P0 one bad row: the others are stored
E-16 P0 the two databases differ: one layer of validation
E-17 P0 killed while migrating
E-18 P0 an old program on a newer schema: refuses
E-19 P0 backup while running; a restored copy
E-20 P1 ten million entries
E-21 P1 oversized rows and keys
F-01 P0 asked to stop in a poll: ends in time, exit 0
F-02 P1 asked to reload
F-03 P0 a job hangs: its deadline ends it
F-04 P0 the scheduler dies: exit 70
F-05 P1 watchdog sees progress
F-06 P1 little memory
F-07 P1 few file descriptors
F-08 P1 closed output
F-09 P1 no HOME, no terminal, C locale, open umask
F-10 P0 a feed that crashes us at start
F-11 P1 one error per second for a day
F-12 P1 a month of polls
F-13 P1 stale locks
G-01 P0 broken at start: file, line, column; nothing polled
G-02 P0 broken at reload: the old one stays
G-03 P0 tags, aliases, size and depth
G-04 P0 repeated and unknown keys, scalars that YAML would turn
G-05 P1 a half-written file at reload
G-06 P1 file gone, unreadable, open to all
G-07 P1 a source taken out and put back
G-08 P0 a bad query, an empty term
G-09 P0 secrets are never shown
G-10 P1 one address twice
G-11 P1 a secret's variable is missing
H-01 P0 the receiver is down for a day
H-02 P0 an error after accepting
H-03 P0 killed between sending and noting it
H-04 P0 a storm of alerts
H-05 P0 one channel blocks
H-06 P0 hostile titles in messages
H-07 P0 markup and mentions
H-08 P0 templates in data
H-09 P0 inner addresses as receivers
H-10 P1 a receiver that answers without end
H-11 P0 mail servers that misbehave
H-12 P0 secrets in channel addresses
H-13 P0 silence is a failure
H-14 P1 a source that comes and goes
H-15 P0 an old backlog at restart
I-01 P0 script in any field
I-02 P0 links of other schemes
I-03 P0 remote images, styles, forms
I-04 P0 rebinding to the pages
I-05 P0 requests from other sites
I-06 P0 no token
I-07 P0 open redirects
I-08 P0 sort and filter as code
I-09 P0 paths and file names
I-10 P1 large exports and slow readers
I-11 P0 control sequences in a terminal and in a pipe
I-12 P0 lines added to a log
I-13 P0 formulas in CSV
I-14 P0 JSON that is none
I-15 P0 markup in reports
I-16 P1 error pages
I-17 P1 output that cannot take the characters
I-18 P1 searches that stall
I-19 P0 reading while the daemon writes, or without one, or on an old schema
I-20 P0 addresses that a feed offers: never fetched
J-01 P2 other content for us than for others
J-02 P1 an address per reader
J-03 P1 quiet edits
J-04 P1 floods that bury a hit
J-05 P0 a crash timed to hide something else
J-06 P2 a domain in new hands
J-07 P2 validators as cookies
"""
