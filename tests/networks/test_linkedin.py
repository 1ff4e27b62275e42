"""The linkedin adapters, for pages and for members, against their twins over HTTP."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import pytest

from presstime.errors import NetworkError
from presstime.model import Accepted, Deferred, Receipt, Refused, Secret, Segment, Status, Unknown
from presstime.networks import linkedin, linkedin_uploads, load
from presstime.networks.base import Adapter
from presstime.networks.linkedin import shown
from presstime.publish.send import Job
from presstime.render.pens import little
from presstime.sandbox import linkedin as twin
from presstime.sandbox import littletext
from presstime.sandbox.server import SandboxServer
from presstime.sandbox.state import Post
from tests.networks.contracts import specs
from tests.networks.kit import SandboxBench
from tests.networks.test_contracts import use_everything
from tests.networks.trials import Clock, planned
from tests.render.kit import post as written_post
from tests.render.kit import say
from tests.suites.network import ALT, TRICKY, NetworkSuite, Sender

RESERVED = "| { } @ [ ] ( ) < > # \\ * _ ~"


class LinkedInSuite(NetworkSuite):
    threads = False
    film_alts = False

    def limit_ends(self) -> datetime:
        """Limits are by the day."""
        return (datetime.now(UTC) + timedelta(days=1)).replace(hour=0, minute=0, second=0, microsecond=0)


class TestPage(LinkedInSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "linkedin")


class TestMember(LinkedInSuite):
    @pytest.fixture
    def bench(self, sandbox: SandboxServer) -> SandboxBench:
        return SandboxBench(sandbox, "linkedin_member")


@pytest.fixture
def page(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "linkedin")


@pytest.fixture
def member(sandbox: SandboxServer) -> SandboxBench:
    return SandboxBench(sandbox, "linkedin_member")


@pytest.fixture(params=["linkedin", "linkedin_member"])
def bench(sandbox: SandboxServer, request: pytest.FixtureRequest) -> SandboxBench:
    return SandboxBench(sandbox, request.param)


def test_every_request_keeps_our_contract(sandbox: SandboxServer, bench: SandboxBench) -> None:
    """LinkedIn publishes none: ours is written from its pages. Words, pictures, films, cards, edits, read-backs, takedowns,
    figures, comments and the question whose token it is."""
    use_everything(bench)
    assert [v for v in sandbox.state.violations if v["network"] == bench.network] == []


@pytest.mark.parametrize(
    ("method", "path", "headers", "body"),
    [
        ("POST", "/rest/posts", {}, {"commentary": "x"}),
        ("POST", "/rest/posts", {"LinkedIn-Version": "2026-07"}, None),
        ("POST", "/rest/posts/urn%3Ali%3Ashare%3A1", {}, {"patch": {"$set": {"commentary": "x"}}}),
        ("GET", "/rest/posts?q=author&author=urn%3Ali%3Aorganization%3A1", {}, None),
        ("POST", "/rest/images", {}, {"initializeUploadRequest": {"owner": "urn:li:person:1"}}),
        ("PUT", "/dms-uploads/urn:li:video:1/0", {"Content-Type": "application/octet-stream"}, None),
        ("DELETE", "/rest/posts/urn%3Ali%3Ashare%3A1", {}, None),
    ],
)
def test_the_contract_can_be_broken(
    page: SandboxBench, method: str, path: str, headers: dict[str, str], body: dict[str, Any] | None
) -> None:
    """A wrong request is seen as one, and refused."""
    known = {"Authorization": "Bearer sandbox-x", "LinkedIn-Version": "202607", "X-Restli-Protocol-Version": "2.0.0"}
    before = len(page.server.state.violations)
    answer = httpx.request(method, f"{page.server.url}/linkedin{path}", headers={**known, **headers}, json=body)
    assert answer.status_code == 400
    assert len(page.server.state.violations) == before + 1


def calls(bench: SandboxBench, account: str, *operations: str) -> list[dict[str, Any]]:
    """What an account asked for, in order."""
    named = bench.named(account)
    return [c for c in bench.server.state.calls if c.get("account") == named and c["operation"] in operations]


# --- little text ------------------------------------------------------------------------------------------------------


def test_what_is_rendered_arrives_whole(page: SandboxBench) -> None:
    """A post full of reserved characters, in words, code, links and tags: readers see all of it."""
    body = (
        "Prices (EPRI, 2024): a\\*b_c~d, `x[0] | {y} <z>`, me@example.com, C# and #Nantes \\\\ end.\n\n"
        "See [the plan](https://verne.example/a_(b)~c?x[]=1#top) for *more*. The last words."
    )
    adapter = page.adapter("whole")
    rendered = say(written_post(body), adapter.traits, compose=adapter.compose).variant
    [segment] = rendered.segments
    order = replace(Sender(page, "whole").text("x"), variant=rendered, segment=segment)
    assert isinstance(adapter.send(order), Accepted)
    [seen] = page.posts("whole")
    for words in (
        "(EPRI, 2024): a*b_c~d",
        "x[0] | {y} <z>",
        "me@example.com",
        "C# and #Nantes",
        "a_(b)~c?x%5B%5D=1#top",
    ):
        assert words in seen["text"]
    assert seen["text"].endswith("The last words.")


@pytest.mark.parametrize("sign", RESERVED.split())
def test_the_twin_cuts_what_is_not_escaped(page: SandboxBench, sign: str) -> None:
    """LinkedIn answers 201 and drops the rest, without a word; so does the twin. Escaped, the same words arrive."""
    account = f"cut-{ord(sign)}"
    adapter, order = page.adapter(account), Sender(page, account).text("x")
    for text in (f"Before {sign} after", f"Whole {little(sign)} after"):
        segment = replace(order.segment, text=text, payload={**order.segment.payload, "commentary": text})
        assert isinstance(adapter.send(replace(order, segment=segment)), Accepted)
    assert [post["text"] for post in page.posts(account)] == ["Before ", f"Whole {sign} after"]


def test_the_vendors_cases() -> None:
    """What we write is what the vendor's page wants; the twin and the read-back see the plain words in it."""
    for case in json.loads(specs("linkedin/little-text-format.json").read_text())["cases"]:
        assert little(case["plain"]) == case["little"]
        assert littletext.read(case["little"])[0] == case["plain"]
        assert shown(case["little"]) == case["plain"]


@pytest.mark.parametrize(
    ("written", "seen"),
    [
        ("@[Jules \\(V\\)](urn:li:person:a-1) \\@ b", "Jules (V) @ b"),
        ("{hashtag|\\#|Nantes} #Nantes \\#Nantes", "#Nantes #Nantes #Nantes"),
        ("\\\\@[N](urn:li:organization:1)", "\\N"),
        ("\\@\\[N\\]\\(x\\)", "@[N](x)"),
        ("é\n\n👩‍👩‍👧‍👦", "é\n\n👩‍👩‍👧‍👦"),
    ],
)
def test_elements_are_read(written: str, seen: str) -> None:
    """Mentions and hashtags, by the twin and by the read-back, which do not share their reading."""
    assert littletext.read(written)[0] == seen
    assert shown(written) == seen


def test_a_read_back_knows_other_spellings(page: SandboxBench) -> None:
    """LinkedIn gives hashtags back as templates: they are the same words."""
    sender = Sender(page, "spellings")
    order = sender.text("x")
    text = "Un #Nantes, un @[Nemo](urn:li:organization:7) \\(fin\\)"
    order = replace(
        order, segment=replace(order.segment, text=text, payload={**order.segment.payload, "commentary": text})
    )
    receipt = sender.receipt(order)
    found = page.adapter("spellings").http.ask(  # type: ignore[attr-defined]
        "GET", "/rest/posts", params={"q": "author", "author": page.adapter("spellings").channel.account},
        headers={"X-RestLi-Method": "FINDER"},
    )  # fmt: skip
    assert found["elements"][0]["commentary"] == "Un {hashtag|\\#|Nantes}, un @[Nemo](urn:li:organization:7) \\(fin\\)"
    assert sender.adapter.find(order) == receipt


# --- the version ------------------------------------------------------------------------------------------------------


def versioned(bench: SandboxBench, account: str, version: object) -> Adapter:
    channel = replace(bench.adapter(account).channel, options={"version": version})
    return load(bench.network)(channel, Secret(f"sandbox-{bench.named(account)}"))  # type: ignore[return-value]


def test_an_old_version_is_a_persons_business(bench: SandboxBench) -> None:
    """On a version that LinkedIn does not serve any more everything is a 426: the reason names the option to raise, and
    nothing is out."""
    sender = Sender(bench, "old")
    adapter = versioned(bench, "old", 202401)
    outcome = adapter.send(sender.text("Trop vieux"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "Requested version 20240101 is not active" in outcome.reason
    assert "option `version`" in outcome.reason
    with pytest.raises(NetworkError, match="option `version`") as caught:
        adapter.identity()
    assert caught.value.needs_person
    with pytest.raises(NetworkError, match="option `version`"):
        adapter.prepare(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0].variant, lambda item: b"")
    assert bench.posts("old") == []


def test_every_request_says_the_version(bench: SandboxBench) -> None:
    """The channel's, else the one this release was made with; the protocol's beside it."""
    sender = Sender(bench, "headers")
    now = datetime.now(UTC)
    receipt = sender.receipt(sender.text("a"))
    versioned(bench, "headers", f"{now:%Y%m}").send(sender.text("b", "b"))
    sender.retract(sender.text("a"), receipt)
    said = [c["headers"] for c in calls(bench, "headers", "createPost", "deletePost")]
    default = linkedin.PAGE.version
    assert default
    assert [h["linkedin-version"] for h in said] == [default.default, f"{now:%Y%m}", default.default]
    assert {h["x-restli-protocol-version"] for h in said} == {"2.0.0"}


# --- media ------------------------------------------------------------------------------------------------------------


def test_a_page_waits_for_its_pictures(page: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until LinkedIn says AVAILABLE; only then may the post be sent."""
    monkeypatch.setattr(linkedin_uploads, "WAITS", (0, 0, 0))
    sender = Sender(page, "waits")
    page.server.state.faults.add({"network": "linkedin", "kind": "processing", "account": page.named("waits")})
    sender.receipt(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    order = [c["operation"] for c in calls(page, "waits", "initializeImage", "uploadImage", "getImage", "createPost")]
    assert order == ["initializeImage", "uploadImage", "getImage", "getImage", "getImage", "createPost"]


def test_a_picture_that_is_never_done(page: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """The looking ends: preparing failed, and may be tried again."""
    monkeypatch.setattr(linkedin_uploads, "WAITS", ())
    sender = Sender(page, "stuck")
    page.server.state.faults.add({"network": "linkedin", "kind": "processing", "account": page.named("stuck")})
    with pytest.raises(NetworkError, match="still working on") as caught:
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert not caught.value.needs_person


def test_a_picture_that_linkedin_cannot_read(page: SandboxBench) -> None:
    """PROCESSING_FAILED is no matter of time: a person's business."""
    sender = Sender(page, "unreadable")
    value = {"uploadUrl": f"{page.server.url}/up", "image": "urn:li:image:1"}
    answer = httpx.Response(200, json={"value": value, "status": "PROCESSING_FAILED"})
    sender.adapter.http._client = httpx.Client(transport=httpx.MockTransport(lambda request: answer))  # type: ignore[attr-defined]
    with pytest.raises(NetworkError, match="cannot make anything") as caught:
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert caught.value.needs_person


def test_a_member_goes_on_without_looking(member: SandboxBench) -> None:
    """Self-serve apps get a 403 for the look: one, however many pictures there are, since requests are counted by the day."""
    sender = Sender(member, "blind")
    sender.receipt(sender.orders(Segment(0, "x", media=sender.pictures("teal", "plum", "gold")))[0])
    assert [c["status"] for c in calls(member, "blind", "getImage")] == [403]
    assert len(member.posts("blind")[0]["alts"]) == 3


@pytest.mark.parametrize("status", [401, 500])
def test_only_a_403_is_passed_over(page: SandboxBench, status: int) -> None:
    """Whatever else goes wrong with the look stops the preparation."""
    sender = Sender(page, f"look-{status}")
    page.fault(f"look-{status}", "401" if status == 401 else "5xx-before", path="/rest/images/*")
    with pytest.raises(NetworkError):
        sender.send(sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0])
    assert page.posts(f"look-{status}") == []


def test_a_film_goes_in_parts_without_the_credential(bench: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """As many parts as LinkedIn asks for, in order; their ETags finish the upload."""
    monkeypatch.setattr(twin, "PART", 1000)
    sender = Sender(bench, "film")
    film = sender.film()
    sender.receipt(sender.orders(Segment(0, "Départ", media=(film,)))[0])
    state = bench.server.state
    [post] = [p for p in state.posts if p.account == bench.named("film") and p.network == bench.network]
    assert [media.content for media in state.media_of(post)] == [sender.files[film.digest]]
    assert post.id.startswith("urn:li:ugcPost:")
    parts = [c for c in state.calls if c["operation"] == "uploadPart" and c["path"].partition("/dms-uploads/")[2]
             .startswith(post.media[0])]  # fmt: skip
    assert len(parts) == len(sender.files[film.digest]) // 1000 + 1
    assert not any("authorization" in c["headers"] or "linkedin-version" in c["headers"] for c in parts)


def test_the_credential_goes_to_linkedin_alone(page: SandboxBench) -> None:
    """An upload address on another host, or without TLS, is sent the picture, and not the token."""
    seen: dict[str, dict[str, str]] = {}
    places: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        seen[request.url.host] = dict(request.headers)
        if request.method == "POST":
            value = {"uploadUrl": f"{places[-1]}/up", "image": "urn:li:image:1"}
            return httpx.Response(200, json={"value": value})
        return httpx.Response(200, json={"status": "AVAILABLE"})

    sender = Sender(page, "hosts")
    variant = sender.orders(Segment(0, "x", media=sender.pictures("teal")))[0].variant
    strangers = ("https://linkedin.com.evil.example", "https://evil.example", "https://evillinkedin.com")
    for place in ("https://www.linkedin.com", "http://media.linkedin.com", *strangers):
        places.append(place)
        adapter = linkedin.LinkedInPage(replace(page.channel("hosts"), base_url=None), Secret("sandbox-t0ken"))
        adapter.http._client = httpx.Client(transport=httpx.MockTransport(answer))
        adapter.prepare(variant, lambda item: sender.files[item.digest])
    assert [host for host, headers in seen.items() if "authorization" in headers] == [
        "api.linkedin.com",
        "www.linkedin.com",
    ]
    assert len(seen) == 6


def test_a_picture_is_described_alone_and_among_others(bench: SandboxBench) -> None:
    """`media` for one, `multiImage` for several."""
    sender = Sender(bench, "alone")
    sender.receipt(sender.orders(Segment(0, "une", media=sender.pictures("teal")), name="one")[0])
    sender.receipt(sender.orders(Segment(0, "trois", media=sender.pictures("teal", "plum", "gold")), name="three")[0])
    kinds = [list(c["body"]["content"]) for c in calls(bench, "alone", "createPost")]
    assert kinds == [["media"], ["multiImage"]]
    assert bench.posts("alone")[0]["alts"] == [f"{ALT} (teal)"]


# --- duplicates, limits, conflicts ------------------------------------------------------------------------------------


def test_a_duplicate_is_a_hint_for_a_page(page: SandboxBench) -> None:
    """After a lost reply the 422 is no refusal; the read-back finds the post."""
    sender = Sender(page, "hint")
    order = sender.text("Une image https://example.com/a_b?c=1 & <plus> #Nantes")
    page.fault("hint", "drop-after")
    assert isinstance(sender.send(order), Unknown)
    again = sender.send(order)
    assert isinstance(again, Unknown)
    found = sender.adapter.find(order)
    assert isinstance(found, Receipt)
    assert [post["id"] for post in page.posts("hint")] == [found.id]
    assert found.id in again.reason


def test_a_duplicate_proves_nothing(page: SandboxBench) -> None:
    """The post it names may be one that is deleted: then nothing is found, and a person decides."""
    sender = Sender(page, "ghost")
    order = sender.text("Fantôme")
    receipt = sender.receipt(order)
    sender.retract(order, receipt)
    outcome = sender.send(order)
    assert isinstance(outcome, Unknown)
    assert receipt.id in outcome.reason
    assert sender.adapter.find(order) is None


def test_another_422_is_a_refusal(page: SandboxBench) -> None:
    """Only a repetition is in doubt."""
    sender = Sender(page, "refusal")
    body = {"status": 422, "message": "ERROR :: /content :: unrecognized field found but not allowed"}
    sender.adapter.http._client = httpx.Client(  # type: ignore[attr-defined]
        transport=httpx.MockTransport(lambda request: httpx.Response(422, json=body))
    )
    assert isinstance(sender.send(sender.text("x")), Refused)


def test_the_reason_a_member_reads_names_the_post(member: SandboxBench) -> None:
    """Nothing can be read back there: the engine leaves it to a person, with the post that LinkedIn named."""
    sender, clock = Sender(member, "urn"), Clock()
    receipt = sender.receipt(sender.text("Déjà dit", "first"))
    adapter, order = sender.adapter, sender.text("Déjà dit", "second")
    job = Job(order.variant, adapter.channel, order.variant.at, lambda item: b"")
    state = planned(order.variant, clock)().publish(job, adapter)
    assert (state.status, state.review) == (Status.UNKNOWN, True)
    assert receipt.id in state.reason
    assert "look at the channel" in state.reason


def test_a_conflict_is_tried_again(page: SandboxBench) -> None:
    """A 409 did nothing, and ends at no known time; a limit of the day ends at midnight, UTC."""
    answers = [409, 429]
    adapter = page.adapter("conflict")
    adapter.http._client = httpx.Client(  # type: ignore[attr-defined]
        transport=httpx.MockTransport(
            lambda request: httpx.Response(answers.pop(0), json={"status": 0, "message": "m"})
        )
    )
    conflict, limit = (adapter.send(Sender(page, "conflict").text("x")) for _ in range(2))
    assert conflict == Deferred("LinkedIn answered 409: m")
    assert isinstance(limit, Deferred)
    assert limit.until
    assert (limit.until.hour, limit.until.minute, limit.until.second) == (0, 0, 0)
    assert timedelta(0) < limit.until - datetime.now(UTC) <= timedelta(days=1)


def test_a_permission_is_a_persons_business(bench: SandboxBench) -> None:
    """A 403 is about the token or its member's role, whatever the words."""
    adapter = bench.adapter("role")
    author = twin.NOBODYS if bench.network == "linkedin" else "urn:li:person:somebody-else"
    adapter = type(adapter)(replace(adapter.channel, account=author), Secret("sandbox-role"))
    outcome = adapter.send(Sender(bench, "role").text("Pas chez moi"))
    assert isinstance(outcome, Deferred)
    assert outcome.needs_person
    assert "role" in outcome.reason


# --- reading back -----------------------------------------------------------------------------------------------------


def test_a_read_back_ends_at_the_nominal_instant(page: SandboxBench, monkeypatch: pytest.MonkeyPatch) -> None:
    """It pages back as far as it must; where that is too far, it says so instead of "not there". An old post with the same
    words is not ours."""
    monkeypatch.setattr(linkedin, "COUNT", 10)
    sender = Sender(page, "busy")
    order = sender.text("Tout au fond")
    receipt = sender.receipt(order)
    for n in range(35):
        sender.receipt(newest := sender.text(f"{n}", f"post-{n}"))
    assert sender.adapter.find(order) == receipt
    assert sender.adapter.find(newest) is not None
    assert sender.adapter.find(replace(newest, at=order.at + timedelta(days=30))) is None
    monkeypatch.setattr(linkedin, "PAGES", 3)
    with pytest.raises(NetworkError, match="far enough"):
        sender.adapter.find(order)


def test_pictures_and_words_alone_are_told_apart(page: SandboxBench) -> None:
    """The same words with a picture and without are two posts."""
    sender = Sender(page, "kinds")
    plain, shown_too = sender.text("Pareil"), sender.orders(Segment(0, "Pareil", media=sender.pictures("teal")))[0]
    receipt = sender.receipt(shown_too)
    assert sender.adapter.find(plain) is None
    assert sender.adapter.find(shown_too) == receipt


def test_a_page_that_may_not_be_read(page: SandboxBench) -> None:
    """Without r_organization_social the read-back is a person's business, not a "not there"."""
    sender = Sender(page, "unread")
    order = sender.text("Illisible")
    sender.receipt(order)
    answer = httpx.Response(403, json={"status": 403, "code": "ACCESS_DENIED", "message": "Not enough permissions"})
    sender.adapter.http._client = httpx.Client(transport=httpx.MockTransport(lambda request: answer))  # type: ignore[attr-defined]
    with pytest.raises(NetworkError) as caught:
        sender.adapter.find(order)
    assert caught.value.needs_person


def test_a_404_for_a_wrong_address_is_no_takedown(page: SandboxBench) -> None:
    """Only a missing post is gone: LinkedIn says of a path that it knows no such resource."""
    answer = httpx.Response(404, json={"status": 404, "message": "Resource posts does not exist"})
    adapter = page.adapter("elsewhere")
    adapter.http._client = httpx.Client(transport=httpx.MockTransport(lambda request: answer))  # type: ignore[attr-defined]
    outcome = adapter.retract(Sender(page, "elsewhere").text("x"), Receipt("urn:li:share:1"))
    assert isinstance(outcome, Refused)


# --- what readers do --------------------------------------------------------------------------------------------------


def test_figures_are_asked_for_as_the_vendor_writes_it(page: SandboxBench) -> None:
    """`List(...)` with its parentheses as they are and the URN inside escaped; a film's post is another kind; a post that
    LinkedIn leaves out has no figures."""
    asked: list[str] = []

    def answer(request: httpx.Request) -> httpx.Response:
        asked.append(request.url.raw_path.decode())
        return httpx.Response(200, json={"elements": []})

    adapter = page.adapter("figures")
    adapter.http._client = httpx.Client(transport=httpx.MockTransport(answer))  # type: ignore[attr-defined]
    for urn in ("urn:li:share:1", "urn:li:ugcPost:2"):
        assert adapter.metrics(Receipt(urn)) == {}
    assert [path.partition("&")[2].partition("&")[2] for path in asked] == [
        "shares=List(urn%3Ali%3Ashare%3A1)",
        "ugcPosts=List(urn%3Ali%3AugcPost%3A2)",
    ]


def test_answers_to_comments_are_heard(page: SandboxBench) -> None:
    """They lie below the comment; the page's own are left out."""
    sender = Sender(page, "answers")
    receipt = sender.receipt(sender.text("Qui vient ?"))
    page.answer("answers", receipt.id, "ned", "Moi")
    state = page.server.state
    [comment] = [p for p in state.posts if p.parent == receipt.id]
    own = {"author": sender.adapter.channel.account}
    for name, data, text in (("conseil", {}, "Moi aussi"), (page.named("answers"), own, "Bien")):
        state.add(Post("linkedin", state.number(), name, text, state.now(), "", parent=comment.id, data=data))
    heard = list(sender.adapter.replies(receipt))
    assert [(reply.text, reply.author, reply.parent) for reply in heard] == [
        ("Moi", "urn:li:person:ned", receipt.id),
        ("Moi aussi", "urn:li:person:conseil", f"urn:li:comment:({receipt.id},{comment.id})"),
    ]


# --- whose it is ------------------------------------------------------------------------------------------------------


def test_a_pages_role_is_told(page: SandboxBench) -> None:
    """The member's role there; one who has none, or may not post, is told what is lacking."""
    who = page.adapter("mine").identity()
    assert (who.account, who.rights, who.lacking) == (
        page.adapter("mine").channel.account,
        ("w_organization_social", "ADMINISTRATOR"),
        (),
    )
    stranger = replace(page.channel("mine"), account=twin.NOBODYS)
    who = linkedin.LinkedInPage(stranger, Secret(f"sandbox-{page.named('mine')}")).identity()
    assert (who.rights, who.lacking[0]) == ((), "w_organization_social")
    assert "a role on the page" in who.lacking[1]


def test_a_token_that_may_not_ask_for_roles(page: SandboxBench) -> None:
    """`rw_organization_admin` is not needed to post: without it nothing is said of roles, and nothing is missing."""
    page.fault("plain", "forbidden", path="/rest/organizationAcls")
    who = page.adapter("plain").identity()
    assert (who.rights, who.lacking) == (("w_organization_social",), ())


def test_a_members_account_is_told(member: SandboxBench) -> None:
    """By its URN, as the channel names it; a channel that names another person's may not post there."""
    own = member.adapter("jules").channel.account
    who = member.adapter("jules").identity()
    assert (who.account, who.rights, who.lacking) == (own, ("w_member_social",), ())
    other = replace(member.adapter("jules").channel, account="urn:li:person:nemo")
    who = linkedin.LinkedInMember(other, Secret(f"sandbox-{member.named('jules')}")).identity()
    assert (who.account, who.rights, who.lacking) == (own, (), ("w_member_social",))


def test_a_token_that_tells_no_name(member: SandboxBench) -> None:
    """`openid` and `profile` are not needed to post: without them the channel's own account stands."""
    member.fault("nameless", "forbidden", path="/v2/userinfo")
    who = member.adapter("nameless").identity()
    assert (who.account, who.rights) == (member.adapter("nameless").channel.account, ("w_member_social",))


def test_tricky_words_survive_an_edit(bench: SandboxBench) -> None:
    """An edit is little text, too."""
    sender = Sender(bench, "edit")
    receipt = sender.receipt(sender.text("avant"))
    assert isinstance(sender.edit(sender.text(f"{TRICKY} {RESERVED}"), receipt), Accepted)
    assert [post["text"] for post in bench.posts("edit")] == [f"{TRICKY} {RESERVED}"]
