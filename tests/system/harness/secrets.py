#!/usr/bin/python3
"""Looks for secrets where none may be: in everything that the programs and the tests wrote.

As a program: secrets.py FILE ... says which files hold one, and exits with 1.
"""

import base64
import binascii
import pathlib
import re
import sys

PARTNER_ID = "b1451a19-53c7-4e8a-87a0-7c45d3807e9d"
PARTNER_SECRET = "JjNQKxIYugVSqCrxkbNfQ8Onpvd07K2G"
MQTT_PASSWORD = "k9-Tulpenfeld-7731"
NEW_MQTT_PASSWORD = "v4-Rosenhof-2290"
SUPERVISOR_TOKEN = "0f7c5e2db1a94c86b3d2e7f1a0c9d8e7f6b5a4938271"
WRONG_SECRET = "WrongSecretOfTheTests4711"
WRONG_PASSWORD = "wrong-broker-password-4712"

# A header's value is another one with each request, for WSSE; its form is not.
WSSE = re.compile(r'PasswordDigest="[A-Za-z0-9+/=]+')
BASIC = re.compile(r"\bBasic ([A-Za-z0-9+/]{8,}={0,2})")


def forms(secret, partner_id=PARTNER_ID):
    """As it is, and as it goes over the wire in an Authorization header."""
    yield secret
    yield base64.b64encode(f"{partner_id}:{secret}".encode()).decode()


def all_forms():
    for secret in (PARTNER_SECRET, MQTT_PASSWORD, NEW_MQTT_PASSWORD, SUPERVISOR_TOKEN, WRONG_SECRET, WRONG_PASSWORD):
        yield from forms(secret)


def is_credentials(text):
    try:
        return b":" in base64.b64decode(text, validate=True)
    except binascii.Error:
        return False


def leaks(text):
    found = [form for form in all_forms() if form in text]
    found += WSSE.findall(text)
    return found + [match for match in BASIC.findall(text) if is_credentials(match)]


def main(files):
    found = {name: leaks(pathlib.Path(name).read_text(errors="replace")) for name in files}
    for name, texts in found.items():
        for text in texts:
            print(f"{name}: holds {text[:6]}… ({len(text)} characters)", file=sys.stderr)
    return 1 if any(found.values()) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
