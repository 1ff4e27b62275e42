"""How adapters use HTTP: one client with bounded waits, no redirects, no secrets in what it says.

Three kinds of request. `ask` changes nothing that readers see, so whatever goes wrong may simply be tried again. `post` may
be seen by readers, so a reply that got lost is `Unknown`. So is that of `change`, which edits or retracts what they see.
"""

import logging
import threading
from abc import abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import urlsplit

from presstime import __version__
from presstime.errors import NetworkError, Unsupported
from presstime.model import (
    Accepted,
    Channel,
    Deferred,
    Identity,
    Json,
    Metric,
    Outcome,
    Receipt,
    Refused,
    Reply,
    Secret,
    Sighting,
    Traits,
    Unknown,
    Variant,
)
from presstime.networks.base import GONE, Adapter, Order, ReadBytes, Renew, by_hand
from presstime.networks.hidden import Hidden
from presstime.networks.holes import Unfilled
from presstime.networks.verdict import Dialect, Verdict, is_expired, is_gone, judge

if TYPE_CHECKING:
    import ssl

    import httpx

CONNECT, READ = 5.0, 30.0  # seconds
# Seconds that a connection is used again after. Servers close idle ones (Gunicorn after 2 s, Apache and Node after 5), and one that
# is closed just as a send goes out looks like a reply that was lost: a doubt, where nothing was ever received.
IDLE = 1.0
LOOPBACK = {"localhost", "127.0.0.1", "::1"}
SHOUTERS = ("httpx", "httpcore", "httpcore.connection", "httpcore.http11", "httpcore.http2", "httpcore.proxy")
UNREADABLE = (KeyError, TypeError, ValueError, IndexError, AttributeError, RecursionError)
VERDICTS = (Refused, Deferred, Unknown)
_TRUSTED_LOCK = threading.Lock()
_quiet: ContextVar[bool] = ContextVar("presstime_quiet", default=False)


class Failed(Exception):
    """What came instead of a good answer, already judged; with the HTTP status, where there was an answer. `gone` is the
    network's word that the message which was asked about is not there any more."""

    def __init__(self, verdict: Verdict, status: int | None = None, gone: bool = False) -> None:
        super().__init__(verdict.reason)
        self.verdict = verdict
        self.status = status
        self.gone = gone

    def as_error(self) -> NetworkError:
        """For the calls that raise: a refusal, too, needs a person, since asking again gives the same answer; it is about what
        was asked for, say a picture, not about the channel."""
        refused = isinstance(self.verdict, Refused)
        needs_person = refused or getattr(self.verdict, "needs_person", False)
        until = getattr(self.verdict, "until", None)
        advice = f"Not before {until:%Y-%m-%d %H:%M:%S} UTC." if until else ""
        return NetworkError(self.verdict.reason, advice, needs_person=needs_person, alone=refused)


class Http:
    """One account's requests to one network. `hide` adds words that nothing this says may contain.

    `headers` go with every request to the network's own address; with `bearer`, the credential, too (RFC 6750), or with
    `credential_field` as that parameter. An answer that it has expired, a 401 mostly, is answered, once, with what `renew`
    makes of it: certainly nothing was accepted.
    """

    def __init__(
        self,
        base_url: str,
        traits: Traits,
        dialect: Dialect,
        secret: Secret | None,
        bearer: bool = False,
        renew: Renew = lambda secret: None,
        credential_field: str = "",
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self.traits = traits
        self.dialect = dialect
        self.headers: Mapping[str, str] = {}
        self._bearer = bearer
        self._credential_field = credential_field
        self._renew = renew
        self._secret = secret
        self._hidden = Hidden()
        self._client: httpx.Client | None = None
        self._lock = threading.Lock()

    def token(self) -> str:
        """The credential's value. Raises `Failed` if there is none or it could never stand in a request."""
        value = self._secret.reveal().strip() if self._secret else ""
        if not value:
            raise Failed(Deferred(f"{self.traits.title} needs credentials and the channel has none", needs_person=True))
        self.hide(value)
        if not (value.isascii() and value.isprintable()):
            raise Failed(
                Deferred(f"the {self.traits.title} credential holds characters no token has", needs_person=True)
            )
        return value

    def hide(self, word: str) -> None:
        """Keep a word out of everything this says."""
        self._hidden.add(word)

    def ask(self, method: str, path: str, **content: Any) -> Json:
        """The JSON answer to a request that readers cannot see. Raises `Failed`, never with `Unknown`."""
        answer = self._exchange(method, path, content)
        if isinstance(answer, VERDICTS):
            raise Failed(_harmless(answer))
        if verdict := self._verdict(answer):
            gone = isinstance(verdict, Refused) and is_gone(answer, self.dialect)
            raise Failed(_harmless(verdict), answer.status_code, gone)
        try:
            return answer.json() if answer.content else None
        except ValueError:
            reason = f"{self.traits.title} answered {answer.status_code} with something that is not JSON"
        raise Failed(Deferred(reason))

    def upload(
        self, method: str, address: str, content: bytes, headers: Mapping[str, str], bearer: bool
    ) -> "httpx.Response":
        """The response to a file put where the network said, which may be another server's address: it gets the credential
        only with `bearer`. Raises `Failed`, never with `Unknown`."""
        known = self._authorization() if bearer else {}
        answer = self._exchange(method, address, {"content": content, "headers": {**known, **headers}})
        if isinstance(answer, VERDICTS):
            raise Failed(_harmless(answer))
        if verdict := self._verdict(answer):
            raise Failed(_harmless(verdict), answer.status_code)
        return answer

    def post(self, method: str, path: str, receipt: Callable[[Json], Receipt], **content: Any) -> Outcome:
        """Send what readers will see, once. `receipt` reads the answer to a success: of one without a body, its headers as
        an object, with small letters."""
        answer = self._exchange(method, path, content)
        return answer if isinstance(answer, VERDICTS) else self._outcome(answer, receipt)

    def change(self, method: str, path: str, receipt: Callable[[Json], Receipt], **content: Any) -> Outcome:
        """Edit or retract what readers see, once. A message that is not there any more is `Refused` as `GONE`."""
        answer = self._exchange(method, path, content)
        if isinstance(answer, VERDICTS):
            return answer
        outcome = self._outcome(answer, receipt)
        if isinstance(outcome, Refused) and is_gone(answer, self.dialect):
            return Refused(f"the message is not there any more: {outcome.reason}", GONE)
        return outcome

    def open(self) -> "httpx.Client":
        """The client. It takes a tenth of a second to make, which should not lie between the last look and the send."""
        with self._lock:
            self._client = self._client or _open(self.base_url)
            return self._client

    def close(self) -> None:
        if self._client:
            self._client.close()
            self._client = None

    def _outcome(self, answer: "httpx.Response", receipt: Callable[[Json], Receipt]) -> Outcome:
        if verdict := self._verdict(answer):
            return verdict
        try:
            return Accepted(receipt(answer.json() if answer.content else dict(answer.headers)))
        except UNREADABLE:
            reason = f"{self.traits.title} answered {answer.status_code}, but not with what it documents"
        return Unknown(reason)

    def _verdict(self, answer: "httpx.Response") -> Verdict | None:
        if answer.is_success:
            return None
        return self._scrubbed(judge(answer, self.traits, self.dialect))

    def _exchange(self, method: str, path: str, content: dict[str, Any]) -> "httpx.Response | Verdict":
        """The response, or the verdict on why there is none. Nothing is raised from inside `except`: the original error
        holds the request, and a traceback would show it."""
        used = self._secret  # another thread may have it renewed meanwhile
        answer = self._signed(method, path, content)
        refused = not isinstance(answer, VERDICTS) and is_expired(answer, self.dialect)
        if not (refused and used and (self._bearer or self._credential_field)):
            return answer
        try:
            newer = self._renew(used)
        except NetworkError as error:  # which says what is to be done, better than the network's 401
            reason, needs_person = self._hidden.scrub(error.told), error.needs_person
        else:
            if newer is None:
                return answer
            self._secret = newer
            return self._signed(method, path, content)
        return Deferred(reason, needs_person=needs_person)

    def _signed(self, method: str, path: str, content: dict[str, Any]) -> "httpx.Response | Verdict":
        if "://" in path:
            return self._request(method, path, content)
        more = {**self.headers, **(self._authorization() if self._bearer else {}), **content.get("headers", {})}
        content = {**content, "headers": more}
        if self._credential_field:
            place = "data" if method == "POST" else "params"
            content[place] = {**content.get(place, {}), self._credential_field: self.token()}
        return self._request(method, self.base_url + path, content)

    def _authorization(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token()}"}

    def _request(self, method: str, address: str, content: dict[str, Any]) -> "httpx.Response | Verdict":
        import httpx

        try:
            with quietly():
                return self.open().request(method, address, **content)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, httpx.ProxyError) as error:
            return self._scrubbed(Deferred(f"{self.traits.title} cannot be reached: {_cause(error)}"))
        except (httpx.UnsupportedProtocol, httpx.InvalidURL, httpx.LocalProtocolError, ValueError, OverflowError):
            return Deferred(
                f"{self.traits.title}: no request can be made of the channel's base_url, account and credential",
                needs_person=True,
            )
        except httpx.HTTPError as error:
            return self._scrubbed(Unknown(f"the reply of {self.traits.title} was lost: {_cause(error)}"))

    def _scrubbed(self, verdict: Verdict) -> Verdict:
        clean = replace(verdict, reason=self._hidden.scrub(verdict.reason))
        return replace(clean, code=self._hidden.scrub(clean.code)) if isinstance(clean, Refused) else clean


def confirmed(receipt: Receipt, answer: bool) -> Receipt:
    """The receipt of a message, where the network's answer to a change is about it and says yes. Raises ValueError."""
    if answer is not True:
        raise ValueError("the network does not confirm what it was asked to do")
    return receipt


def _harmless(verdict: Verdict) -> Verdict:
    """The verdict on a request that changed nothing readers see: an unknown fate is one worth another try."""
    return Deferred(verdict.reason) if isinstance(verdict, Unknown) else verdict


def _cause(error: Exception) -> str:
    """The error's name and words, e.g. `ConnectError, [Errno 111] Connection refused`."""
    return ", ".join(filter(None, (type(error).__name__, str(error))))


def _open(base_url: str) -> "httpx.Client":
    import httpx

    outside = urlsplit(base_url).hostname not in LOOPBACK  # a proxy has no business with this machine's own servers
    return httpx.Client(
        timeout=httpx.Timeout(READ, connect=CONNECT),
        limits=httpx.Limits(keepalive_expiry=IDLE),
        headers={"User-Agent": f"presstime/{__version__}"},
        follow_redirects=False,
        trust_env=outside,
        verify=_trusted(outside),
    )


def _trusted(as_environ_says: bool) -> "ssl.SSLContext":
    """Whose certificates count, read once for all clients of a process: it takes 60 ms and a megabyte, and a newsroom may have a
    thousand channels."""
    with _TRUSTED_LOCK:
        return _read_trusted(as_environ_says)


@cache
def _read_trusted(as_environ_says: bool) -> "ssl.SSLContext":
    import httpx

    return httpx.create_ssl_context(trust_env=as_environ_says)


@contextmanager
def quietly() -> Iterator[None]:
    """While a request of ours is under way, its client's loggers keep silent: they tell every URL, and more."""
    for name in SHOUTERS:
        logger = logging.getLogger(name)
        if _mute not in logger.filters:
            logger.addFilter(_mute)
    muted = _quiet.set(True)
    try:
        yield
    finally:
        _quiet.reset(muted)


def _mute(record: logging.LogRecord) -> bool:
    """httpx logs every URL, and Telegram's token is part of one. Requests of others (Prefect's) are logged as ever."""
    return not _quiet.get()


class HttpAdapter(Adapter):
    """An adapter over HTTP: what a network answers becomes an outcome, or `NetworkError` for the calls that raise.

    A subclass gives `dialect` and the underscored calls, which may let `Failed` and `Unfilled` through.
    """

    dialect: ClassVar[Dialect]
    bearer: ClassVar[bool] = False  # whether the credential goes along as it is with every request
    credential_field: ClassVar[str] = ""  # the parameter that carries it, where no header does

    def __init__(self, channel: Channel, secret: Secret | None) -> None:
        super().__init__(channel, secret)
        base_url = channel.base_url or self.traits.default_base_url or ""
        self.http = Http(base_url, self.traits, self.dialect, secret, self.bearer, self._renewed, self.credential_field)
        self.at_home = self.http.base_url == self.traits.default_base_url

    def prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        with self._asking():
            self.http.open()
            return self._prepare(variant, read)

    def deposit(self, order: Order) -> Mapping[str, Json]:
        with self._asking():
            try:
                return self._deposit(order)
            except Unfilled as missing:
                raise NetworkError(f"nothing was prepared for {missing}") from None

    def send(self, order: Order) -> Outcome:
        return self._judged(lambda: self._send(order))

    def edit(self, order: Order, receipt: Receipt) -> Outcome:
        return self._judged(lambda: self._edit(order, receipt))

    def retract(self, order: Order, receipt: Receipt) -> Outcome:
        outcome = self._judged(lambda: self._retract(order, receipt))
        gone_already = isinstance(outcome, Refused) and outcome.code == GONE
        return Accepted(receipt) if gone_already else outcome

    def find(self, order: Order) -> Receipt | Refused | None:
        with self._asking():
            return self._find(order)

    def look(self, order: Order, receipt: Receipt) -> Sighting | None:
        if not self.traits.can_look or by_hand(receipt):
            return super().look(order, receipt)
        with self._asking():
            self._not_elsewhere(receipt)
            return self._look(order, receipt)

    def identity(self) -> Identity:
        with self._asking():
            return self._identity()

    def limits(self) -> Mapping[str, int]:
        with self._asking():
            return self._limits()

    def metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        with self._asking():
            return self._metrics(receipt)

    def replies(self, receipt: Receipt) -> list[Reply]:
        with self._asking():
            return list(self._replies(receipt))

    def close(self) -> None:
        self.http.close()

    def _renewed(self, secret: Secret) -> Secret | None:
        return self.renew(secret) if self.renew else None

    def _judged(self, call: Callable[[], Outcome]) -> Outcome:
        try:
            return call()
        except Failed as failed:
            return failed.verdict
        except Unfilled as missing:
            return Deferred(f"nothing was prepared for {missing}")
        except UNREADABLE as error:
            return Unknown(f"{self.traits.title} answered with something it does not document ({error!r})")

    @contextmanager
    def _asking(self) -> Iterator[None]:
        try:
            yield
        except Failed as failed:
            raise failed.as_error() from None
        except UNREADABLE as error:
            raise NetworkError(f"{self.traits.title} answered with something it does not document") from error

    def _prepare(self, variant: Variant, read: ReadBytes) -> Mapping[str, Json]:
        return {}

    @abstractmethod
    def _send(self, order: Order) -> Outcome: ...

    def _edit(self, order: Order, receipt: Receipt) -> Outcome:
        return super().edit(order, receipt)

    def _retract(self, order: Order, receipt: Receipt) -> Outcome:
        return super().retract(order, receipt)

    def _deposit(self, order: Order) -> Mapping[str, Json]:
        return {}

    def _limits(self) -> Mapping[str, int]:
        return {}

    def _metrics(self, receipt: Receipt) -> Mapping[Metric, int]:
        return super().metrics(receipt)

    def _replies(self, receipt: Receipt) -> Iterable[Reply]:
        return super().replies(receipt)

    def _find(self, order: Order) -> Receipt | Refused | None:
        raise Unsupported(f"what was sent to {self.traits.title} cannot be read back", "Look there yourself.")

    def _look(self, order: Order, receipt: Receipt) -> Sighting | None:
        return super().look(order, receipt)

    def unless_gone(self, message: Callable[[], Json], beside: Callable[[], object]) -> Json | None:
        """What the network tells of a message, None where it says that it is gone. To many a network that is what it also says
        of what may not be seen: so something `beside` it is asked for with the same right, and that must be told. Raises
        `Failed`."""
        try:
            return message()
        except Failed as failed:
            if not failed.gone:
                raise
        beside()
        return None

    def _not_elsewhere(self, receipt: Receipt) -> None:
        """Raises `Failed` where the message was sent to a sandbox and the channel now leads to the network, or the other way
        round: what the one does not have says nothing of the other."""
        there, here = (urlsplit(address or "").hostname for address in (receipt.url, self.http.base_url))
        if there and (there in LOOPBACK) != (here in LOOPBACK):
            reason = f"the message was sent to {there}, and the channel's base_url leads elsewhere"
            raise Failed(Deferred(reason, needs_person=True))

    @abstractmethod
    def _identity(self) -> Identity: ...
