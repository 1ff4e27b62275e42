"""A Prefect server on this machine, on SQLite, for those who run none: a child process, watched in the browser.

It imports nothing of Prefect: the server is another process. Measured on 3.8.8: about 15 s for the first start (migrations),
5 s for later ones; the UI must be told its own API's URL on any port but 4200."""

import os
import sys
import urllib.error
import urllib.request
from pathlib import Path

from presstime.embedded.service import Service

PORT = 4200
# What keeps its database from growing for ever: runs may become two weeks old, events three days. Left alone, Prefect 3.8.8 keeps events
# for a week and runs for ever, and a newsroom has some 1,500 a day. What was published is in the log, whatever is deleted here.
KEPT = {
    "PREFECT_SERVER_SERVICES_DB_VACUUM_ENABLED": "events,flow_runs",
    "PREFECT_SERVER_SERVICES_DB_VACUUM_RETENTION_PERIOD": str(14 * 24 * 3600),  # in seconds
    "PREFECT_SERVER_EVENTS_RETENTION_PERIOD": "P3D",
}
REACH_SECONDS, REACH_TRIES = 10, 4


def service(folder: Path) -> Service:
    """The server that keeps its database in `folder`, started when entered and shared with other processes."""
    folder = folder.absolute()
    return Service(
        name="The Prefect server",
        folder=folder,
        command=lambda port: [
            *(sys.executable, "-m", "prefect", "server", "start"),
            *("--host", "127.0.0.1", "--port", str(port)),
        ],
        healthy=_answers,
        port=PORT,
        env=lambda port: {
            "PREFECT_HOME": str(folder),
            "PREFECT_UI_API_URL": api_url(port),
            "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
            "PREFECT_LOGGING_LEVEL": "WARNING",
            "PREFECT_SERVER_LOGGING_LEVEL": "WARNING",
            "PREFECT_API_URL": "",
            **{name: os.environ.get(name, value) for name, value in KEPT.items()},  # ops may choose otherwise
        },
        start_seconds=120,
        stop_seconds=15,
    )


def api_url(port: int) -> str:
    return f"http://127.0.0.1:{port}/api"


def client_env(port: int, folder: Path) -> dict[str, str]:
    """What a process sets, before it imports Prefect, to be this server's client, quietly."""
    return {
        "PREFECT_API_URL": api_url(port),
        "PREFECT_HOME": str(folder.absolute()),
        "PREFECT_LOGGING_LEVEL": "WARNING",
        # Plain HTTP on loopback: without this every task run loads the system's certificates, for 60 ms each.
        "PREFECT_API_TLS_INSECURE_SKIP_VERIFY": "true",
        "DO_NOT_TRACK": "1",
    }


def reachable(url: str) -> bool:
    """Whether anything at all answers where a Prefect API is said to be. A server that is there may stall for half a minute
    (on SQLite, behind a backlog of events): it is asked again."""
    for _ in range(REACH_TRIES):
        try:
            urllib.request.urlopen(f"{url.rstrip('/')}/health", timeout=REACH_SECONDS).close()  # noqa: S310 - as configured
            return True
        except urllib.error.HTTPError:
            return True  # it wants credentials, perhaps: Prefect's client has them
        except (OSError, ValueError) as error:
            stalls = isinstance(error, TimeoutError) or isinstance(getattr(error, "reason", None), TimeoutError)
            if not stalls:
                return False
    return False


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/health", timeout=3) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False
