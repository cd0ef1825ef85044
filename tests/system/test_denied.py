"""A broker that takes the login but not the messages: found out before anything can be lost."""

import pytest
from harness import observed
from harness.readings import Fleet
from harness.secrets import MQTT_PASSWORD
from harness.waiting import holds_for

LOGIN = {"username": "meter", "password": MQTT_PASSWORD}
READ_ONLY = "user meter\ntopic read #\n"
WRITE_ONLY = "user meter\ntopic write #\n"
ALL = "user meter\ntopic readwrite #\n\nuser watcher\ntopic readwrite #\n"
WATCHER = {"username": "watcher", "password": "watches"}


@pytest.mark.parametrize("acl, protocol", [(READ_ONLY, "3.1.1"), (READ_ONLY, "5"), (WRITE_ONLY, "5")],
                         ids=["publishing denied, 3.1.1", "publishing denied, 5", "reading denied"])
def test_no_subscription_before_the_broker_takes_messages(lab, acl, protocol):
    api = lab.simulator()
    broker = lab.broker(users={"meter": MQTT_PASSWORD, "watcher": WATCHER["password"]}, acl=acl)
    daemon = lab.daemon(lab.configure(api, broker, mqtt=LOGIN | {"protocol": protocol}))
    daemon.wait_for_log("mqtt_denied.*iometer")
    fleet = Fleet(2)
    api.push(fleet.round())
    holds_for(lambda: api.stats()["subscriptions"] == 0, "denied: no subscription", 3)

    broker.kill()
    broker.acl = ALL
    broker.start()
    recorder = lab.recorder(broker, **WATCHER)
    api.wait_for_subscription(45)
    observed.wait_for_readings(recorder, 2)
    recorder.wait_for_text(observed.BRIDGE_STATE, "online")


def test_leave_to_publish_is_noticed_without_a_new_connection(lab):
    """The list is corrected and reloaded while the program waits."""
    api = lab.simulator()
    broker = lab.broker(users={"meter": MQTT_PASSWORD}, acl=READ_ONLY)
    daemon = lab.daemon(lab.configure(api, broker, mqtt=LOGIN))
    daemon.wait_for_log("mqtt_denied")
    broker.set_acl(ALL)
    api.wait_for_subscription(60)
