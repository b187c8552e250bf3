"""As much of S3 as pyarrow and the tests ask for, in memory: it plays the composition's object store.

    python object_store.py HOST:PORT

Signatures are not looked at.
"""

from __future__ import annotations

import hashlib
import sys
import time
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Final, NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit
from xml.etree import ElementTree as ET
from xml.sax.saxutils import escape


class Object(NamedTuple):
    """What was written, and when."""

    data: bytes
    modified_s: float


Buckets = dict[str, dict[str, Object]]


class Handler(BaseHTTPRequestHandler):
    """One request: a bucket made or listed, an object written, in parts or whole, read or removed."""

    protocol_version = "HTTP/1.1"
    buckets: Final[Buckets] = {}
    uploads: Final[dict[str, dict[int, bytes]]] = {}

    def log_message(self, *_: object) -> None:
        """Nothing is logged."""

    def _place(self) -> tuple[str, str, dict[str, str]]:
        parts = urlsplit(self.path)
        bucket, _, key = unquote(parts.path).lstrip("/").partition("/")
        query = {name: values[0] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        return bucket, key, query

    def _body(self) -> bytes:
        if self.headers.get("Transfer-Encoding", "").lower() == "chunked":
            body = b""
            while size := int(self.rfile.readline().split(b";")[0], 16):
                body += self.rfile.read(size)
                self.rfile.readline()
            self.rfile.readline()
        else:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        if "aws-chunked" in self.headers.get("Content-Encoding", ""):
            return _unchunked(body)
        return body

    def _say(self, status: int, body: bytes = b"", **headers: str) -> None:
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def _keep(self, bucket: str, key: str, data: bytes) -> None:
        self.buckets.setdefault(bucket, {})[key] = Object(data, time.time())

    def _missing(self, what: str) -> None:
        self._say(404, f"<Error><Code>NoSuch{what}</Code></Error>".encode(), Content_Type="application/xml")

    def do_HEAD(self) -> None:
        bucket, key, _ = self._place()
        held = self.buckets.get(bucket)
        if held is None or (key and key not in held):
            self._missing("Key" if held is not None else "Bucket")
        else:
            found = held.get(key, Object(b"", 0.0))
            self._say(200, b"", Content_Length=str(len(found.data)), **_described(found))

    def do_GET(self) -> None:
        bucket, key, query = self._place()
        held = self.buckets.get(bucket)
        if held is None:
            self._missing("Bucket")
        elif not key:
            self._say(200, _listing(bucket, held, query), Content_Type="application/xml")
        elif key not in held:
            self._missing("Key")
        else:
            found = held[key]
            data = found.data
            wanted = self.headers.get("Range", "").removeprefix("bytes=")
            if not wanted:
                self._say(200, data, **_described(found))
                return
            first, last = (int(end) for end in wanted.split("-"))
            piece = data[first : last + 1]
            where = f"bytes {first}-{first + len(piece) - 1}/{len(data)}"
            self._say(206, piece, Content_Range=where, **_described(found))

    def do_PUT(self) -> None:
        bucket, key, query = self._place()
        body = self._body()
        if not key:
            self.buckets.setdefault(bucket, {})
        elif "uploadId" in query:
            self.uploads[query["uploadId"]][int(query["partNumber"])] = body
        else:
            self._keep(bucket, key, body)
        self._say(200, ETag=_tag(body))

    def do_POST(self) -> None:
        bucket, key, query = self._place()
        body = self._body()
        if "delete" in query:
            for gone in ET.fromstring(body).iterfind("{*}Object/{*}Key"):
                self.buckets.get(bucket, {}).pop(gone.text or "", None)
            self._say(200, _xml("DeleteResult", ""))
        elif "uploads" in query:
            name = f"upload-{len(self.uploads)}"
            self.uploads[name] = {}
            said = f"<Bucket>{bucket}</Bucket><Key>{escape(key)}</Key><UploadId>{name}</UploadId>"
            self._say(200, _xml("InitiateMultipartUploadResult", said))
        elif "uploadId" in query:
            parts = self.uploads.pop(query["uploadId"])
            data = b"".join(parts[number] for number in sorted(parts))
            self._keep(bucket, key, data)
            self._say(200, _xml("CompleteMultipartUploadResult", f"<ETag>{escape(_tag(data))}</ETag>"))
        else:
            self._say(501)

    def do_DELETE(self) -> None:
        bucket, key, query = self._place()
        if "uploadId" in query:
            self.uploads.pop(query["uploadId"], None)
        else:
            self.buckets.get(bucket, {}).pop(key, None)
        self._say(204)


def _described(found: Object) -> dict[str, str]:
    modified = formatdate(found.modified_s, usegmt=True)
    return {"ETag": _tag(found.data), "Last_Modified": modified, "Accept_Ranges": "bytes"}


def _tag(data: bytes) -> str:
    return f'"{hashlib.md5(data, usedforsecurity=False).hexdigest()}"'


def _xml(name: str, inside: str) -> bytes:
    space = "http://s3.amazonaws.com/doc/2006-03-01/"
    return f'<?xml version="1.0" encoding="UTF-8"?><{name} xmlns="{space}">{inside}</{name}>'.encode()


def _listing(bucket: str, held: dict[str, Object], query: dict[str, str]) -> bytes:
    prefix, delimiter = query.get("prefix", ""), query.get("delimiter", "")
    found, folders = [], []
    for key in sorted(held):
        if not key.startswith(prefix):
            continue
        rest = key[len(prefix) :]
        if delimiter and delimiter in rest:
            folder = prefix + rest.partition(delimiter)[0] + delimiter
            if folder not in folders:
                folders.append(folder)
            continue
        data, modified_s = held[key]
        modified = time.strftime("%Y-%m-%dT%H:%M:%S.000Z", time.gmtime(modified_s))
        found.append(
            f"<Contents><Key>{escape(key)}</Key><LastModified>{modified}</LastModified>"
            f"<ETag>{escape(_tag(data))}</ETag><Size>{len(data)}</Size></Contents>"
        )
    common = "".join(f"<CommonPrefixes><Prefix>{escape(f)}</Prefix></CommonPrefixes>" for f in folders)
    count = f"<KeyCount>{len(found) + len(folders)}</KeyCount><IsTruncated>false</IsTruncated>"
    head = f"<Name>{bucket}</Name><Prefix>{escape(prefix)}</Prefix>{count}"
    return _xml("ListBucketResult", f"{head}{''.join(found)}{common}")


def _unchunked(body: bytes) -> bytes:
    """The payload of a body in AWS's own chunks: size in hex, signature, bytes; checksums at the end."""
    data = b""
    while body:
        line, _, body = body.partition(b"\r\n")
        size = int(line.split(b";")[0], 16)
        if size == 0:
            break
        data, body = data + body[:size], body[size + 2 :]
    return data


def main() -> None:
    host, _, port = sys.argv[1].rpartition(":")
    with ThreadingHTTPServer((host, int(port)), Handler) as server:
        print(f"object store: {host}:{server.server_port}", flush=True)
        server.serve_forever()


if __name__ == "__main__":
    main()
