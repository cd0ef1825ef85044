"""Authorization values as the API's documentation describes them, right and wrong; to see that the servers look."""

import base64
import datetime
import hashlib
import json
import secrets
import urllib.error
import urllib.request

QUERY = json.dumps({"query": "query Partner { partner { id name } }"}).encode()


def basic(partner_id, secret):
    return "Basic " + base64.b64encode(f"{partner_id}:{secret}".encode()).decode()


def wsse(partner_id, secret, age=datetime.timedelta(), raw_digest=False):
    created = (datetime.datetime.now(datetime.timezone.utc) - age).strftime("%Y-%m-%dT%H:%M:%SZ")
    nonce = secrets.token_hex(16)
    hashed = hashlib.sha256((nonce + created + secret).encode())
    digest = base64.b64encode(hashed.digest() if raw_digest else hashed.hexdigest().encode()).decode()
    return (f'UsernameToken Username="{partner_id}", PasswordDigest="{digest}", Nonce="{nonce}", '
            f'Created="{created}"')


def status(api, authorization):
    """The HTTP status of a query that is signed so."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": authorization} if authorization else {})
    try:
        with urllib.request.urlopen(urllib.request.Request(api.url, data=QUERY, headers=headers), timeout=20) as answer:
            assert json.load(answer)["data"]["partner"]["name"]
            return answer.status
    except urllib.error.HTTPError as error:
        return error.code
