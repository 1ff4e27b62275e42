"""One of several workers that race for the same deliveries: `python -m tests.real.racer ROOT GO NUMBER OF THREADS`.

It plans, waits until the file GO is there, then tries to publish everything in THREADS threads, whatever others do. Worker
NUMBER of OF begins at its own place in the plan and goes round. Prints what it saw as JSON."""

import json
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from presstime.wire import open_desk


def main() -> int:
    root, go = Path(sys.argv[1]), Path(sys.argv[2])
    number, of, threads = map(int, sys.argv[3:])
    with open_desk(root) as desk:
        due = [str(action.delivery) for action in desk.plan() if action.action == "publish"]
        start = len(due) * number // of
        print("ready", flush=True)
        while not go.exists():
            time.sleep(0.01)
        begun = time.monotonic()
        with ThreadPoolExecutor(threads) as pool:
            states = list(pool.map(desk.publish, due[start:] + due[:start]))
        seen = Counter(state.status.value for state in states if state)
        seconds = round(time.monotonic() - begun, 1)
        print(json.dumps({"due": len(due), "seconds": seconds, "retried": desk.ledger.retried, "saw": seen}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
