"""pdx-judge over HTTP by other ways than a plain connection: TLS with right and wrong certificates, HTTP/2
(nginx before the loopback server), proxies, pools of servers."""
import http.server
import os
import select
import shutil
import socket
import subprocess
import threading
import time

import support
from http_support import PAIRS, complete, free_port, judge, read, rows, write_pairs
from support import check, equal, refused

from fault_server import Server


def certificate(folder):
    """cert.pem, key.pem and both.pem, for 127.0.0.1."""
    made = subprocess.run(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2",
                           "-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1",
                           "-keyout", "key.pem", "-out", "cert.pem"], cwd=folder.path,
                          capture_output=True)
    if made.returncode:
        raise support.Skip("openssl is not here")
    return folder.write("both.pem", read(folder, "key.pem") + read(folder, "cert.pem"))


def test_a_wrong_certificate():
    with support.Folder() as folder:
        both = certificate(folder)
        write_pairs(folder)
        with Server(certificate=both) as server:
            refused(judge(folder, server), 3, "certificate")
            equal(len(server.requests), 0)
            equal(judge(folder, server, "--ca-file", "cert.pem").status, 0)
            complete(folder, server)
            os.unlink(folder.at("out.jsonl"))
            os.unlink(folder.at("out.jsonl.journal"))
            equal(judge(folder, server, "--insecure").status, 0)


def test_tls_where_there_is_none():
    with support.Folder() as folder, Server() as server:
        write_pairs(folder)

        class Wrong:
            url = server.url.replace("http:", "https:")
        refused(judge(folder, Wrong, "--retries", 1), 3, "https://127.0.0.1")


class Nginx:
    """HTTP/2 over TLS before a server, each connection good for a few requests only."""

    def __init__(self, folder, upstream, requests=7):
        program = shutil.which("nginx") or "/usr/sbin/nginx"
        if not os.path.exists(program):
            raise support.Skip("nginx is not here")
        certificate(folder)
        port = free_port()
        self.url = f"https://127.0.0.1:{port}"
        folder.write("nginx.conf", f"""
worker_processes 1; daemon off; pid nginx.pid; error_log nginx.err;
events {{ worker_connections 256; }}
http {{
    log_format protocol "$server_protocol $connection"; access_log access.log protocol;
    client_body_temp_path t1; proxy_temp_path t2; fastcgi_temp_path t3; uwsgi_temp_path t4; scgi_temp_path t5;
    keepalive_requests {requests}; client_max_body_size 10m;
    server {{
        listen 127.0.0.1:{port} ssl http2;
        ssl_certificate cert.pem; ssl_certificate_key key.pem;
        location / {{ proxy_pass {upstream}; proxy_http_version 1.1; }}
    }}
}}""")
        self.process = subprocess.Popen([program, "-e", "nginx.err", "-p", folder.path, "-c", "nginx.conf"],
                                        stderr=subprocess.DEVNULL)
        for _ in range(200):
            try:
                socket.create_connection(("127.0.0.1", port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("nginx does not start: " + read(folder, "nginx.err"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


def test_http2():
    with support.Folder() as folder, Server() as server, Nginx(folder, server.url) as nginx:
        write_pairs(folder, 40)
        refused(judge(folder, nginx), 3, "certificate")
        done = judge(folder, nginx, "--ca-file", "cert.pem")
        equal(done.status, 0, done.err)
        complete(folder, server, 40)
        equal(len(server.answered), 80)
    lines = []
    with support.Folder() as folder, Server() as server, Nginx(folder, server.url, 1000) as nginx:
        write_pairs(folder, 40)
        equal(judge(folder, nginx, "--ca-file", "cert.pem").status, 0)
        complete(folder, server, 40)
        lines = read(folder, "access.log").split("\n")[:-1]
    equal(len(lines), 80)
    check(all(line.startswith("HTTP/2.0 ") for line in lines), lines[:3])
    check(len(set(lines)) <= 3, f"{len(set(lines))} connections for 80 requests")


def test_faults_over_http2():
    for fault in ("reset-in-body", "500", "huge", "cut-json", "silence", "429"):
        with support.Folder() as folder, \
                Server(lambda n, body: fault if n in (2, 5) else None) as server, \
                Nginx(folder, server.url, 1000) as nginx:
            write_pairs(folder)
            done = judge(folder, nginx, "--ca-file", "cert.pem")
            equal(done.status, 0, fault + done.err)
            complete(folder, server)
            equal(len(server.answered), 2 * PAIRS, fault)


class Proxy(http.server.BaseHTTPRequestHandler):
    """A forward proxy: CONNECT for TLS, whole URLs otherwise. `seen` holds the first lines."""
    protocol_version = "HTTP/1.1"
    seen = []

    def log_message(self, *arguments):
        pass

    def relay(self, there):
        pair = [self.connection, there]
        while True:
            for side in select.select(pair, [], [], 5)[0]:
                block = side.recv(65536)
                if not block:
                    return
                pair[side is self.connection].sendall(block)

    def do_CONNECT(self):
        self.seen.append((self.requestline, self.headers.get("Proxy-Authorization")))
        host, port = self.path.split(":")
        with socket.create_connection((host, int(port)), timeout=5) as there:
            self.send_response(200)
            self.end_headers()
            self.relay(there)
        self.close_connection = True

    def do_POST(self):
        self.seen.append((self.requestline, self.headers.get("Proxy-Authorization")))
        host, path = self.path.removeprefix("http://").split("/", 1)
        name, port = host.split(":")
        body = self.rfile.read(int(self.headers["Content-Length"]))
        with socket.create_connection((name, int(port)), timeout=5) as there:
            head = f"POST /{path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n"
            head += f"Content-Length: {len(body)}\r\n\r\n"
            there.sendall(head.encode() + body)
            while block := there.recv(65536):
                self.wfile.write(block)
        self.close_connection = True


def test_proxies():
    listener = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Proxy)
    listener.daemon_threads = True
    threading.Thread(target=listener.serve_forever, daemon=True).start()
    address = f"127.0.0.1:{listener.server_address[1]}"
    Proxy.seen.clear()
    with support.Folder() as folder:
        both = certificate(folder)
        write_pairs(folder)
        with Server() as server:
            done = judge(folder, server, "--proxy", f"http://me:sesame@{address}")
            equal(done.status, 0, done.err)
            complete(folder, server)
            equal(len(Proxy.seen), 2 * PAIRS)
            check(all(line.startswith("POST http://") for line, _ in Proxy.seen), Proxy.seen[0])
            check(all(who and who.startswith("Basic ") for _, who in Proxy.seen), Proxy.seen[0])
            for name in folder.names():
                check("sesame" not in read(folder, name), name)
        for name in ("out.jsonl", "out.jsonl.journal"):
            os.unlink(folder.at(name))
        Proxy.seen.clear()
        with Server(certificate=both) as server:
            os.environ["https_proxy"] = f"http://{address}"
            try:
                equal(judge(folder, server, "--ca-file", "cert.pem").status, 0)
            finally:
                del os.environ["https_proxy"]
            complete(folder, server)
            check(Proxy.seen and all(line.startswith("CONNECT ") for line, _ in Proxy.seen), Proxy.seen)
        os.unlink(folder.at("out.jsonl"))
        os.unlink(folder.at("out.jsonl.journal"))
        with Server() as server:
            gone = judge(folder, server, "--retries", 1, "--proxy",
                         f"http://me:sesame@127.0.0.1:{free_port()}")
            equal(gone.status, 3)
            check("sesame" not in gone.err, gone.err)
            equal(len(server.requests), 0)
    listener.shutdown()


def test_a_pool_is_used_evenly():
    with support.Folder() as folder, Server(delay=0.02) as one, Server(delay=0.02) as two:
        write_pairs(folder, 30)
        class Both:
            url = one.url + "/v1," + two.url + "/"
        equal(judge(folder, Both).status, 0)
        check(min(len(one.requests), len(two.requests)) >= 20, (len(one.requests), len(two.requests)))


def test_urls():
    """A whole route, a query behind it, "/v1" and slashes."""
    for tail, path in (("/v1/completions", "/v1/completions"), ("/v1/", "/v1/completions"),
                       ("/openai/v1/completions?api-version=7", "/openai/v1/completions?api-version=7"),
                       ("/deep/v1?secret=x", "/deep/v1/completions?secret=x")):
        with support.Folder() as folder, Server(route=lambda p: "/v1/completions") as server:
            write_pairs(folder)

            class Tail:
                url = server.url + tail
            equal(judge(folder, Tail).status, 0, tail)
            equal({r[0] for r in server.requests}, {path})


if __name__ == "__main__":
    support.main(globals())
