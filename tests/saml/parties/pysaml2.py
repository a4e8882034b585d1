"""An identity provider and attribute authority of pysaml2 on loopback: /metadata, /sso and /aa.

Arguments: the port, the folder with idp.key, idp.crt and sp.xml. Whoever /sso?user= names has signed on.
SIGN says what is signed: "response", "assertion" or "both".
"""
import logging
import os
import sys
import urllib.parse
import wsgiref.simple_server

from saml2 import BINDING_HTTP_POST, BINDING_HTTP_REDIRECT, BINDING_SOAP, metadata, server
from saml2.authn_context import PASSWORD
from saml2.config import IdPConfig
from saml2.saml import NAME_FORMAT_URI, NAMEID_FORMAT_PERSISTENT, NameID

PORT, FOLDER = int(sys.argv[1]), sys.argv[2]
BASE = f"http://127.0.0.1:{PORT}"
SIGN = os.environ.get("SIGN", "both")
SIGNING = {
    "sign_response": SIGN != "assertion",
    "sign_assertion": SIGN != "response",
    "sign_alg": "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "digest_alg": "http://www.w3.org/2001/04/xmlenc#sha256",
}
LASTING = {"lifetime": {"minutes": 5}, "attribute_restrictions": None, "name_form": NAME_FORMAT_URI}
CONFIG = {
    "entityid": "urn:example:pysaml2",
    "xmlsec_binary": "/usr/bin/xmlsec1",
    "key_file": f"{FOLDER}/idp.key",
    "cert_file": f"{FOLDER}/idp.crt",
    "metadata": {"local": [f"{FOLDER}/sp.xml"]},
    "attribute_map_dir": f"{FOLDER}/maps",
    "allow_unknown_attributes": True,
    "service": {
        "idp": {
            "endpoints": {"single_sign_on_service": [(f"{BASE}/sso", BINDING_HTTP_REDIRECT)]},
            "policy": {"default": {**LASTING, "fail_on_missing_requested": False}},
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
        },
        "aa": {
            "endpoints": {"attribute_service": [(f"{BASE}/aa", BINDING_SOAP)]},
            "name_id_format": [NAMEID_FORMAT_PERSISTENT],
            "policy": {"default": LASTING},
        },
    },
}
os.makedirs(f"{FOLDER}/maps", exist_ok=True)
with open(f"{FOLDER}/maps/plain.py", "w", encoding="utf-8") as file:
    names = {"groups": "groups", "mail": "mail"}
    file.write(f"MAP = {{'identifier': '{NAME_FORMAT_URI}', 'to': {names}, 'fro': {names}}}\n")
logging.disable(logging.CRITICAL)
IDP = server.Server(config=IdPConfig().load(CONFIG))
IDP.ident = None


def said_of(user):
    """What the file says of whoever is asked about: a group a line."""
    with open(f"{FOLDER}/{user}.groups", encoding="utf-8") as groups:
        return {"mail": [f"{user}@example.test"], "groups": groups.read().split()}


def name_of(user):
    return NameID(format=NAMEID_FORMAT_PERSISTENT, text=user)


def sign_on(query):
    user = query["user"]
    request = IDP.parse_authn_request(query["SAMLRequest"], BINDING_HTTP_REDIRECT)
    to = IDP.response_args(request.message, [BINDING_HTTP_POST])
    response = IDP.create_authn_response(
        said_of(user), userid=user, name_id=name_of(user), name_id_policy=None,
        authn={"class_ref": PASSWORD, "authn_auth": BASE}, in_response_to=to["in_response_to"],
        destination=to["destination"], sp_entity_id=to["sp_entity_id"], **SIGNING)
    page = IDP.apply_binding(BINDING_HTTP_POST, str(response), to["destination"], "", response=True)["data"]
    return page if isinstance(page, str) else "".join(page)


def answer(body):
    query = IDP.parse_attribute_query(body, BINDING_SOAP).message
    user = query.subject.name_id.text
    response = IDP.create_attribute_response(
        said_of(user), in_response_to=query.id, destination="", sp_entity_id=query.issuer.text, userid=user,
        name_id=name_of(user), attributes=None, **SIGNING)
    text = str(response)
    text = text[text.index("?>") + 2:] if text.startswith("<?xml") else text
    soap = "http://schemas.xmlsoap.org/soap/envelope/"
    return f'<soap:Envelope xmlns:soap="{soap}"><soap:Body>{text.strip()}</soap:Body></soap:Envelope>'


def serve(environ, start):
    path = environ["PATH_INFO"]
    if path == "/metadata":
        page, kind = str(metadata.entity_descriptor(IdPConfig().load(CONFIG))), "application/samlmetadata+xml"
    elif path == "/sso":
        page, kind = sign_on(dict(urllib.parse.parse_qsl(environ["QUERY_STRING"]))), "text/html"
    else:
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"])).decode()
        page, kind = answer(body), "text/xml"
    start("200 OK", [("Content-Type", kind)])
    return [page.encode()]


class Quiet(wsgiref.simple_server.WSGIRequestHandler):
    def log_message(self, *_):
        pass


wsgiref.simple_server.make_server("127.0.0.1", PORT, serve, handler_class=Quiet).serve_forever()
