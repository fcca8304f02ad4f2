"""Clients of object stores: addresses, keys, credentials and errors, held against a server."""

import http.client
import json
import os
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlsplit

import pytest
from support.flaky_proxy import FlakyProxy

from cleaner.errors import InputError, StorageError
from cleaner.storage import clients, store
from cleaner.storage.profiles import profile

# As a tool of somebody else may have named its objects.
KEYS = (
    "plain.jsonl", "with space/a b.jsonl", "ünï/文 字.jsonl", "p%20q/100%.jsonl",
    "a+b&c=d?e#f.jsonl", "x//y.jsonl", "x///z.jsonl", "/lead.jsonl", "deep/a//b//c.jsonl",
    "star*[v2]{x}.jsonl", "dump=2024-10/'q'.jsonl", "~t/a\\b.jsonl",
)  # fmt: skip


def by_hand(server: str, method: str, path: str, body: bytes = b"") -> None:
    """Send a request as another tool would."""
    connection = http.client.HTTPConnection(server.removeprefix("http://"))
    connection.request(method, path, body)
    assert connection.getresponse().status in (200, 204)


@pytest.fixture
def keys(server: str, bucket: str) -> str:
    """A bucket with objects that another tool wrote, each with its key as its bytes."""
    for key in KEYS:
        by_hand(server, "PUT", f"/{bucket[5:]}/{quote(key)}", key.encode())
    return bucket


def test_objects_are_listed_and_read_whatever_they_are_called(keys: str) -> None:
    found = store.find(f"{keys}/**")
    assert {file.path.removeprefix(f"{keys}/") for file in found} == set(KEYS)
    for file in found:
        assert store.read_bytes(file.path).decode() == file.path.removeprefix(f"{keys}/")
        assert store.etag(file.path) == file.etag
        assert file.size == len(store.read_bytes(file.path))


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("x//y.jsonl", ["x//y.jsonl"]),
        ("x//*.jsonl", ["x//y.jsonl"]),
        ("x/*/*.jsonl", ["x//y.jsonl"]),
        ("x/**/*.jsonl", ["x///z.jsonl", "x//y.jsonl"]),
        ("/lead.jsonl", ["/lead.jsonl"]),
        ("deep/*//b//*", ["deep/a//b//c.jsonl"]),
        ("x/y.jsonl", []),
        ("*/100%.jsonl", ["p%20q/100%.jsonl"]),
        ("p q/*", []),
        ("ünï/文*", ["ünï/文 字.jsonl"]),
        ("dump=*/*", ["dump=2024-10/'q'.jsonl"]),
    ],
)
def test_patterns_take_names_as_they_are(keys: str, pattern: str, found: list[str]) -> None:
    made = [file.path.removeprefix(f"{keys}/") for file in store.find(f"{keys}/{pattern}")]
    assert made == found


def test_a_pattern_begins_with_a_bucket(keys: str, server: str) -> None:
    by_hand(server, "PUT", "/another")
    found = store.find(f"s3://{{{keys[5:]},another}}/plain.jsonl")
    assert [file.path for file in found] == [f"{keys}/plain.jsonl"]
    for pattern in ("s3://*/plain.jsonl", "s3://b?/x", "s3:///x"):
        with pytest.raises(InputError, match="begin with the name of a bucket"):
            store.find(pattern)


@pytest.mark.parametrize("key", KEYS)
def test_objects_are_written_moved_and_deleted_whatever_they_are_called(
    bucket: str, key: str
) -> None:
    path = f"{bucket}/{key}"
    assert store.put_if_absent(path, b"1")
    assert not store.put_if_absent(path, b"2")
    store.write_whole(path, b"3")
    assert [file.path for file in store.find(f"{bucket}/**")] == [path]
    assert store.read_bytes(path) == b"3"
    if "//" not in key and not key.startswith("/"):  # a run folder has no such names
        assert store.move(path, f"{path}2")
        assert not store.exists(path)
        assert store.read_bytes(f"{path}2") == b"3"
    store.delete_folder(bucket)
    assert store.find(f"{bucket}/**") == []


def test_an_object_that_marks_a_folder_is_no_file(server: str, bucket: str) -> None:
    by_hand(server, "PUT", f"/{bucket[5:]}/d/")
    by_hand(server, "PUT", f"/{bucket[5:]}/d/e/")
    assert store.find(f"{bucket}/d/*") == []
    assert store.folders(f"{bucket}/d") == ["e"]
    store.write_whole(f"{bucket}/d/a", b"")
    assert [file.path for file in store.find(f"{bucket}/**")] == [f"{bucket}/d/a"]
    assert store.read_bytes(f"{bucket}/d/a") == b""


def test_a_long_list_comes_page_by_page(
    bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    paths = [f"{bucket}/x/{n:02}" for n in range(25)]
    for path in paths:
        store.write_whole(path, b"")
    whole = clients.page

    def short(path: str, deep: bool, following: str | None = None, most: int = 4) -> clients.Page:
        return whole(path, deep, following, 4)

    monkeypatch.setattr(clients, "page", short)
    monkeypatch.setattr(store, "_PAUSE", 0.001)
    with FlakyProxy(server, every=3, only=("GET",)) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        assert [file.path for file in store.find(f"{bucket}/x/*")] == paths
        assert proxy.faults


def test_a_bucket_has_its_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))

    def at(bucket: str = "mine", **env: str) -> str:
        with pytest.MonkeyPatch.context() as patch:
            for name, value in env.items():
                patch.setenv(f"AWS_{name}", value)
            return clients._base(bucket, profile())

    assert at() == "https://mine.s3.us-east-1.amazonaws.com"
    assert at("my.dots") == "https://s3.us-east-1.amazonaws.com/my.dots"
    assert at(REGION="cn-north-1") == "https://mine.s3.cn-north-1.amazonaws.com.cn"
    assert at(ENDPOINT_URL="http://minio:9000/") == "http://minio:9000/mine"
    oss = "https://s3.oss-cn-hangzhou.aliyuncs.com"
    virtual = {"VIRTUAL_HOSTED_STYLE_REQUEST": "true"}
    assert at(ENDPOINT_URL=oss, **virtual) == "https://mine.s3.oss-cn-hangzhou.aliyuncs.com"
    named = {"ENDPOINT_URL": "https://mine.cos.ap-beijing.myqcloud.com", **virtual}
    assert at(**named) == named["ENDPOINT_URL"]
    (tmp_path / ".aws").mkdir()
    (tmp_path / ".aws/config").write_text(
        f"[default]\nregion = x\nendpoint_url = {oss}\ns3 =\n  addressing_style = virtual\n"
    )
    assert at() == "https://mine.s3.oss-cn-hangzhou.aliyuncs.com"
    assert at(VIRTUAL_HOSTED_STYLE_REQUEST="false") == f"{oss}/mine"


def test_every_request_goes_to_the_bucket_before_the_host(bucket: str, server: str) -> None:
    """The server is a proxy here, so that nobody looks for the host, which is none."""
    script = (
        "from contextlib import suppress\n"
        "from cleaner.errors import CleanerError\n"
        "from cleaner.storage import store\n"
        "store._TRIES = 1\n"
        f"path = {bucket!r} + '/a'\n"
        "for act in (lambda: store.write_whole(path, b'1'), lambda: store.exists(path),\n"
        "            lambda: store.find(path[:-1] + '*'), lambda: store.delete(path)):\n"
        "    with suppress(CleanerError):  # the server does not know the host either\n"
        "        act()\n"
    )
    with FlakyProxy(server, every=10**9) as proxy:
        gone = {"no_proxy", "NO_PROXY", "HTTP_PROXY"}
        env = {name: value for name, value in os.environ.items() if name not in gone}
        env |= {"http_proxy": proxy.url, "AWS_ENDPOINT_URL": "http://oss.example"}
        env["AWS_VIRTUAL_HOSTED_STYLE_REQUEST"] = "true"
        subprocess.run([sys.executable, "-c", script], env=env, check=True, timeout=60)
        asked = [urlsplit(path).netloc for path in proxy.paths]
        assert set(asked) == {f"{bucket[5:]}.oss.example"}
        assert set(proxy.methods) == {"PUT", "HEAD", "GET", "DELETE"}


def test_what_the_environment_asks_for_is_sent(
    monkeypatch: pytest.MonkeyPatch, bucket: str, server: str
) -> None:
    monkeypatch.setenv("AWS_REQUEST_PAYER", "requester")
    monkeypatch.setenv("AWS_SERVER_SIDE_ENCRYPTION", "aws:kms")
    monkeypatch.setenv("AWS_SSE_KMS_KEY_ID", "arn:aws:kms:us-east-1:1:key/k")
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        store.write_whole(f"{bucket}/a", b"1")
        assert proxy.heads["x-amz-server-side-encryption"] == "aws:kms"
        assert proxy.heads["x-amz-server-side-encryption-aws-kms-key-id"].endswith("key/k")
        assert proxy.heads["x-amz-request-payer"] == "requester"
        proxy.heads.clear()
        assert store.read_bytes(f"{bucket}/a") == b"1"
        assert proxy.heads["x-amz-request-payer"] == "requester"
        proxy.paths.clear()
        assert len(store.find(f"{bucket}/*")) == 1
        assert "x-amz-request-payer=requester" in proxy.paths[-1]


def test_a_store_with_a_header_of_its_own_refuses_by_it(
    monkeypatch: pytest.MonkeyPatch, bucket: str, server: str
) -> None:
    with FlakyProxy(server, every=10**9, forbids="x-oss-forbid-overwrite") as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        with pytest.raises(StorageError, match=r"NotImplemented \(501\).*CLEANER_CREATE_HEADER"):
            store.put_if_absent(f"{bucket}/a", b"1")
        monkeypatch.setenv("CLEANER_CREATE_HEADER", "x-oss-forbid-overwrite: true")
        assert store.put_if_absent(f"{bucket}/a", b"1")
        assert not store.put_if_absent(f"{bucket}/a", b"2")
        store.write_whole(f"{bucket}/a", b"3")
        assert store.read_bytes(f"{bucket}/a") == b"3"


def test_google_storage_speaks_by_its_own_client(
    monkeypatch: pytest.MonkeyPatch, bucket: str, server: str, tmp_path: Path
) -> None:
    """Its protocol for objects is near enough that the same server answers."""
    place = f"gs://{bucket[5:]}"
    with FlakyProxy(server, every=10**9, ignored=("authorization",)) as proxy:
        scope = "Credential=test/20260101/us-east-1/s3/aws4_request"
        proxy.added = {
            "Authorization": f"AWS4-HMAC-SHA256 {scope}, SignedHeaders=host, Signature=0"
        }
        account = {"disable_oauth": True, "gcs_base_url": proxy.url}
        account |= dict.fromkeys(("client_email", "private_key", "private_key_id"), "")
        (tmp_path / "account.json").write_text(json.dumps(account))
        monkeypatch.setenv("GOOGLE_SERVICE_ACCOUNT", str(tmp_path / "account.json"))
        monkeypatch.setenv("GOOGLE_BASE_URL", proxy.url)
        assert store.put_if_absent(f"{place}/x/a b.jsonl", b"1")
        assert proxy.heads["x-goog-if-generation-match"] == "0"  # what this server knows not
        store.write_whole(f"{place}/x/y/c.jsonl", b"22")
        assert store.read_bytes(f"{place}/x/a b.jsonl") == b"1"
        assert [file.path for file in store.find(f"{place}/x/*")] == [f"{place}/x/a b.jsonl"]
        assert len(store.find(f"{place}/**/*.jsonl")) == 2
        assert store.folders(f"{place}/x") == ["y"]
        deep = [one.path for one in store.below(f"{place}/x", deep=True)]
        assert deep == ["a b.jsonl", "y/c.jsonl"]
        assert store.find(f"{place}/none.jsonl") == []
        store.delete(f"{place}/x/a b.jsonl")
        assert not store.exists(f"{place}/x/a b.jsonl")
        assert store.move(f"{place}/x/y/c.jsonl", f"{place}/x/d.jsonl")
        store.delete_folder(f"{place}/x")
        assert store.find(f"{place}/**") == []


@pytest.fixture
def home(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, bucket: str) -> Path:
    """A home with no keys in the environment."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_REGION"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".aws").mkdir()
    return tmp_path


def who(proxy: FlakyProxy) -> str:
    """Return the key that the last request was signed with."""
    return proxy.heads["authorization"].split("Credential=")[1].split("/")[0]


def test_keys_come_from_the_files_of_a_profile(
    home: Path, bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id=ONE\naws_secret_access_key=s%1\n"
        "[other]\naws_access_key_id = TWO\naws_secret_access_key = s\naws_session_token = t\n"
    )
    (home / ".aws/config").write_text("[profile other]\nregion = eu-west-3\n")
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        store.write_whole(f"{bucket}/a", b"")
        assert who(proxy) == "ONE"
        monkeypatch.setenv("AWS_PROFILE", "other")
        store.write_whole(f"{bucket}/a", b"")
        assert who(proxy) == "TWO"
        assert proxy.heads["x-amz-security-token"] == "t"
        assert "/eu-west-3/s3/" in proxy.heads["authorization"]
        monkeypatch.setenv("AWS_ACCESS_KEY_ID", "ENV")
        monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "s")
        store.write_whole(f"{bucket}/a", b"")
        assert who(proxy) == "ENV"
        monkeypatch.setenv("AWS_PROFILE", "nobody")
        with pytest.raises(InputError, match=r"AWS_PROFILE=nobody: .*available: default, other"):
            store.write_whole(f"{bucket}/a", b"")


def test_credentials_that_run_out_are_asked_for_again(
    home: Path, bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    script, asked = home / "give.py", home / "asked"
    script.write_text(
        "import datetime as d, json, os, pathlib\n"
        f"asked = pathlib.Path({str(asked)!r})\n"
        "n = len(asked.read_text()) if asked.exists() else 0\n"
        "asked.write_text('x' * (n + 1))\n"
        "ends = d.datetime.now(d.UTC) + d.timedelta(seconds=1 if n == 0 else 3600)\n"
        "print(json.dumps({'Version': 1, 'AccessKeyId': f'KEY{n}', 'SecretAccessKey': 's',\n"
        "                  'SessionToken': 't', 'Expiration': ends.isoformat()}))\n"
    )
    (home / ".aws/config").write_text(
        f"[default]\ncredential_process = {sys.executable} {script}\n"
    )
    with FlakyProxy(server, every=10**9) as proxy:
        monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
        store.write_whole(f"{bucket}/a", b"")
        assert who(proxy) == "KEY0"
        time.sleep(1.1)
        for _ in range(3):
            store.write_whole(f"{bucket}/a", b"")
        assert who(proxy) == "KEY1"
        assert len(asked.read_text()) <= 2


def test_the_role_of_a_container_is_followed(
    home: Path, bucket: str, server: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str | None] = []

    class Roles(BaseHTTPRequestHandler):
        def log_message(self, *args: object) -> None:
            """Say nothing."""

        def do_GET(self) -> None:
            asked.append(self.headers.get("Authorization"))
            ends = datetime.now(UTC) + timedelta(seconds=1 if len(asked) == 1 else 3600)
            said = {"AccessKeyId": f"ROLE{len(asked)}", "SecretAccessKey": "s", "Token": "t"}
            body = json.dumps({**said, "Expiration": f"{ends:%Y-%m-%dT%H:%M:%SZ}"}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    (home / "token").write_text("mine")
    # Beside keys in the files, which come after the role that the environment names.
    (home / ".aws/credentials").write_text(
        "[default]\naws_access_key_id=ONE\naws_secret_access_key=s\n"
    )
    roles = ThreadingHTTPServer(("127.0.0.1", 0), Roles)
    threading.Thread(target=roles.serve_forever, daemon=True).start()
    try:
        with FlakyProxy(server, every=10**9) as proxy:
            monkeypatch.setenv("AWS_ENDPOINT_URL", proxy.url)
            address = f"http://127.0.0.1:{roles.server_address[1]}/role"
            monkeypatch.setenv("AWS_CONTAINER_CREDENTIALS_FULL_URI", address)
            monkeypatch.setenv("AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE", str(home / "token"))
            store.write_whole(f"{bucket}/a", b"")
            assert who(proxy) == "ROLE1"
            time.sleep(1.1)
            for _ in range(2):
                store.write_whole(f"{bucket}/a", b"")
            assert who(proxy) == "ROLE2"
            assert asked == ["mine"] * 2
    finally:
        roles.shutdown()
        roles.server_close()


@pytest.mark.parametrize(
    ("said", "told"),
    [
        ("credential_process = /no/such/command", "cannot be run"),
        (f"credential_process = {sys.executable} -c print(1)", "are no credentials"),
        ("aws_access_key_id = ONE", "has no aws_secret_access_key"),
        ("sso_session = mine", "credential_process = aws configure export-credentials"),
    ],
)
def test_a_profile_that_gives_nothing_is_named(
    home: Path, bucket: str, said: str, told: str
) -> None:
    (home / ".aws/config").write_text(f"[default]\n{said}\n")
    begun = time.monotonic()
    with pytest.raises((StorageError, InputError), match=told):
        store.exists(f"{bucket}/a")
    assert time.monotonic() - begun < 5


def test_errors_are_one_plain_line_and_only_some_are_final() -> None:
    def of(status: str, code: str) -> OSError:
        body = f"<Error><Code>{code}</Code><Message>m</Message></Error>"
        return clients._error("s3://b/a", f"x - Server returned status code: {status}: {body}")

    assert str(of("503 Service Unavailable", "SlowDown")) == "SlowDown (503): m"
    for status, code in (
        ("403 Forbidden", "AccessDenied"), ("403 Forbidden", "SignatureDoesNotMatch"),
        ("400 Bad Request", "InvalidRequest"), ("301 Moved", "PermanentRedirect"),
        ("501 Not Implemented", "NotImplemented"), ("404 Not Found", "NoSuchBucket"),
    ):  # fmt: skip
        assert isinstance(of(status, code), clients.Refused), code
        assert isinstance(of(status, code), clients.Denied) == status.startswith("403"), code
    for status, code in (
        ("500 Internal Server Error", "InternalError"), ("429 Too Many", "TooManyRequests"),
        ("400 Bad Request", "ExpiredToken"), ("400 Bad Request", "RequestTimeout"),
        ("409 Conflict", "OperationAborted"),
    ):  # fmt: skip
        assert not isinstance(of(status, code), clients.Refused), code
    assert isinstance(of("404 Not Found", "NoSuchKey"), FileNotFoundError)


def test_a_store_that_is_silent_or_gone_is_told_by_its_address(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(store, "_TRIES", 1)
    monkeypatch.setitem(clients._SILENCE, "plain", "200ms")
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        monkeypatch.setenv("AWS_ENDPOINT_URL", address)
        with pytest.raises(StorageError, match=f"no answer in time \\({address}"):
            store.read_bytes(f"{bucket}/a")
    with pytest.raises(StorageError, match=f"no connection \\({address}"):
        store.exists(f"{bucket}/a")


def test_an_upload_whose_parts_others_removed_is_begun_again(
    bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    import obstore

    whole, lost = obstore.put, iter([True])

    def put(*args: Any, **options: Any) -> Any:
        if next(lost, False):
            raise FileNotFoundError("status code: 404 Not Found: <Code>NoSuchUpload</Code>")
        return whole(*args, **options)

    monkeypatch.setattr(obstore, "put", put)
    monkeypatch.setattr(store, "_PAUSE", 0.001)
    store.write_whole(f"{bucket}/a", b"1")
    assert store.read_bytes(f"{bucket}/a") == b"1"


def test_a_machine_without_credentials_is_told_so(
    home: Path, bucket: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_METADATA_ENDPOINT", "http://127.0.0.1:9")
    monkeypatch.setattr(store, "_TRIES", 1)
    with pytest.raises(StorageError, match=r"no credentials in the environment, ~/\.aws or"):
        store.exists(f"{bucket}/a")


def test_no_secret_is_printed(home: Path, bucket: str) -> None:
    secret = {"AccessKeyId": "ONE", "SecretAccessKey": "hush", "Expiration": "never"}
    (home / "out.json").write_text(json.dumps(secret))
    (home / ".aws/config").write_text(f"[default]\ncredential_process = cat {home}/out.json\n")
    with pytest.raises(StorageError) as raised:
        store.exists(f"{bucket}/a")
    assert "hush" not in str(raised.value)
    assert os.environ.get("AWS_SECRET_ACCESS_KEY") is None
