"""A second verifier, sharing no code with the first: python second_verifier.py FOLDER [VERIFIER KEY...]. FOLDER holds the
bucket's objects as files, as `presstime audit export --format objects` or `aws s3 sync` write them."""

import json
import re
import sys
from base64 import b64decode, b64encode
from hashlib import sha256
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


def digest(value):
    return sha256(json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()).hexdigest()


def checkpoint(file, keys, points):
    text, lines = file.read_bytes().decode().rsplit("\n\n", 1)
    origin, size, head, time = text.split("\n")
    assert f"{file.parent.name}/{file.name}" == f"{int(size):020}/{re.sub('time |[-:]', '', time)}", "was moved"
    assert text == f"{origin}\n{int(size)}\n{b64encode(b64decode(head)).decode()}\n{time}", "is not in form"
    assert not re.search("[\0-\t\v-\x1f]", text + lines), "has control characters"
    raws = [(by, b64decode(code, validate=True)) for by, code in re.findall(r"^— ([^\s+]+) (\S+)$", lines, re.M)]
    ours = [(k, raw) for k in keys for by, raw in raws if k.startswith(f"{origin}+{raw[:4].hex()}+") and by == origin]
    assert [bool(ours or not keys), len(raws)] == [True, lines.count("\n")], "is not signed by a known key"
    for key, raw in ours:
        Ed25519PublicKey.from_public_bytes(b64decode(key.split("+", 2)[2])[1:]).verify(raw[4:], f"{text}\n".encode())
    points.setdefault(int(size), set()).add(b64decode(head).hex())


def verify(folder, keys=()):
    problems, points, bodies, prevs, bad, hashes = [], {}, {}, {}, set(), {0: "0" * 64}
    for file in (p for top in ("log", "checkpoint") for p in sorted(Path(folder, top).rglob("*")) if p.is_file()):
        n = int("0" + "".join(re.findall(r"/log/(\d{20})\.json$", file.as_posix())))
        try:
            if not n:
                checkpoint(file, keys, points)
                continue
            bodies[n] = file.read_bytes()
            hashes[n], entry = sha256(bodies[n]).hexdigest(), json.loads(bodies[n])
            assert sorted(entry) == ["events", "format", "n", "nonce", "payloads", "prev", "run", "time", "writer"]
            assert (1, n, hashes[n]) == (entry["format"], entry["n"], digest(entry))
            assert all("kind" in e and re.fullmatch("[^/]+(/[^/]+){1,2}", e["delivery"]) for e in entry["events"])
            assert all(digest(payload) == name for name, payload in entry["payloads"].items())
            prevs[n] = re.fullmatch("[0-9a-f]{64}", entry["prev"])[0]
        except Exception as error:  # whatever it is, it is not what was written
            bad.add(n) if n else problems.append(f"{file}: {error}")
    bad |= {n for n in range(1, max([*bodies, *points], default=0) + 1) if n not in bodies}
    bad |= {max(n, 1) for n in points if n in hashes and points[n] != {hashes[n]}}
    for n in (n for n in sorted(prevs) if n - 1 in hashes and n - 1 not in bad and prevs[n] != hashes[n - 1]):
        mended = sha256(bodies[n].replace(prevs[n].encode(), hashes[n - 1].encode())).hexdigest()
        bad.add(n if n == 1 or n - 1 in points or mended in points.get(n, [prevs.get(n + 1)]) else n - 1)
    return {"ok": not bad | set(problems), "first_bad": min(bad, default=None), "problems": problems}


if __name__ == "__main__":
    print(json.dumps(verdict := verify(sys.argv[1], sys.argv[2:]), indent=1))
    sys.exit(not verdict["ok"])
