"""A loopback server in the form of the OpenAI routes, which plays faults.

Server(plan): plan(n, body) names what becomes of request number n (from 0): None is a good answer, or
one of FAULTS. Good answers depend on the body alone, so that a test can compute them. `requests` holds
(path, body, headers) of what arrived, `answered` the bodies that were answered well."""
import hashlib
import http.server
import json
import math
import socket
import ssl
import struct
import threading
import time

FAULTS = ["429", "429-wait", "500", "503", "reset", "reset-in-body", "cut-json", "html", "silence",
          "drip", "redirect", "twice", "huge", "not-utf8", "deep", "empty", "no-length-cut"]


def logps(text):
    """A fixed opinion on a prompt: log-probabilities of " A", "A" and " B"."""
    x = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2 ** 32
    return {" A": math.log(0.1 + 0.6 * x), "A": math.log(0.05), " B": math.log(0.8 - 0.6 * x),
            "The": -6.5, " a": -7.0}


def completion(body):
    return {"id": "x", "object": "text_completion", "model": body["model"] + "-0613", "choices": [
        {"index": 0, "text": " A", "finish_reason": "length",
         "logprobs": {"tokens": [" A"], "top_logprobs": [logps(body["prompt"])]}}],
        "usage": {"prompt_tokens": len(body["prompt"]) // 4, "completion_tokens": 1}}


def chat(body):
    text = body["messages"][-1]["content"]
    top = [{"token": token, "logprob": logp, "bytes": None} for token, logp in logps(text).items()]
    x = logps(text)
    said = "<think>Verdict: A? No.</think>First weigh.\nVerdict: " + ("A" if x[" A"] > x[" B"] else "B")
    return {"id": "x", "object": "chat.completion", "model": body["model"] + "-0613", "choices": [
        {"index": 0, "message": {"role": "assistant", "content": said, "refusal": None},
         "finish_reason": "stop",
         "logprobs": {"content": [{"token": "A", "logprob": -1.0, "top_logprobs": top}]}
         if body.get("logprobs") else None}],
        "usage": {"prompt_tokens": len(text) // 4, "completion_tokens": 20}}


def score(body):
    x = logps(body["query"] + body["items"][0])
    of = {362: " A", 32: "A", 425: " B"}
    return {"scores": [[math.exp(x[of[i]]) if i in of else 0.001 for i in body["label_token_ids"]]],
            "model": body["model"]}


def generative(body):
    a, b = score(body)["scores"][0]
    return {"data": [{"index": 0, "object": "score", "score": a / (a + b)}], "model": body["model"]}


def llama(body):
    top = [{"id": 1, "token": token, "logprob": logp} for token, logp in logps(body["prompt"]).items()]
    return {"content": " A", "model": "llama", "tokens_evaluated": 9, "tokens_predicted": 1,
            "completion_probabilities": [{"token": " A", "top_logprobs": top}]}


def tokenize(body):
    ids = {" A": [362], "A": [32], " B": [425], "B": [33]}
    return {"tokens": ids.get(body["prompt"], [1, 2]), "count": 1}


ROUTES = {"/v1/completions": completion, "/v1/chat/completions": chat, "/v1/score": score,
          "/generative_scoring": generative, "/completion": llama, "/tokenize": tokenize}


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def log_message(self, *arguments):
        pass

    def say(self, status, body, kind="application/json", headers=(), length=None):
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\n"
        head += f"Content-Length: {len(body) if length is None else length}\r\n"
        head += "".join(f"{k}: {v}\r\n" for k, v in headers)
        self.wfile.write(head.encode() + b"\r\n" + body)
        self.wfile.flush()

    def reset(self):
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def do_POST(self):
        owner = self.server.owner
        raw = self.rfile.read(int(self.headers["Content-Length"]))
        body = json.loads(raw)
        with owner.lock:
            n = len(owner.requests)
            owner.requests.append((self.path, body, dict(self.headers)))
            owner.in_flight += 1
            owner.most_in_flight = max(owner.most_in_flight, owner.in_flight)
        try:
            if owner.delay:
                time.sleep(owner.delay)
            fault = owner.plan(n, body) if owner.plan else None
            if fault is None:
                good = json.dumps(ROUTES[self.path](body)).encode()
                with owner.lock:
                    owner.answered.append(raw)
                self.say(200, good)
            else:
                self.play(fault, json.dumps(ROUTES[self.path](body)).encode())
        except (BrokenPipeError, ConnectionResetError, ValueError, OSError):
            self.close_connection = True
        finally:
            with owner.lock:
                owner.in_flight -= 1

    def play(self, fault, good):
        slow = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
        if fault == "429":
            self.say(429, slow)
        elif fault == "429-wait":
            self.say(429, slow, headers=[("Retry-After", "1")])
        elif fault == "500":
            self.say(500, b"Internal Server Error", "text/plain")
        elif fault == "503":
            self.say(503, b"")
        elif fault == "reset":
            self.reset()
        elif fault == "reset-in-body":
            self.say(200, good[: len(good) // 2], length=len(good))
            self.reset()
        elif fault == "cut-json":
            self.say(200, good[: len(good) // 2])
        elif fault == "html":
            self.say(200, b"<html>Please sign in</html>", "text/html")
        elif fault == "silence":
            self.server.owner.stop.wait(4)
            self.close_connection = True
        elif fault == "drip":
            self.say(200, b"", length=len(good))
            for i in range(len(good)):
                self.wfile.write(good[i:i + 1])
                self.wfile.flush()
                if self.server.owner.stop.wait(0.2):
                    return
        elif fault == "redirect":
            self.say(302, b"", headers=[("Location", "http://127.0.0.1:1/elsewhere")])
        elif fault == "twice":
            self.say(200, good)
            self.say(200, good)
            self.close_connection = True
        elif fault == "huge":
            self.say(200, b"", length=1 << 30)
            for _ in range(1 << 14):
                self.wfile.write(b"[" * 65536)
        elif fault == "not-utf8":
            self.say(200, b'{"choices": [{"text": "\xff\xfe\x00"}]}')
        elif fault == "deep":
            self.say(200, b"[" * 1000000)
        elif fault == "empty":
            self.say(200, b"")
        elif fault == "no-length-cut":
            self.wfile.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + good[:16])
            self.wfile.flush()
            self.close_connection = True
        elif isinstance(fault, tuple):
            self.say(fault[0], json.dumps(fault[1]).encode())
        else:
            raise ValueError(fault)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, address):
        pass


class Server:
    def __init__(self, plan=None, delay=0, certificate=None):
        self.plan, self.delay = plan, delay
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.requests, self.answered, self.in_flight, self.most_in_flight = [], [], 0, 0
        self.listener = Listener(("127.0.0.1", 0), Handler)
        self.listener.owner = self
        scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(certificate)
            self.listener.socket = context.wrap_socket(self.listener.socket, server_side=True)
            scheme = "https"
        self.url = f"{scheme}://127.0.0.1:{self.listener.server_address[1]}"
        threading.Thread(target=self.listener.serve_forever, kwargs={"poll_interval": 0.02},
                         daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *what):
        self.stop.set()
        self.listener.shutdown()
        self.listener.server_close()
