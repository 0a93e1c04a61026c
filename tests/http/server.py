#!/usr/bin/python3
"""A server that plays Intel's PCS, a PCCS and AMD's KDS, well and badly: the first part of the path says how.

    server.py FOLDER [CERTIFICATE KEY]

FOLDER holds the documents: tcb.json, identity.json, pck.crl, root.crl, vcek.der, chain.pem, amd.crl, issuer.pem.
Prints its port. Every request is a line of FOLDER/requests. With a certificate it speaks HTTPS.
"""
import http.server
import pathlib
import socket
import ssl
import sys
import threading
import time
import urllib.parse

folder = pathlib.Path(sys.argv[1])
lock = threading.Lock()
seen = {}


def times(key):
    """How often this was asked for, this time included."""
    with lock:
        seen[key] = seen.get(key, 0) + 1
        return seen[key]


def document(path, query):
    """Name of the file, header for the issuer chain; None where the service has no such thing."""
    service = path.split("/certification/v4/")
    if len(service) == 2 and service[0] in ("/sgx", "/tdx"):
        what = service[1]
        if what == "tcb" and len(query.get("fmspc", [""])[0]) == 12:
            name = "early.json" if query.get("update") == ["early"] else "tcb.json"
            return ("tcb.json", None) if not (folder / name).exists() else (name, "TCB-Info-Issuer-Chain")
        if what in ("qe/identity", "qve/identity"):
            return "identity.json", "SGX-Enclave-Identity-Issuer-Chain"
        if what == "pckcrl" and query.get("ca") in (["processor"], ["platform"]) and query.get("encoding") == ["der"]:
            return "pck.crl", "SGX-PCK-CRL-Issuer-Chain"
        return None
    parts = path.strip("/").split("/")
    if len(parts) == 4 and parts[0] in ("vcek", "vlek") and parts[1] == "v1":
        if parts[3] == "cert_chain":
            return "chain.pem", None
        if parts[3] == "crl":
            return "amd.crl", None
        if len(parts[3]) in (16, 128) and {"blSPL", "teeSPL", "snpSPL", "ucodeSPL"} <= query.keys():
            return "vcek.der", None
    return None


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self, status, body=b"", **headers):
        self.send_response(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", headers.pop("length", len(body)))
        self.send_header("Connection", "close")
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = True

    def good(self, path, query, how):
        found = document(path, query)
        # a PCCS has the root's list as hex digits, a mirror of Intel's files as it is
        if how == "pccs" and path == "/sgx/certification/v4/rootcacrl":
            return self.answer(200, (folder / "root.crl").read_bytes().hex().encode())
        if how != "pccs" and path == "/IntelSGXRootCA.der":
            found = ("root.crl", None)
        if not found:
            return self.answer(404, b"no such thing")
        headers = {"ETag": '"v1"'}
        if how == "etag" and self.headers.get("If-None-Match") == '"v1"':
            return self.answer(304)
        if found[1]:
            headers[found[1].replace("-", "_")] = urllib.parse.quote((folder / "issuer.pem").read_text())
        self.answer(200, (folder / found[0]).read_bytes(), **headers)

    def do_GET(self):
        url = urllib.parse.urlsplit(self.path)
        how, _, rest = url.path.lstrip("/").partition("/")
        path, query = "/" + rest, urllib.parse.parse_qs(url.query)
        with lock, open(folder / "requests", "a") as log:
            log.write(f"{time.time():.3f} {how} {path} {url.query} {self.headers.get('User-Agent')}\n")
        try:
            getattr(self, "how_" + how.replace("-", "_"), self.how_good)(path, query, how)
        except (BrokenPipeError, ConnectionResetError):
            pass

    def how_good(self, path, query, how):
        self.good(path, query, how)

    def how_429(self, path, query, how):
        if times(("429", path)) == 1:
            return self.answer(429, b"slow down", Retry_After="1")
        self.good(path, query, how)

    def how_429date(self, path, query, how):
        if times(("429date", path)) == 1:
            return self.answer(429, b"slow down", Retry_After=self.date_time_string(time.time() + 2))
        self.good(path, query, how)

    def how_429always(self, path, query, how):
        self.answer(429, b"slow down", Retry_After="3600")

    def how_500once(self, path, query, how):
        if times(("500", path)) == 1:
            return self.answer(500, b"oops")
        self.good(path, query, how)

    def how_503(self, path, query, how):
        self.answer(503, b"not now")

    def how_403(self, path, query, how):
        self.answer(403, b"no")

    def how_400(self, path, query, how):
        self.answer(400, b"what")

    def how_drip(self, path, query, how):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        for _ in range(600):
            self.wfile.write(b"x")
            self.wfile.flush()
            time.sleep(0.1)

    def how_silent(self, path, query, how):
        time.sleep(30)

    def how_cut(self, path, query, how):
        self.send_response(200)
        self.send_header("Content-Length", "100000")
        self.end_headers()
        self.wfile.write((folder / "tcb.json").read_bytes())
        self.close_connection = True

    def how_cutonce(self, path, query, how):
        if times(("cut", path)) == 1:
            return self.how_cut(path, query, how)
        self.good(path, query, how)

    def how_big(self, path, query, how):
        self.send_response(200)
        self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        chunk = b"100000\r\n" + b" " * 0x100000 + b"\r\n"
        for _ in range(40):
            self.wfile.write(chunk)

    def how_bigsaid(self, path, query, how):
        self.answer(200, b"x", length=1 << 40)

    def how_loop(self, path, query, how):
        self.answer(302, Location=self.path)

    def how_hop(self, path, query, how):
        self.answer(301, Location="/good" + path + ("?" + urllib.parse.urlsplit(self.path).query))

    def how_away(self, path, query, how):
        self.answer(302, Location="http://192.0.2.1" + path)

    def how_file(self, path, query, how):
        self.answer(302, Location="file:///etc/passwd")

    def how_nowhere(self, path, query, how):
        self.answer(302)

    def how_html(self, path, query, how):
        self.answer(200, b"<html><body>Please log in</body></html>")

    def how_error_json(self, path, query, how):
        self.answer(200, b'{"error": "no data"}')

    def how_empty(self, path, query, how):
        self.answer(200, b"")

    def how_garbage(self, path, query, how):
        self.wfile.write(b"\x00\x01\x02 this is not HTTP\r\n\r\n")
        self.close_connection = True

    def how_headers(self, path, query, how):
        """Chains that are malformed, and headers without end."""
        self.answer(200, (folder / "tcb.json").read_bytes(), TCB_Info_Issuer_Chain="%4%zz" + "a" * 60000)

    def how_drop(self, path, query, how):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
server.daemon_threads = True
if len(sys.argv) > 2:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[2], sys.argv[3])
    server.socket = context.wrap_socket(server.socket, server_side=True)
print(server.server_address[1], flush=True)
server.serve_forever()
