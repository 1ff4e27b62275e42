"""Where an AT Protocol account lives: from its handle to its DID, and from that to its server (PDS).

Facts: atproto.com/specs/handle and atproto.com/specs/did. A handle's DID stands in its DNS or on its own host; the public
AppView reads either. What the directory says of a DID must name the handle in return, or anybody could claim it. The password
goes to the server that is found, so that is a public host behind TLS.
"""

import json
import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from presstime.model import Deferred, Json
from presstime.networks.http import Failed
from presstime.outside import NotAsked, Outside

HANDLE = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?")
DID = re.compile(r"did:(plc:[a-z2-7]{24}|web:[a-z0-9.-]+)")
SERVICE, KIND = "#atproto_pds", "AtprotoPersonalDataServer"
ADVICE = 'Write its server into the channel, e.g. base_url = "https://bsky.social".'


def _https_only() -> Outside:
    return Outside(schemes=("https",))


@dataclass
class Directory:
    """The public places to ask. `at_resolver` and `at_handle` are two ways from a handle to its DID, tried in this order."""

    at_resolver: str = "https://public.api.bsky.app/xrpc/com.atproto.identity.resolveHandle?handle={handle}"
    at_handle: str = "https://{handle}/.well-known/atproto-did"
    plc: str = "https://plc.directory/{did}"
    web: str = "https://{host}/.well-known/did.json"
    outside: Outside = field(default_factory=_https_only)

    def server_of(self, account: str) -> str:
        """The address of the server of a handle or DID. Raises `Failed`: where nobody answered it may be tried again, else a
        person has to say it."""
        name = account.removeprefix("@").lower()
        try:
            return self._server_of(name)
        except NotAsked as error:
            reason = f"the server of {account!r} was not found: {error.reason}. {ADVICE}"
            failed = Failed(Deferred(reason, needs_person=not error.silent))
        raise failed

    def _server_of(self, name: str) -> str:
        if DID.fullmatch(name):
            return self._endpoint(name, self._document(name))
        if not HANDLE.fullmatch(name):
            raise NotAsked("it is neither a handle nor a DID")
        did = self._did_of(name)
        document = self._document(did)
        if f"at://{name}" not in document.get("alsoKnownAs", []):
            raise NotAsked(f"{did} goes by another name")
        return self._endpoint(did, document)

    def _did_of(self, handle: str) -> str:
        silent = False
        for place, read in ((self.at_resolver, _resolved), (self.at_handle, str.strip)):
            try:
                did = read(self.outside.read(place.format(handle=handle)))
            except NotAsked as error:
                silent = silent or error.silent
                continue
            if DID.fullmatch(did):
                return did
        raise NotAsked("neither the public network nor its own host knows its DID", silent)

    def _document(self, did: str) -> Json:
        host = did.removeprefix("did:web:")
        place = self.plc.format(did=did) if host == did else self.web.format(host=host)
        try:
            document = _object(self.outside.read(place))
        except NotAsked as error:
            raise NotAsked(f"{urlsplit(place).netloc} {error.reason}", error.silent) from None
        if document.get("id") != did:
            raise NotAsked(f"{urlsplit(place).netloc} answers with something else than {did}")
        return document

    def _endpoint(self, did: str, document: Json) -> str:
        """The one of the document's services that keeps the account, if it may be asked."""
        for service in document.get("service", []):
            if service.get("id") in (SERVICE, f"{did}{SERVICE}") and service.get("type") == KIND:
                return self._judged(str(service.get("serviceEndpoint")))
        raise NotAsked(f"{did} names no server")

    def _judged(self, endpoint: str) -> str:
        parts = urlsplit(endpoint)
        if parts.scheme not in self.outside.schemes or not parts.hostname or "@" in parts.netloc:
            raise NotAsked("its server is not behind TLS")
        try:
            self.outside.address(parts.hostname, parts.port or 443)
        except NotAsked as error:
            raise NotAsked(f"its server {error.reason}", error.silent) from None
        return endpoint.rstrip("/")


def _resolved(text: str) -> str:
    return str(_object(text).get("did", ""))


def _object(text: str) -> Json:
    """Raises `NotAsked` for what is no JSON object."""
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise NotAsked("answers with something it does not document")
    return value
