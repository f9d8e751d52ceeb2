"""The command behind `make fuzz`.

python -m tests.fuzz [--seconds 60] [--seed 1]      all targets
python -m tests.fuzz --case feed:123 --seed 1       one case again, with its traceback
"""

from __future__ import annotations

import argparse
import sys

from tests.fuzz.runner import case, fuzz
from tests.fuzz.targets import targets


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz")
    parser.add_argument("--seconds", type=float, default=60.0, help="processor time in all")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--case", default="", help="TARGET:NUMBER, to run one case again")
    options = parser.parse_args()
    by_name = {target.name: target for target in targets()}
    if options.case:
        name, _, number = options.case.partition(":")
        print(case(by_name[name], options.seed, int(number)))
        return 0
    return 0 if min([run(target, options) for target in by_name.values()]) else 1


def run(target, options) -> bool:
    tally = fuzz(target, options.seconds * target.share, options.seed)
    print(
        f"{target.name}: {tally.cases} cases in {tally.cpu_s:.1f} s of processor time: {tally.fine} read, "
        f"{tally.refused} refused, {len(tally.stalled)} stalled, {len(tally.crashed)} crashed, {len(tally.failures)} failed",
        flush=True,
    )
    for number, trace in tally.failures:
        print(f"--- {target.name}:{number} (seed {options.seed})\n{trace}")
    for word, numbers in (("stalled", tally.stalled), ("crashed", tally.crashed)):
        if numbers:
            print(f"    {word}: {', '.join(f'{target.name}:{number}' for number in numbers)}")
    return tally.is_good(target)


if __name__ == "__main__":
    sys.exit(main())
