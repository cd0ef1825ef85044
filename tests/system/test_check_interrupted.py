"""`check` that is ended in the step that leaves something at the broker."""

import signal

from harness.programs import binary, environment
from harness.proxy import MqttTap
from test_check import Setup


def test_nothing_stays_at_the_broker(lab):
    setup = Setup(lab)
    steps = []  # that have begun

    class Stalling(MqttTap):
        """The broker gets the retained message, and its answer goes no further."""

        def feed(self, data):
            super().feed(data)
            if not steps and any(topic.endswith("-retained") for topic in self.topics):
                steps.append("retain")
                proxy.stalled = True

    proxy = lab.proxy(setup.broker.port, tap=Stalling)
    setup.set("mqtt", url=f"mqtt://127.0.0.1:{proxy.port}")
    recorder = lab.recorder(setup.broker)
    check = lab.process("check", [binary(), "check", "--config", setup.file()], environment=environment())
    recorder.wait_until(lambda: any(topic.endswith("-retained") for topic in list(recorder.by_topic)), "the step", 60)
    check.child.send_signal(signal.SIGTERM)  # Ctrl-C is SIGINT, which a shell may have us ignore
    proxy.stalled = False
    assert check.wait(30) == -signal.SIGTERM
    assert lab.retained(setup.broker) == {}
