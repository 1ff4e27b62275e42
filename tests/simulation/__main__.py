"""The long forms, and any single run again.

python -m tests.simulation all --seeds 1000            every family and policy, as a table
python -m tests.simulation crash pause --seeds 1000 --policy lookup-review
python -m tests.simulation race --seeds 10000
python -m tests.simulation exhaustive --depth 12
python -m tests.simulation replay crash:none:send_after:17
"""

import argparse
import sys
import time

from tests.simulation.cases import FAMILIES, POLICIES, Case
from tests.simulation.exhaustive import explore, programs
from tests.simulation.tally import HEADER, Tally, cases, row


def main() -> int:
    options = _options()
    if options.what[0] == "replay":
        return replay(options.what[1])
    if options.what[0] == "exhaustive":
        return exhaustive(options.policy or ["lookup-review", "lookup-resend"], options.depth)
    families = list(FAMILIES) if options.what == ["all"] else options.what
    return table(families, options.policy or list(POLICIES), options.seeds, options.share)


def table(families: list[str], policies: list[str], seeds: int, share: int = 1) -> int:
    """Run the families, print one row for each policy; findings go to stderr. 1 if there is any outside the gap."""
    print(HEADER)
    total = Tally()
    for family in families:
        for policy in policies:
            tally = Tally().run(cases(family, policy, range(seeds), share))
            print(row(family, policy, tally), flush=True)
            if tally.failures:
                print(tally.complaint(), file=sys.stderr, flush=True)
            total.runs += tally.runs
            total.seconds += tally.seconds
            total.failures += tally.failures
            total.early = max(total.early, tally.early)
    print(f"\n{total.runs:,} runs in {total.seconds:.0f} s, {total.runs / total.seconds:.0f} runs/s; ", end="")
    print(f"{len(total.failures)} findings; earliest send {total.early / 1e6:.3f} s before its time")
    return 1 if total.failures else 0


def replay(name: str) -> int:
    """One run again: its history, what the judge says, and the digest by which two runs are compared."""
    trial = Case.parse(name).run()
    print(trial.world.history)
    print()
    for delivery, end in trial.verdict.ends.items():
        print(f"{delivery}: {end}")
    for finding in trial.verdict.findings:
        print(finding)
    print(f"history {trial.world.history.digest()}")
    return 0 if trial.verdict.ok else 1


def exhaustive(policies: list[str], depth: int) -> int:
    begun, bad = time.perf_counter(), 0
    found = list(programs())
    for policy in policies:
        runs = 0
        for program in found:
            for trial in explore(program, policy, depth):
                runs += 1
                if not trial.verdict.ok:
                    bad += 1
                    print(trial.seed, *trial.verdict.findings, sep="\n    ", file=sys.stderr)
        print(f"{policy}: {len(found)} programs to depth {depth}: {runs:,} runs, {bad} with findings", flush=True)
    print(f"{time.perf_counter() - begun:.0f} s")
    return 1 if bad else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        "python -m tests.simulation", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", nargs="+", help="all, replay CASE, exhaustive, or families: " + ", ".join(FAMILIES))
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--share", type=int, default=1, help="each seed with every SHARE-th point, in turn all")
    parser.add_argument("--policy", action="append", choices=POLICIES)
    parser.add_argument("--depth", type=int, default=12)
    options = parser.parse_args()
    known = {*FAMILIES, "all", "exhaustive"}
    if options.what[0] != "replay" and not set(options.what) <= known:
        parser.error(f"unknown: {', '.join(sorted(set(options.what) - known))}")
    if options.what[0] == "replay" and len(options.what) != 2:
        parser.error("replay needs one case")
    return options


if __name__ == "__main__":
    sys.exit(main())
