"""Headless Chromium through the DevTools protocol, over a pipe: the standard library is enough.

    with Browser(width=1280) as page:
        page.open("report.html")
        page.js("document.title")

Every request that the page makes, every message on the console and every exception is kept in
page.requests and page.complaints."""
import base64
import json
import os
import select
import shutil
import subprocess
import tempfile
import time

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))),
                None)


class Browser:
    def __init__(self, width=1280, height=900, dark=False, downloads=None):
        self.width, self.height, self.dark, self.downloads = width, height, dark, downloads
        self.requests, self.complaints = [], []

    def __enter__(self):
        self.profile = tempfile.mkdtemp(prefix="pdx-chromium-")
        theirs_in, self.to = os.pipe()
        self.fro, theirs_out = os.pipe()
        # the child's ends get numbers that are free, then the two that Chromium reads
        high_in, high_out = os.dup2(theirs_in, 90), os.dup2(theirs_out, 91)

        def place():
            os.dup2(high_in, 3)
            os.dup2(high_out, 4)

        self.process = subprocess.Popen(
            [CHROMIUM, "--headless=new", "--remote-debugging-pipe", "--no-sandbox", "--disable-gpu",
             "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars",
             "--disable-background-networking", "--disable-component-update",
             f"--user-data-dir={self.profile}", f"--window-size={self.width},{self.height}"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=place)
        for end in (theirs_in, theirs_out, high_in, high_out):
            os.close(end)
        self.buffer, self.number, self.session = b"", 0, None
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        self.session = self.call("Target.attachToTarget", targetId=target,
                                 flatten=True)["sessionId"]
        self.call("Target.activateTarget", targetId=target)
        for domain in ("Page", "Runtime", "Network", "Log"):
            self.call(domain + ".enable")
        self.resize(self.width, self.height)
        if self.dark:
            self.call("Emulation.setEmulatedMedia",
                      features=[{"name": "prefers-color-scheme", "value": "dark"}])
        if self.downloads:
            self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.downloads,
                      browser=True)
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.to)
        os.close(self.fro)
        shutil.rmtree(self.profile, ignore_errors=True)

    def receive(self, seconds):
        """The next message, or None."""
        end = time.time() + seconds
        while b"\0" not in self.buffer:
            if not select.select([self.fro], [], [], max(0, end - time.time()))[0]:
                return None
            block = os.read(self.fro, 1 << 20)
            if not block:
                raise RuntimeError("Chromium has ended")
            self.buffer += block
        text, self.buffer = self.buffer.split(b"\0", 1)
        message = json.loads(text)
        self.note(message)
        return message

    def note(self, message):
        method, values = message.get("method"), message.get("params", {})
        if method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])
        elif method == "Runtime.exceptionThrown":
            details = values["exceptionDetails"]
            self.complaints.append(details.get("exception", {}).get("description", str(details)))
        elif method == "Runtime.consoleAPICalled":
            self.complaints.append("console: " + json.dumps(values["args"])[:500])
        elif method == "Log.entryAdded":
            self.complaints.append("log: " + values["entry"]["text"])

    def call(self, method, browser=False, seconds=60, **params):
        self.number += 1
        message = {"id": self.number, "method": method, "params": params}
        if self.session and not browser:
            message["sessionId"] = self.session
        os.write(self.to, json.dumps(message).encode() + b"\0")
        end = time.time() + seconds
        while True:
            answer = self.receive(end - time.time())
            if answer is None:
                raise RuntimeError(f"{method}: no answer in {seconds} s")
            if answer.get("id") == self.number:
                if "error" in answer:
                    raise RuntimeError(f"{method}: {answer['error']}")
                return answer["result"]

    def resize(self, width, height):
        self.width, self.height = width, height
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=False)

    def open(self, path):
        self.call("Page.navigate", url="file://" + os.path.abspath(path))
        self.wait("document.readyState === 'complete'")

    def js(self, code):
        """The value of an expression; promises are waited for."""
        answer = self.call("Runtime.evaluate", expression=code, returnByValue=True,
                           awaitPromise=True, userGesture=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(answer["exceptionDetails"]["exception"]["description"])
        return answer["result"].get("value")

    def wait(self, condition, seconds=30):
        end = time.time() + seconds
        while not self.js(f"Boolean({condition})"):
            if time.time() > end:
                raise RuntimeError(f"in vain: {condition}")
            time.sleep(0.05)

    def click(self, selector):
        """A real click in the middle of the first element that fits."""
        x, y = self.js(f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            node.scrollIntoView({{ block: 'center', behavior: 'instant' }});
            const box = node.getBoundingClientRect();
            return [box.x + box.width / 2, box.y + box.height / 2];
        }})()""")
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def key(self, name, alt=False):
        for kind in ("keyDown", "keyUp"):
            self.call("Input.dispatchKeyEvent", type=kind, key=name, code=name,
                      modifiers=1 if alt else 0)

    def choose(self, selector, value):
        """An option of a <select>."""
        self.js(f"""(() => {{
            const node = document.querySelector({json.dumps(selector)});
            node.value = {json.dumps(value)};
            if (node.value !== {json.dumps(value)}) throw new Error('no option ' + {json.dumps(value)});
            node.dispatchEvent(new Event('change', {{ bubbles: true }}));
        }})()""")

    def files(self, selector, *paths):
        """Files into an <input type=file>, as if they were dropped."""
        root = self.call("DOM.getDocument")["root"]["nodeId"]
        node = self.call("DOM.querySelector", nodeId=root, selector=selector)["nodeId"]
        self.call("DOM.setFileInputFiles", nodeId=node, files=[os.path.abspath(p) for p in paths])

    def picture(self, path, whole=False):
        more = {}
        if whole:
            size = self.call("Page.getLayoutMetrics")["cssContentSize"]
            more = {"captureBeyondViewport": True,
                    "clip": {"x": 0, "y": 0, "width": self.width, "height": size["height"],
                             "scale": 1}}
        data = self.call("Page.captureScreenshot", format="png", **more)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))
