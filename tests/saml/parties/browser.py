"""A browser without a screen: begins at an address, signs on where it is asked to, and prints what it would post.

Arguments: the address, the username; the password is the username and "-pw".
"""
import html.parser
import http.cookiejar
import sys
import urllib.parse
import urllib.request


class Forms(html.parser.HTMLParser):
    """The fields of the first form, and where it goes."""

    def __init__(self):
        super().__init__()
        self.action, self.fields = None, {}

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        if tag == "form" and self.action is None:
            self.action = attributes.get("action", "")
        elif tag == "input" and attributes.get("name"):
            self.fields[attributes["name"]] = attributes.get("value") or ""


begin, user = sys.argv[1], sys.argv[2]
browser = urllib.request.build_opener(
    urllib.request.ProxyHandler({}), urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar()))
page = browser.open(begin, timeout=60)
for _ in range(8):
    forms, text = Forms(), page.read().decode()
    forms.feed(text)
    if "SAMLResponse" in forms.fields:
        print(forms.fields["SAMLResponse"])
        sys.exit(0)
    if forms.action is None:
        break
    fields = {**forms.fields, "username": user, "password": f"{user}-pw"}
    address = urllib.parse.urljoin(page.geturl(), forms.action)
    page = browser.open(address, urllib.parse.urlencode(fields).encode(), timeout=60)
print(f"no form with an assertion at {page.geturl()}:\n{text}", file=sys.stderr)
sys.exit(1)
