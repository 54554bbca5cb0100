"""Answers byte by byte, for what servers and the boxes before them do to HTTP: each takes a good answer's
body and gives all that is sent. GOOD are answers all the same; the others are asked again, or refused."""
import gzip
import zlib

OK = b"HTTP/1.1 200 OK\r\n"
CHUNKED = OK + b"Transfer-Encoding: chunked\r\n\r\n"


def sized(body, *headers, length=None):
    """200 with a length, and header lines as they are given."""
    lines = [b"Content-Type: application/json", b"Content-Length: %d" % (len(body) if length is None else length)]
    return OK + b"".join(line + b"\r\n" for line in [*lines, *headers]) + b"\r\n" + body


def status(code, body=b'{"error": "x"}', *headers):
    lines = [b"HTTP/1.1 %d X" % code, b"Content-Length: %d" % len(body), *headers]
    return b"".join(line + b"\r\n" for line in lines) + b"\r\n" + body


def chunk(body):
    return b"%x\r\n%s\r\n" % (len(body), body)


GOOD = {
    "more behind it": lambda good: sized(good) + b"garbage",
    "half an answer behind it": lambda good: sized(good) + OK + b"Content-Le",
    "folded header": lambda good: sized(good, b"X-A: b", b"  folded"),
    "line feeds alone": lambda good: sized(good).replace(b"\r\n", b"\n"),
    "length and chunks": lambda good: sized(chunk(good) + b"0\r\n\r\n", b"Transfer-Encoding: chunked"),
    "trailer": lambda good: CHUNKED + b"%x;a=1\r\n%s\r\n0\r\nX-T: 1\r\n\r\n" % (len(good), good),
    "packed twice": lambda good: sized(gzip.compress(gzip.compress(good)), b"Content-Encoding: gzip, gzip"),
    "deflate": lambda good: sized(zlib.compress(good), b"Content-Encoding: deflate"),
    "identity": lambda good: sized(good, b"Content-Encoding: identity"),
    "a token without probability": lambda good: sized(good.replace(b"-7.0", b"-1e999")),
    "no error": lambda good: sized(good[:-1] + b', "error": null}'),
}
BAD = {
    "end at once": lambda good: b"",
    "no object": lambda good: sized(b"[]"),
    "null": lambda good: sized(b"null"),
    "spaces": lambda good: sized(b"   "),
    "NUL behind it": lambda good: sized(good + b"\0"),
    "byte order mark": lambda good: sized(b"\xef\xbb\xbf" + good),
    "UTF-16": lambda good: sized(good.decode().encode("utf-16")),
    "half a surrogate pair": lambda good: sized(good.replace(b'"x"', b'"\\ud800"')),
    "events": lambda good: sized(b"data: " + good + b"\n\n"),
    "keys twice": lambda good: sized(b'{"choices": [],' + good[1:]),
    "error as text": lambda good: sized(b'{"error": "bad"}'),
    "no header": lambda good: sized(good, b"this is no header"),
    "NUL in a header": lambda good: sized(good, b"X-A: b\0c"),
    "two lengths": lambda good: sized(good, b"Content-Length: 7"),
    "endless chunk": lambda good: CHUNKED + b"ffffffffffffffff\r\n" + good,
    "negative chunk": lambda good: CHUNKED + b"-5\r\n" + good,
    "no last chunk": lambda good: CHUNKED + chunk(good),
    "half of what was packed": lambda good: sized(gzip.compress(good)[:60], b"Content-Encoding: gzip"),
    "not packed": lambda good: sized(good, b"Content-Encoding: gzip"),
    "packed in a way unknown": lambda good: sized(good, b"Content-Encoding: snappy"),
    "continue, and no more": lambda good: b"HTTP/1.1 100 Continue\r\n\r\n",
    "HTTP/0.9": lambda good: good,
    "HTTP/2": lambda good: b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "HTTP/3.0": lambda good: sized(good).replace(b"1.1", b"3.0", 1),
    "status of four digits": lambda good: sized(good).replace(b"200", b"2000", 1),
    "TLS": lambda good: b"\x15\x03\x01\x00\x02\x02\x46",
    **{f"status {code}": lambda good, code=code: status(code, b"" if code in (204, 205) else b'{"error": "x"}')
       for code in (204, 205, 206, 408, 409, 425, 501, 502, 504, 520, 529, 600, 999)},
    **{f"Retry-After: {wait.decode()}": lambda good, wait=wait: status(429, b"{}", b"Retry-After: " + wait)
       for wait in (b"-5", b"0", b"0.2", b"1, 2", b"\x7f", b"99999999999999999999",
                    b"Mon, 01 Jan 2001 00:00:00 GMT")},
}
# What asking again would not mend: a row with the reason, or the end of the run.
REFUSED = {f"status {code}": lambda good, code=code: status(code) for code in (413, 418, 422, 451)}
RAW = {**GOOD, **BAD, **REFUSED}
