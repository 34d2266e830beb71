"""A customer's program behind a web hook: checks signatures as docs/notices.md says, and answers as its path asks."""
import base64
import hashlib
import hmac
import http.server
import json
import ssl
import sys
import threading
import time

certificate, private, key = sys.argv[1:]
seen = {}
ended = threading.Event()


def genuine(key, headers, body):
    signed = b".".join([headers["Webhook-Id"].encode(), headers["Webhook-Timestamp"].encode(), body])
    mac = hmac.new(base64.b64decode(key.removeprefix("whsec_")), signed, hashlib.sha256)
    expected = "v1," + base64.b64encode(mac.digest()).decode()
    return any(hmac.compare_digest(expected, s) for s in headers["Webhook-Signature"].split(" "))


class Receiver(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        fresh = abs(time.time() - int(self.headers["Webhook-Timestamp"])) < 300
        line = {"path": self.path, "genuine": genuine(key, self.headers, body), "fresh": fresh, "delivery": self.headers["Webhook-Id"],
                "again": self.headers["Webhook-Id"] in seen, "type": self.headers["Content-Type"], "notice": json.loads(body)}
        tampered = not genuine(key, self.headers, body.replace(b"version", b"virsion"))
        line["genuine"] = line["genuine"] and tampered
        seen[self.headers["Webhook-Id"]] = True
        print(json.dumps(line), flush=True)
        if self.path == "/never":
            ended.wait()
        if self.path == "/slow":
            time.sleep(2)
        self.send_response(500 if self.path == "/500" else 204)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
server.daemon_threads = True
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(certificate, private)
server.socket = context.wrap_socket(server.socket, server_side=True)
print(json.dumps({"port": server.server_port}), flush=True)
server.serve_forever()
