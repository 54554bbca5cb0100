"""A loopback server in the form of the OpenAI routes, which plays faults.

Server(plan): plan(n, body) names what becomes of request number n (from 0): None is a good answer, or
one of FAULTS or of fault_plays.RAW. Good answers depend on the body alone, so that a test can compute them. `requests` holds
(path, body, headers) of what arrived, `answered` the bodies that were answered well."""
import email.utils
import functools
import gzip
import hashlib
import http.server
import json
import math
import socket
import ssl
import struct
import threading
import time

from fault_plays import GOOD, RAW

# Those that mend themselves: the next request for the same is answered.
FAULTS = ["429", "429-wait", "429-date", "429-junk", "500", "503", "reset", "reset-in-body", "cut-json",
          "html", "silence", "drip", "drip-head", "redirect", "twice", "huge", "huge-chunked", "gzip-bomb",
          "not-utf8", "deep", "wide", "empty", "no-length-cut", "length-long", "length-short", "length-odd",
          "chunks-odd", "no-head", "status-odd", "endless-head", "two-values", "error-200", "null-choices",
          "no-choices", "no-logprobs", "nan-logprobs", "text-logprobs", "high-logprobs"]
# Those that do not: the run says so, or stops.
LASTING = {"429-for-ever": 3, "400": 0, "401": 0, "402": 3, "403": 0, "404": 0}
# Good answers in odd clothes.
ODD = ["gzip", "close", "continue", "plain-type", "chunked", "http-1.0"]


@functools.cache
def bomb():
    """64 MiB of brackets in 64 KiB."""
    return gzip.compress(b"[" * (1 << 26))


def logps(text):
    """A fixed opinion on a prompt: log-probabilities of " A", "A" and " B"."""
    x = int(hashlib.sha256(text.encode()).hexdigest()[:8], 16) / 2 ** 32
    return {" A": math.log(0.1 + 0.6 * x), "A": math.log(0.05), " B": math.log(0.8 - 0.6 * x),
            "The": -6.5, " a": -7.0}


IDS = {" A": 362, "A": 32, " B": 425, "The": 791, " a": 264}


def completion(body):
    """As vLLM with logprob_token_ids: those and the sampled token alone, by their ids where asked."""
    top = logps(body["prompt"])
    if "logprob_token_ids" in body:
        top = {token: logp for token, logp in top.items()
               if IDS[token] in body["logprob_token_ids"] or token == "The"}
    if body.get("return_tokens_as_token_ids"):
        top = {f"token_id:{IDS[token]}": logp for token, logp in top.items()}
    return {"id": "x", "object": "text_completion", "model": body["model"] + "-0613", "choices": [
        {"index": 0, "text": " A", "finish_reason": "length",
         "logprobs": {"tokens": [" A"], "top_logprobs": [top]}}],
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
    """SGLang's: one probability for each label, of all tokens where apply_softmax is false."""
    of = {i: math.exp(logps(body["query"] + body["items"][0])[token]) for token, i in IDS.items()}
    scores = [of.get(i, 0.001) for i in body["label_token_ids"]]
    if body["apply_softmax"]:
        scores = [p / sum(scores) for p in scores]
    return {"scores": [scores], "model": body["model"], "usage": None, "object": "scoring"}


CONTEXT = 2048


def generative(body):
    """vLLM's: the first label's probability alone. A prompt with [[long]] is cut to the context."""
    return {"id": "generative-scoring-1", "object": "list", "created": 1, "model": body["model"],
            "data": [{"index": 0, "object": "score", "score": score(body)["scores"][0][0]}],
            "usage": {"prompt_tokens": CONTEXT - 1 if "[[long]]" in body["items"][0] else 9,
                      "total_tokens": 9, "completion_tokens": 1}}


def llama(body):
    top = [{"id": 1, "token": token, "logprob": logp} for token, logp in logps(body["prompt"]).items()]
    return {"content": " A", "model": "llama", "tokens_evaluated": 9, "tokens_predicted": 1,
            "completion_probabilities": [{"token": " A", "top_logprobs": top}]}


def tokenize(body):
    ids = {" A": [362], "A": [32], " B": [425], "B": [33]}
    return {"tokens": ids.get(body["prompt"], [1, 2]), "count": 1, "max_model_len": CONTEXT}


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
            good = json.dumps(ROUTES[owner.route(self.path)](body)).encode()
            name = fault if isinstance(fault, str) else ""
            if fault is None or name in ODD or name in GOOD:
                with owner.lock:
                    owner.answered.append(raw)
            if fault is None:
                self.say(200, good)
            elif name in RAW:
                self.raw(RAW[name](good), close=not RAW[name](good).startswith(b"HTTP/1.1 "))
            elif name in ODD:
                self.play_odd(name, good)
            else:
                self.play(fault, good)
        except (BrokenPipeError, ConnectionResetError, ValueError, OSError):
            self.close_connection = True
        finally:
            with owner.lock:
                owner.in_flight -= 1

    def raw(self, data, close=True):
        self.wfile.write(data)
        self.wfile.flush()
        self.close_connection |= close

    def drip(self, data):
        for i in range(len(data)):
            self.raw(data[i:i + 1])
            if self.server.owner.stop.wait(0.2):
                return

    def chunks(self, pieces):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", close=False)
        for piece in pieces:
            self.raw(b"%x\r\n%s\r\n" % (len(piece), piece), close=False)
        self.raw(b"0\r\n\r\n", close=False)

    def play_odd(self, odd, good):
        """A good answer."""
        head = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(good)
        if odd == "gzip":
            self.say(200, gzip.compress(good), headers=[("Content-Encoding", "gzip")])
        elif odd == "close":
            self.say(200, good, headers=[("Connection", "close")])
            self.close_connection = True
        elif odd == "continue":
            self.raw(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Hints\r\nLink: x\r\n\r\n" + head + good,
                     close=False)
        elif odd == "plain-type":
            self.say(200, good, "text/plain")
        elif odd == "chunked":
            self.chunks([good[i:i + 50] for i in range(0, len(good), 50)])
        elif odd == "http-1.0":
            self.raw(b"HTTP/1.0 200 OK\r\n\r\n" + good)

    def play(self, fault, good):
        slow = b'{"error": {"message": "slow down", "code": "rate_limit_exceeded"}}'
        waits = {"429": [], "429-wait": ["1"], "429-junk": ["soon"], "429-for-ever": ["999999999"],
                 "429-date": [email.utils.formatdate(time.time() + 1.5, usegmt=True)]}
        logprobs = json.loads(good)
        if isinstance(fault, str) and "choices" in logprobs:
            of = {"no": None, "nan": {" A": math.nan, " B": -math.inf}, "text": {" A": "-0.5"},
                  "high": {" A": 3.0, " B": -1.0}}.get(fault.split("-")[0])
            logprobs["choices"][0]["logprobs"] = {"top_logprobs": [of]} if of else None
        if isinstance(fault, tuple):
            self.say(fault[0], json.dumps(fault[1]).encode())
        elif fault in waits:
            self.say(429, slow, headers=[("Retry-After", wait) for wait in waits[fault]])
        elif fault in ("500", "502"):
            self.say(int(fault), b"Internal Server Error", "text/plain")
        elif fault == "503":
            self.say(503, b"")
        elif fault in LASTING:
            code = {"400": "context_length_exceeded"}.get(fault, "no")
            self.say(int(fault), b'{"error": {"message": "not this", "code": "%s"}}' % code.encode())
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
            self.drip(good)
        elif fault == "drip-head":
            self.drip(b"HTTP/1.1 200 OK\r\nX-Slow: " + b"x" * 200)
        elif fault == "redirect":
            self.say(302, b"", headers=[("Location", "http://127.0.0.1:1/elsewhere")])
        elif fault in ("twice", "twice-late"):
            self.say(200, good)
            self.server.owner.stop.wait(0.03 if fault == "twice-late" else 0)
            self.say(200, good)
            self.close_connection = True
        elif fault == "huge":
            self.say(200, b"", length=1 << 30)
            for _ in range(1 << 14):
                self.wfile.write(b"[" * 65536)
        elif fault == "huge-chunked":
            self.chunks(b"[[],[]," * 10000 for _ in range(15000))
        elif fault == "gzip-bomb":
            self.say(200, bomb(), headers=[("Content-Encoding", "gzip")])
        elif fault == "not-utf8":
            self.say(200, b'{"choices": [{"text": "\xff\xfe\x00"}]}')
        elif fault == "deep":
            self.say(200, b"[" * 1000000)
        elif fault == "wide":
            self.say(200, b'{"choices": [' + b"[]," * 300000 + b"[]]}")
        elif fault == "empty":
            self.say(200, b"")
        elif fault == "no-length-cut":
            self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\n" + good[:16])
        elif fault == "length-long":
            self.say(200, good, length=len(good) + 10)
            self.server.owner.stop.wait(4)
            self.close_connection = True
        elif fault == "length-short":
            self.say(200, good, length=len(good) - 10)
        elif fault == "length-odd":
            self.say(200, good, length="-7, 3")
        elif fault == "chunks-odd":
            self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n" + good)
        elif fault == "no-head":
            self.raw(good)
        elif fault == "status-odd":
            self.raw(b"HTTP/1.1 abc\r\n\r\n" + good)
        elif fault == "endless-head":
            for _ in range(100000):
                self.raw(b"HTTP/1.1 100 Continue\r\nX-Y: " + b"z" * 500 + b"\r\n\r\n")
        elif fault == "two-values":
            self.say(200, good + good)
        elif fault == "error-200":
            self.say(200, b'{"error": {"message": "overloaded", "code": 502}}')
        elif fault == "null-choices":
            self.say(200, b'{"choices": null}')
        elif fault == "no-choices":
            self.say(200, b'{"choices": []}')
        elif fault.endswith("-logprobs"):
            self.say(200, json.dumps(logprobs).encode())
        else:
            raise ValueError(fault)


class Listener(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 256

    def handle_error(self, request, address):
        pass


class Server:
    def __init__(self, plan=None, delay=0, certificate=None, port=0, route=None):
        self.plan, self.delay, self.route = plan, delay, route or (lambda path: path)
        self.lock, self.stop = threading.Lock(), threading.Event()
        self.requests, self.answered, self.in_flight, self.most_in_flight = [], [], 0, 0
        self.listener = Listener(("127.0.0.1", port), Handler)
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
