"""The catalog of posts: it answers as reading everything anew does, at whatever commit, and is never worth more than Git."""

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from presstime.content import rows, stock
from presstime.content.catalog import Catalog
from presstime.content.git import Repository
from presstime.content.posts import Loaded, load_posts
from presstime.content.shelf import Shelf
from presstime.model import Post
from presstime.settings import FILE, parse_settings
from tests.kit import SETTINGS, START, Folder
from tests.publish.pair import Pair
from tests.publish.test_cheap_plan import changes

ODD = "---\nid: odd\ntitle: T\ndraft: true\ncolour: 1\nmedia: [{file: none.png, alt: A}]\n---\nText\n"


def shelf_of(folder: Folder, catalog: Catalog, commit: str | None = None) -> Shelf:
    repository = Repository.discover(folder.path)
    source = repository.at(commit or repository.commit_of())
    found = source.find(FILE)
    assert found is not None
    return Shelf(catalog, source, parse_settings(source.read(FILE), FILE), found.blob_id, repository.changed)


def read_anew(folder: Folder, commit: str | None = None) -> Loaded:
    repository = Repository.discover(folder.path)
    source = repository.at(commit or repository.commit_of())
    return load_posts(source, parse_settings(source.read(FILE), FILE))


def answers(posts: Shelf | Loaded, ids: set[str], blobs: set[str]) -> Iterator[object]:
    """All that is asked of posts."""
    found = list(posts.each())
    yield [(post.id, post.path, post.blob, post.status, post.expires_at, post.retract, post.again) for post in found]
    yield [posts.whole(post) for post in found]
    yield [[(t.channel, t.due, t.late, t.media, t.zone, t.slots, t.repeat) for t in p.targets] for p in found]
    yield list(posts.problems)
    yield [*posts.skipped, posts.seen, posts.count(), posts.unread]
    yield [(posts.knows(name), path_of(posts.of_id(name))) for name in sorted(ids)]
    yield [path_of(posts.of_blob(blob)) for blob in sorted(blobs)]


def path_of(post: Post | None) -> str | None:
    return post.path if post is not None else None


def assert_same(folder: Folder, catalog: Catalog, commit: str | None = None) -> None:
    anew = read_anew(folder, commit)
    ids, blobs = {*anew.ids, "nobody"}, {post.blob for post in anew.posts}
    shelf = shelf_of(folder, catalog, commit)
    assert list(answers(shelf, ids, blobs)) == list(answers(anew, ids, blobs))


@pytest.fixture
def folder(tmp_path: Path) -> Folder:
    """A dozen posts, two of them with one id, one in trouble, one that is none, and a README."""
    folder = Folder(tmp_path / "newsroom")
    for number in range(12):
        folder.post(f"p{number}", due=START, title="T")
    folder.post("twin", id="p3")
    folder.write("posts/odd.md", ODD)
    folder.write("posts/none.md", "No front matter.")
    folder.write("posts/README.md", "About these posts.")
    folder.commit()
    return folder


Story = list[list[tuple[Callable[[Pair, int, int, int], None], int, int, int]]]


@settings(deadline=None, max_examples=30, suppress_health_check=list(HealthCheck))
@given(st.lists(st.lists(changes, min_size=1, max_size=3), min_size=1, max_size=6))
def test_it_answers_as_reading_everything_does(story: Story) -> None:
    """After any changes in Git, forward, back to an earlier commit, or into a rewritten history: the same posts, the same
    problems, the same words."""
    with TemporaryDirectory(prefix="presstime-cheap-") as name:
        pair = Pair(Path(name) / "newsroom")
        catalog = Catalog(Path(name) / "posts.db")
        for happening in story:
            for change, *numbers in happening:
                change(pair, *numbers)
            pair.commit()
            assert_same(pair.folder, catalog)
        assert_same(pair.folder, catalog, pair.commits[0])
        catalog.close()


def test_helpers_read_what_one_reads_alone(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Many files are read by several processes: the catalog is the same, also where a helper fails."""
    monkeypatch.setattr(stock, "BATCH", 2)
    monkeypatch.setattr(stock, "ALONE", 0)
    taken: list[bool] = []
    take = rows.Helpers.take
    monkeypatch.setattr(rows.Helpers, "take", lambda self, batch: taken.append(take(self, batch)) or taken[-1])
    assert_same(folder, Catalog(tmp_path / "helped.db"))
    monkeypatch.setattr("sys.executable", "/bin/false")
    assert_same(folder, Catalog(tmp_path / "alone.db"))
    assert True in taken


def test_an_interrupted_walk_goes_on(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A pass that is killed while it reads an archive is no loss: the next reads the rest, and nobody takes a half for all."""
    read, done = rows.Reading.rows, list[str]()

    def killed(self: rows.Reading, batch: list[rows.Entry]) -> list[rows.Row]:
        if len(done) == 8:
            raise KeyboardInterrupt
        done.extend(entry.path for entry in batch)
        return read(self, batch)

    monkeypatch.setattr(stock, "BATCH", 4)
    monkeypatch.setattr(stock, "ALONE", 9)
    with monkeypatch.context() as patch:
        patch.setattr(rows.Reading, "rows", killed)
        with pytest.raises(KeyboardInterrupt):
            shelf_of(folder, Catalog(tmp_path / "posts.db")).count()
    again = reads(monkeypatch)
    assert_same(folder, Catalog(tmp_path / "posts.db"))
    assert len(done) == 8
    assert not {*again} & {*done} - {"posts/odd.md"}


def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The paths of files that are read from now on."""
    seen, read = list[str](), rows.Reading.rows
    monkeypatch.setattr(
        rows.Reading, "rows", lambda self, batch: seen.extend(e.path for e in batch) or read(self, batch)
    )
    return seen


def test_what_did_not_change_is_not_read_again(folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A commit costs the files that differ in it."""
    catalog = Catalog(tmp_path / "posts.db")
    before = shelf_of(folder, catalog).count()
    folder.post("p5", "Another text.", due=START, title="T")
    folder.commit()
    seen = reads(monkeypatch)
    assert shelf_of(folder, catalog).count() == before
    assert seen == ["posts/odd.md", "posts/p5.md"]  # the first names a picture that is not there, and may be by now


def test_a_picture_that_comes_is_seen(folder: Folder, tmp_path: Path) -> None:
    """A post is read again when a file that it looked for is another one, comes or goes, though its own is the same."""
    catalog = Catalog(tmp_path / "posts.db")
    for name, content in (("media/none.png", b"one"), ("posts/none.png", b"two"), ("posts/none.png", None)):
        assert_same(folder, catalog)
        if content is None:
            folder.remove(name)
        else:
            folder.write(name, content)
        folder.commit()
    assert_same(folder, catalog)


def test_readers_keep_their_commit(folder: Folder, tmp_path: Path) -> None:
    """Who reads sees one commit to the end, though another process moves the catalog meanwhile."""
    path = tmp_path / "posts.db"
    first = shelf_of(folder, Catalog(path))
    with first.at_one_commit():
        before = first.count()
        folder.post("late", title="T")
        folder.commit()
        assert shelf_of(folder, Catalog(path)).count() == before + 1
        assert first.count() == before
        assert first.of_id("late") is None
    assert first.count() == before


@pytest.mark.parametrize("damage", [b"", b"no database", None])
def test_a_damaged_catalog_is_made_anew(folder: Folder, tmp_path: Path, damage: bytes | None) -> None:
    """The file is a cache: emptied, overwritten or deleted, it is filled again from Git."""
    path = tmp_path / "posts.db"
    catalog = Catalog(path)
    shelf_of(folder, catalog).count()
    catalog.close()
    for file in tmp_path.glob("posts.db*"):
        file.unlink()
    if damage is not None:
        path.write_bytes(damage)
    assert_same(folder, Catalog(path))


def test_other_settings_read_everything_anew(folder: Folder, tmp_path: Path) -> None:
    """What a post means hangs on presstime.toml, too."""
    catalog = Catalog(tmp_path / "posts.db")
    shelf_of(folder, catalog).count()
    folder.write("presstime.toml", SETTINGS.replace('timezone = "UTC"', 'timezone = "Asia/Tokyo"'))
    folder.post("local", due="2026-11-23 10:00", title="T")
    folder.commit()
    assert_same(folder, catalog)
