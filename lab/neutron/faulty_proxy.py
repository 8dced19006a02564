"""faulty_proxy.py PORT TARGET FOLDER: stands before Neutron, hands every request on, and spoils those that a rule names.

FOLDER/rules.json, read anew at each request, is a list of rules {"method", "holds", "skip", "times", "fault"}: a rule counts the
requests of this method that hold this text in their path or body, leaves the first `skip` alone and spoils the next `times`:

    refuse  it is answered 503 and not handed on
    fail    it is handed on, and answered 500
    lose    it is handed on, and its connection is closed without an answer
    hold    it is handed on as soon as there is a file FOLDER/release

Each request is a line of the output: the time, its method and path, what was done to it, and the status that the client saw, or 0.
"""

import http.client
import http.server
import json
import os
import sys
import threading
import time
import urllib.parse

PORT, TARGET, FOLDER = int(sys.argv[1]), urllib.parse.urlsplit(sys.argv[2]), sys.argv[3]
LOCK = threading.Lock()
SEEN = {}


def rules():
    try:
        with open(os.path.join(FOLDER, "rules.json")) as file:
            return json.load(file)
    except FileNotFoundError:
        return []


def fault_of(method, text):
    with LOCK:
        for rule in rules():
            if rule["method"] != method or rule["holds"] not in text:
                continue
            key = json.dumps(rule, sort_keys=True)
            count = SEEN[key] = SEEN.get(key, 0) + 1
            if rule["skip"] < count <= rule["skip"] + rule["times"]:
                return rule["fault"]
    return None


def wait_for_release():
    while not os.path.exists(os.path.join(FOLDER, "release")):
        time.sleep(0.05)


class Handler(http.server.BaseHTTPRequestHandler):
    def handle_one(self):
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        fault = fault_of(self.command, self.path + body.decode("utf-8", "replace"))
        if fault == "hold":
            wait_for_release()
        status, headers, answer = (503, [], b"") if fault == "refuse" else self.hand_on(body)
        if fault == "fail":
            status, headers, answer = 500, [], b""
        now = time.strftime("%H:%M:%S")
        print(now, self.command, self.path, fault or "-", 0 if fault == "lose" else status, flush=True)
        if fault != "lose":
            self.answer(status, headers, answer)

    def hand_on(self, body):
        connection = http.client.HTTPConnection(TARGET.hostname, TARGET.port, timeout=120)
        headers = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
        try:
            connection.request(self.command, self.path, body or None, headers)
            response = connection.getresponse()
            kept = [(name, value) for name, value in response.getheaders() if name.lower() == "content-type"]
            return response.status, kept, response.read()
        except OSError as error:
            return 502, [], str(error).encode()
        finally:
            connection.close()

    def answer(self, status, headers, body):
        self.send_response(status)
        for name, value in [*headers, ("Content-Length", str(len(body)))]:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    do_GET = do_POST = do_PUT = do_DELETE = handle_one


http.server.ThreadingHTTPServer(("127.0.0.1", PORT), Handler).serve_forever()
