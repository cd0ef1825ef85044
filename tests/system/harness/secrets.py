"""Looks for secrets where none may be: in everything that the programs wrote during a test."""

import base64

from .apis import Api

MQTT_PASSWORD = "k9-Tulpenfeld-7731"
WRONG_SECRET = "WrongSecretOfTheTests4711"
WRONG_PASSWORD = "wrong-broker-password-4712"


def forms(secret, partner_id=Api.partner_id):
    """As it is, and as it goes over the wire in an Authorization header."""
    yield secret
    yield base64.b64encode(f"{partner_id}:{secret}".encode()).decode()


def all_forms():
    for secret in (Api.secret, MQTT_PASSWORD, WRONG_SECRET, WRONG_PASSWORD):
        yield from forms(secret)


def leaks(text):
    return [form for form in all_forms() if form in text]
