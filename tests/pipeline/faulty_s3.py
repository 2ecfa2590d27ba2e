"""An S3 that misbehaves: `python -m tests.pipeline.faulty_s3 UPSTREAM PORT RULES` stands before moto and breaks chosen requests.

RULES is a JSON list of {"fault", "method" and "path" (regular expressions), "times" (-1: always)}. Faults: `busy` (503
SlowDown), `reset` (the connection is reset before an answer), `cut` (the body ends halfway, its length promised in full),
`slow` (two seconds before the answer), `note` (none: the request is only noted). A process of its own, since libraries
hold Python's lock while they wait for S3. Toxiproxy works below HTTP and has no 503.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import re
import socket
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

from tests.pipeline.s3 import wait_for

BUSY = b"<Error><Code>SlowDown</Code><Message>Please reduce your request rate.</Message></Error>"


@contextlib.contextmanager
def faulty(upstream: str, log: Path, *rules: dict[str, Any]) -> Iterator[str]:
    """The address of an S3 that breaks requests as `rules` say; what the rules met stands in `log`."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with log.open("wb") as out:
        command = [sys.executable, "-m", "tests.pipeline.faulty_s3", upstream, str(port), json.dumps(rules)]
        proxy = subprocess.Popen(command, stdout=out, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"http://127.0.0.1:{port}/moto-api/", proxy)
        yield f"http://127.0.0.1:{port}"
    finally:
        proxy.terminate()
        proxy.wait(30)


def met(log: Path) -> list[dict[str, str]]:
    """The requests that a rule met so far: fault, method, path, and `target`, the operation as JSON services are asked for it."""
    return [json.loads(line) for line in log.read_text().splitlines()]


class _Rules:
    def __init__(self, rules: list[dict[str, Any]]) -> None:
        self.rules, self.lock = rules, threading.Lock()

    def fault(self, method: str, path: str, target: str) -> str:
        with self.lock:
            for rule in self.rules:
                meant = re.fullmatch(rule["method"], method) and re.search(rule["path"], path)
                if meant and rule["times"]:
                    rule["times"] -= 1
                    said = {"fault": rule["fault"], "method": method, "path": path, "target": target}
                    print(json.dumps(said), flush=True)
                    return str(rule["fault"])
        return ""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    upstream: ClassVar[str]
    rules: ClassVar[_Rules]

    def _any(self) -> None:
        body = self._body()
        fault = self.rules.fault(self.command, self.path, self.headers.get("X-Amz-Target", ""))
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
            return
        if fault == "busy":
            self._answer(503, [("Content-Type", "application/xml")], BUSY, len(BUSY))
            return
        if fault == "slow":
            time.sleep(2)
        status, headers, content, length = self._passed_on(body)
        if fault == "cut":
            content, self.close_connection = content[: len(content) // 2], True
        self._answer(status, headers, content, length)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _any

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        self.rfile.readline()
        return b"".join(parts)

    def _passed_on(self, body: bytes) -> tuple[int, list[tuple[str, str]], bytes, int]:
        connection = http.client.HTTPConnection(self.upstream.removeprefix("http://"), timeout=120)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("transfer-encoding", "expect")}
        headers["Content-Length"] = str(len(body))
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content = answer.read()
        kept = [(k, v) for k, v in answer.getheaders() if k.lower() not in ("connection", "content-length")]
        said = answer.getheader("Content-Length")
        connection.close()
        is_head = self.command == "HEAD"
        return answer.status, kept, content, int(said) if is_head and said else len(content)

    def _answer(self, status: int, headers: list[tuple[str, str]], content: bytes, length: int) -> None:
        self.send_response_only(status)
        for name, value in headers:
            self.send_header(name, value)
        if status != 204:
            self.send_header("Content-Length", str(length))
        if self.close_connection:
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)


if __name__ == "__main__":
    where, listening, said = sys.argv[1:]
    _Handler.upstream, _Handler.rules = where, _Rules(json.loads(said))
    ThreadingHTTPServer(("127.0.0.1", int(listening)), _Handler).serve_forever()
