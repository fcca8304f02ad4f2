"""A proxy before an object store that fails some requests and cuts others in the middle."""

import http.client
import threading
from collections import Counter
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

FAULTS = ("refuse", "cut-answer", "cut-request", "busy")


class FlakyProxy:
    """Passes requests on to `upstream`; every `every`-th meets the next of FAULTS instead.

    `refuse` closes the connection at once, `busy` answers 503, `cut-answer` sends half of what the
    store said, `cut-request` closes it in the middle of an upload, `lose-answer` after it; `only`
    names the methods that fail. Headers that are `ignored` do not reach the store. A store that
    `forbids` to overwrite by that header of its own knows no `If-None-Match`. Methods that it
    `denies` are answered 403.
    """

    def __init__(
        self,
        upstream: str,
        every: int,
        only: tuple[str, ...] = (),
        ignored: tuple[str, ...] = (),
        forbids: str = "",
        denies: tuple[str, ...] = (),
    ) -> None:
        self.upstream = urlsplit(upstream).netloc
        self.every, self.only = every, only
        self.ours, self.forbids, self.denies = (*_OURS, *ignored), forbids, denies
        self.paths: list[str] = []  # what was asked for
        self.added: dict[str, str] = {}  # headers that the store is sent besides
        self.faults: Counter[str] = Counter()
        self.methods: Counter[str] = Counter()
        self.signed = False  # whether a request bore credentials
        self.heads: dict[str, str] = {}  # the headers that were sent, the last of each name
        self._count = 0
        self._lock = threading.Lock()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._server.server_close()

    def fault(self, method: str) -> str | None:
        """Return what goes wrong with the next request, if anything."""
        with self._lock:
            self.methods[method] += 1
            if self.only and method not in self.only:
                return None
            self._count += 1
            if self._count % self.every:
                return None
            name = FAULTS[self._count // self.every % len(FAULTS)]
            self.faults[name] += 1
            return name

    def _handler(proxy: Self) -> type[BaseHTTPRequestHandler]:
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def handle_one_request(self) -> None:
                try:
                    super().handle_one_request()
                except (BrokenPipeError, ConnectionResetError):
                    self.close_connection = True  # the client may give up as well

            def log_message(self, *args: object) -> None:
                """Say nothing."""

            def _body(self) -> bytes:
                if self.headers.get("Transfer-Encoding", "") != "chunked":
                    return self.rfile.read(int(self.headers.get("Content-Length") or 0))
                pieces = []
                while size := int(self.rfile.readline().split(b";")[0], 16):
                    pieces.append(self.rfile.read(size))
                    self.rfile.readline()
                while self.rfile.readline().strip():
                    """Trailers end with a blank line."""
                return b"".join(pieces)

            def _pass(self) -> None:
                fault = proxy.fault(self.command)
                proxy.signed = proxy.signed or "Authorization" in self.headers
                proxy.heads |= {name.lower(): value for name, value in self.headers.items()}
                if fault in ("refuse", "cut-request"):
                    if fault == "cut-request" and self.command == "PUT":
                        self.rfile.read(1)  # the upload has begun, and does not end
                    self.close_connection = True
                    return
                proxy.paths.append(self.path)
                body = self._body()
                if self.command in proxy.denies:
                    self._answer(403, {}, b"<Error><Code>AccessDenied</Code></Error>")
                    return
                if fault == "busy":
                    self._answer(503, {}, b"<Error><Code>SlowDown</Code></Error>")
                    return
                store = http.client.HTTPConnection(proxy.upstream, timeout=30)
                sent = {k: v for k, v in self.headers.items() if k.lower() not in proxy.ours}
                if proxy.forbids and "if-none-match" in (name.lower() for name in sent):
                    self._answer(501, {}, b"<Error><Code>NotImplemented</Code></Error>")
                    return
                if proxy.forbids and sent.pop(proxy.forbids, None):
                    sent["If-None-Match"] = "*"
                sent |= proxy.added
                store.request(self.command, self.path, body, sent)
                answer = store.getresponse()
                said = answer.read()
                if fault == "lose-answer":
                    self.close_connection = True
                    return
                heads = {k: v for k, v in answer.getheaders() if k.lower() not in _OURS}
                length = answer.headers.get("Content-Length") if self.command == "HEAD" else None
                cut = fault == "cut-answer"
                self._answer(answer.status, heads, said, int(length or len(said)), cut)
                store.close()

            def _answer(
                self,
                status: int,
                heads: dict[str, str],
                body: bytes,
                length: int | None = None,
                cut: bool = False,
            ) -> None:
                self.send_response_only(status)
                for name, value in heads.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body) if length is None else length))
                self.end_headers()
                self.wfile.write(body[: len(body) // 2] if cut else body)
                self.close_connection = self.close_connection or cut

            do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _pass

        return Handler


_OURS = ("content-length", "transfer-encoding", "connection")
