# A SCIM service provider that keeps ready-made users and groups in memory: what is measured is whoever reads it.
import json
import re
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

people, groups = int(sys.argv[1]), int(sys.argv[2])
LIST = "urn:ietf:params:scim:api:messages:2.0:ListResponse"


def user(number):
    name = f"p{number:06}"
    return json.dumps({
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"], "id": f"u-{number:06}", "externalId": f"ext-{name}",
        "userName": name, "displayName": f"Person {number}", "active": True,
        "name": {"formatted": f"Person {number}", "familyName": str(number), "givenName": "Person"},
        "emails": [{"value": f"{name}@example.test", "type": "work", "primary": True}],
        "meta": {"resourceType": "User", "created": "2026-01-01T00:00:00Z", "lastModified": "2026-01-01T00:00:00Z"},
    })


def group(number):
    if number == 0:
        name, members = "everybody", [{"value": f"g-{other:04}", "type": "Group"} for other in range(1, groups)]
    else:
        mine = range(number - 1, people, groups - 1)
        name, members = f"team-{number}", [{"value": f"u-{other:06}", "type": "User"} for other in mine]
    return {"schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"], "id": f"g-{number:04}", "displayName": name, "members": members}


USERS = [user(number) for number in range(people)]
GROUPS = {one["id"]: one for one in map(group, range(groups))}
WHOLE = {key: json.dumps(one) for key, one in GROUPS.items()}
HEADS = [{key: value for key, value in one.items() if key != "members"} for one in GROUPS.values()]


def page(entries, total, start):
    head = {"schemas": [LIST], "totalResults": total, "startIndex": start, "itemsPerPage": len(entries)}
    return json.dumps(head)[:-1] + ', "Resources": [' + ",".join(entries) + "]}"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True

    def do_GET(self):
        address = urlsplit(self.path)
        query = {key: values[0] for key, values in parse_qs(address.query).items()}
        start, count = int(query.get("startIndex", 1)), int(query.get("count", 100))
        place = address.path.strip("/")
        status = 200
        if place == "ServiceProviderConfig":
            body = json.dumps({"patch": {"supported": False}, "filter": {"supported": True, "maxResults": 200}})
        elif place == "Users":
            body = page(USERS[start - 1:start - 1 + count], people, start)
        elif place == "Groups":
            wanted = re.fullmatch('displayName eq "(.*)"', query.get("filter", ""))
            heads = [head for head in HEADS if not wanted or head["displayName"] == wanted[1]]
            body = page([json.dumps(head) for head in heads[start - 1:start - 1 + count]], len(heads), start)
        elif place.startswith("Groups/") and place[7:] in WHOLE:
            body = WHOLE[place[7:]]
        else:
            status = 404
            body = json.dumps({"schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"], "status": "404"})
        body = body.encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/scim+json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
print(f"listens on 127.0.0.1:{server.server_port}")
server.serve_forever()
