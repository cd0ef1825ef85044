"""The check that looks for secrets finds them: in every form in which a program could write them."""

import subprocess

import pytest
from harness import secrets

WSSE = ('UsernameToken Username="me", PasswordDigest="NWNiYTMyNzNmZGQ2NWU2ODhjZjc1Mzg3", '
        'Nonce="eb6c574e12fcfa4cd091a5b21ad0abdb", Created="2025-10-20T12:38:50Z"')


@pytest.mark.parametrize("text", [
    f"the secret is {secrets.PARTNER_SECRET}",
    "Authorization: Basic " + list(secrets.forms(secrets.WRONG_SECRET))[1],
    "Authorization: Basic eW91OmFuZCBtZQ==",  # whoever's
    f'{{"payload":{{"Authorization":"{WSSE}"}}}}',
    f"login {secrets.MQTT_PASSWORD}",
])
def test_a_secret_is_found(text, tmp_path):
    assert secrets.leaks("before\n" + text + "\nafter")
    log = tmp_path / "log"
    log.write_text(text)
    outcome = subprocess.run([secrets.__file__, log], capture_output=True, text=True)
    assert outcome.returncode == 1
    assert text not in outcome.stderr, "the finding must not repeat the secret"


def test_what_is_none_is_not(tmp_path):
    text = "signs in by Basic and WSSE; Basic authentication; partner.secret: ***; UsernameToken"
    assert not secrets.leaks(text)
    log = tmp_path / "log"
    log.write_text(text)
    assert subprocess.run([secrets.__file__, log]).returncode == 0
