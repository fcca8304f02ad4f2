"""A server on the loopback that speaks the chat completions protocol, well or badly."""

import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Script = Callable[[int, str], Any]  # (number of the request, page) -> what to do


class Endpoint:
    """What was asked, and what it cost."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.pages: Counter[str] = Counter()
        self.bodies: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.tokens = 0
        self.at: list[float] = []
        self.lock = threading.Lock()
        self.url = ""


def completion(label: Any, reason: str = "because") -> str:
    return json.dumps({"reason": reason, "label": label})


@contextmanager
def serving(script: Script) -> Iterator[Endpoint]:
    """Serve until the block ends.

    A script returns a reply's text, a status as a number, `bytes` for a raw body, `"cut"` to break
    the connection, or `("slow", seconds, reply)`.
    """
    endpoint = Endpoint(script)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/chat/completions"
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            said = body["messages"][1]["content"].split("\n")
            assert said[0] == said[-1]
            page = "\n".join(said[1:-1])
            with endpoint.lock:
                number = len(endpoint.bodies)
                endpoint.bodies.append(body)
                endpoint.pages[page] += 1
                endpoint.keys.append(self.headers.get("Authorization"))
                endpoint.at.append(time.monotonic())
            what = endpoint.script(number, page)
            if isinstance(what, tuple):
                time.sleep(what[1])
                what = what[2]
            if what == "cut":
                self.connection.shutdown(2)
                return
            status, raw = 200, b""
            if isinstance(what, int):
                status, raw = what, b'{"error": "no, and your key is sk-secret"}'
            elif isinstance(what, bytes):
                raw = what
            else:
                spent = len(json.dumps(body)) // 4 + 20
                with endpoint.lock:
                    endpoint.tokens += spent
                message = {"role": "assistant", "content": what}
                raw = json.dumps(
                    {"choices": [{"message": message}], "usage": {"total_tokens": spent}}
                ).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(raw)))
            if status == 429:
                self.send_header("Retry-After", "0")
            self.end_headers()
            self.wfile.write(raw)

        def log_message(self, *_: Any) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: Any) -> None:
            pass  # a client that gave up waiting

    server = Server(("127.0.0.1", 0), Handler)
    endpoint.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, args=(0.02,))
    thread.start()
    try:
        yield endpoint
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
