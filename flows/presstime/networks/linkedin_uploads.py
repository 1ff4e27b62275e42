"""How files get to LinkedIn: a place is asked for, the bytes are put there, and LinkedIn works on them for a while.

Facts: learn.microsoft.com (images-api, videos-api). A picture is put with the credential; a film in the parts that LinkedIn asks
for, without it. Whether a file is AVAILABLE may be asked by tokens that may read; those of self-serve apps get a 403.
"""

import time
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import quote, urlsplit

from presstime.model import Attachment, Deferred, JsonObject, Refused
from presstime.networks.http import Failed, Http

WAITS = (0.2, 0.5, 1, 1, 2, 2, 4, 4, 8, 8)  # seconds between looks at a picture LinkedIn is still working on
WAITS_MOVING = (*WAITS, *(8,) * 20)  # at a film: some three minutes in all
T = TypeVar("T")


class Uploads:
    """One author's uploads. The credential goes to the API's own host, and over HTTPS to those below `domain`."""

    def __init__(self, http: Http, owner: str, domain: str | None) -> None:
        self.http = http
        self.owner = owner
        self.domain = domain
        self._may_look = True  # whether the token may read what it uploaded

    def put(self, item: Attachment, content: bytes) -> str:
        """The URN of an uploaded file, once LinkedIn has finished with it, as far as the token lets us see that.

        Raises `Failed`."""
        moving = item.mime.startswith("video/")
        urn = self._film(content) if moving else self._picture(item, content)
        self._wait_for(f"/rest/{'videos' if moving else 'images'}/{quote(urn, safe='')}", item, moving)
        return urn

    def place(self, what: str, **about: object) -> JsonObject:
        """A place for one of the author's `images` or `videos`. Raises `Failed`."""
        return self._act(what, "initializeUpload", {"owner": self.owner, **about})

    def _picture(self, item: Attachment, content: bytes) -> str:
        place = self.place("images")
        address = place["uploadUrl"]
        self.http.upload("PUT", address, content, {"Content-Type": item.mime}, bearer=self._is_linkedin(address))
        return str(place["image"])

    def _film(self, content: bytes) -> str:
        place = self.place("videos", fileSizeBytes=len(content), uploadCaptions=False, uploadThumbnail=False)
        ids = []
        for part in place["uploadInstructions"]:
            piece = content[part["firstByte"] : part["lastByte"] + 1]
            kind = {"Content-Type": "application/octet-stream"}
            ids.append(self.http.upload("PUT", part["uploadUrl"], piece, kind, bearer=False).headers["etag"].strip('"'))
        finished = {"video": place["video"], "uploadToken": place["uploadToken"], "uploadedPartIds": ids}
        self._act("videos", "finalizeUpload", finished)
        return str(place["video"])

    def _act(self, what: str, action: str, request: JsonObject) -> JsonObject:
        answer = self.http.ask("POST", f"/rest/{what}", params={"action": action}, json={f"{action}Request": request})
        return dict((answer or {}).get("value") or {})

    def _is_linkedin(self, address: str) -> bool:
        """Whether an address that LinkedIn gave is one of its own: the credential goes nowhere else."""
        given, home = urlsplit(address), urlsplit(self.http.base_url)
        below = self.domain is not None and (given.hostname or "").endswith(self.domain)
        return given.scheme == home.scheme and (given.hostname == home.hostname or below)

    def _wait_for(self, path: str, item: Attachment, moving: bool) -> None:
        """Where the token may not look, LinkedIn is trusted to finish in time."""
        for wait in (0, *(WAITS_MOVING if moving else WAITS)):
            time.sleep(wait)
            status = self._status(path)
            if status in ("AVAILABLE", None):
                return
            if status == "PROCESSING_FAILED":
                raise Failed(Refused(f"LinkedIn cannot make anything of {item.path}", status))
        raise Failed(Deferred(f"LinkedIn is still working on {item.path}"))

    def _status(self, path: str) -> str | None:
        """Of an upload; None where the token may not look. That is asked once: requests are counted by the day."""
        status = unless_forbidden(lambda: self.http.ask("GET", path)["status"]) if self._may_look else None
        self._may_look = status is not None
        return status


def unless_forbidden(ask: Callable[[], T]) -> T | None:
    """What is asked for, or None where the token has no right to it (403). Raises `Failed` for all else."""
    try:
        return ask()
    except Failed as failed:
        if failed.status != 403:
            raise
    return None
