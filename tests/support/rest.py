"""The REST API as a client with no manners would use it: raw requests over one connection each."""

import http.client
import json
import urllib.parse


class Rest:
    def __init__(self, muster):
        url = urllib.parse.urlsplit(muster.server()["url"])
        self.address = (url.hostname, url.port)
        servers = json.loads((muster.home / "credentials").read_text())["servers"]
        [self.token] = [entry["token"] for entry in servers.values()]

    def __call__(self, method, path, body=None, token=None, **headers):
        """(status, JSON or text of the answer) of a request below /api/v1; `body` is an object, or bytes as they are."""
        connection = http.client.HTTPConnection(*self.address, timeout=20)
        try:
            if body is not None and not isinstance(body, bytes):
                body = json.dumps(body).encode()
            headers = {name.replace("_", "-"): value for name, value in headers.items()}
            headers.setdefault("Content-Type", "application/json")
            headers["Authorization"] = "Bearer " + (token or self.token)
            connection.request(method, "/api/v1" + path, body, headers)
            answer = connection.getresponse()
            text = answer.read()
            kind = answer.headers.get_content_type()
            return answer.status, json.loads(text) if kind.endswith("json") else text
        finally:
            connection.close()
