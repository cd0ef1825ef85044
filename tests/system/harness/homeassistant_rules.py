"""Holds all that a bridge publishes to Home Assistant's rules of MQTT discovery, message by message.

One payload by itself: announcement_rules.py. One value on a topic: state_rules.py. Here: what belongs together over
devices and over time. Each broken rule is one sentence with the topic, the component and what is wrong.
"""

import collections

from . import announcement, announcement_rules, state_rules

# Core leaves the rest of a payload aside while it still sets up components of the one before.
APART_SECONDS = 1


def broken_rules(messages, prefix="homeassistant", **known):
    """Of a whole stream with its end."""
    rules = Rules(prefix, **known)
    rules.feed(messages)
    return [*rules.broken, *rules.unfinished()]


# What `check` publishes to learn whether it may announce, and whether somebody listens; they announce nothing.
QUESTIONS = ("sensor/iometer2mqtt_check/config", "device/iometer2mqtt_check/config")


class Rules:
    """`from_start`: the messages begin before anything was announced. Who comes later, or saw nothing for a while,
    finds only the last payload of each topic and cannot tell what was announced before, nor when.
    `one_run`: all messages are of one process. A new one does not know what its predecessor announced."""

    def __init__(self, prefix="homeassistant", from_start=True, one_run=True):
        self.prefix = prefix
        self.from_start = from_start
        self.one_run = one_run
        self.broken = {}  # sentences, in order; a dictionary because many messages break a rule in the same way
        self._configs = {}  # topic: newest payload, "" where it was taken back
        self._changed = {}  # topic: time of the newest payload that was another one than before
        self._components = {}  # topic: {key: Component}
        self._places = {}  # (platform, unique id): (topic, key)
        self._identities = {}  # (topic, key): (platform, unique id)
        self._devices = {}  # identifier: topic
        self._readers = {}  # state or availability topic: {(topic, key): check of a text}
        self._early = collections.defaultdict(set)  # topic that nobody reads yet: {(text, retain)}
        self._last = {}  # topic: text

    def feed(self, messages):
        for message in messages:
            if message.topic == f"{self.prefix}/status":
                continue  # Home Assistant's own
            asked = any(message.topic == f"{self.prefix}/{one}" for one in QUESTIONS)
            if asked and not message.text and not message.retain:
                continue
            if message.topic.startswith(f"{self.prefix}/"):
                self._config(message)
            else:
                self._state(message)

    def unfinished(self):
        """What may not be so once all is quiet; in mid-stream it is only not there yet."""
        found = []
        for topic, components in self._components.items():
            for component in components.values():
                where = f"{topic}, component {component.key}"
                if component.removed:
                    found.append(f"{where}: its removal was never completed by a payload without it")
                    continue
                found += [f"{where}: {text}" for text in self._missing(component)]
        for topic, parent in self._parents().items():
            if parent not in self._announced_identifiers():
                found.append(f"{topic}: via_device {parent!r} is no announced device")
        return found

    def _missing(self, component):
        topics = [component.config.get("state_topic"), *component.availability()[0]]
        for topic in filter(None, topics):
            if self._last.get(topic) == "":
                yield f"{topic} is empty though the component is still announced"
            elif topic not in self._last and component.enabled:
                yield f"nothing was published on {topic}"

    def _parents(self):
        return {topic: next(iter(components.values())).device["via_device"]
                for topic, components in self._components.items()
                if components and "via_device" in next(iter(components.values())).device}

    def _announced_identifiers(self):
        return {identifier for identifier, topic in self._devices.items() if self._configs.get(topic)}

    def _report(self, topic, key, text):
        self.broken[f"{topic}, component {key}: {text}" if key is not None else f"{topic}: {text}"] = None

    # --- announcements

    def _config(self, message):
        topic, text = message.topic, message.text
        for problem in announcement_rules.topic_problems(topic, self.prefix):
            self._report(topic, None, problem)
        if not message.retain:
            self._report(topic, None, "the announcement is not retained")
        known = self._configs.get(topic)
        if text == known:
            return  # again after a birth message or a new connection
        self._configs[topic] = text
        if text == "":
            self._take_back(topic, known)
            return
        # Arrival counts: a late-comer gets what was retained, however old, and the next one right behind it.
        if known and topic in self._changed and message.time - self._changed[topic] < APART_SECONDS:
            self._report(topic, None, f"two payloads within {message.time - self._changed[topic]:.2f} s")
        if known or self.from_start:
            self._changed[topic] = message.time
        self._announce(topic, text)

    def _take_back(self, topic, known):
        if not known and self.from_start:
            self._report(topic, None, "an empty payload for a device that was not announced")
        self._changed.pop(topic, None)
        self._adopt(topic, {})

    def _announce(self, topic, text):
        try:
            root = announcement_rules.read(text)
        except ValueError as problem:
            self._report(topic, None, problem)
            return
        about_root = list(announcement_rules.root_problems(root))
        for problem in about_root:
            self._report(topic, None, problem)
        if not about_root:
            self._device(topic, root["device"])
        good = {}
        for component in announcement.components(topic, root):
            own = root["components"][component.key]
            problems = list(announcement_rules.component_problems(component, own))
            for problem in problems:
                self._report(topic, component.key, problem)
            if not problems and not about_root:
                good[component.key] = component
        self._names(topic, good)
        self._removals(topic, good, set(root["components"]))
        for component in good.values():
            if not component.removed:
                self._identity(component)
        self._adopt(topic, good)

    def _device(self, topic, device):
        for identifier in announcement_rules.identifiers(device):
            owner = self._devices.setdefault(identifier, topic)
            if owner != topic:
                self._report(topic, None, f"the identifier {identifier!r} is also {owner}'s")

    def _names(self, topic, components):
        owners = {}
        for component in components.values():
            if component.removed:
                continue
            owner = owners.setdefault(component.config["name"].casefold(), component.key)
            if owner != component.key:
                self._report(topic, component.key, f"its name {component.config['name']!r} is also {owner}'s")

    def _removals(self, topic, components, keys):
        before = self._components.get(topic, {})
        for key, component in components.items():
            if not component.removed:
                continue
            if key in before and before[key].removed:
                self._report(topic, key, "it is removed a second time instead of left out")
            elif key not in before and self.from_start and self.one_run:
                self._report(topic, key, "the removal of a component that was not announced")
        for key, component in before.items():
            # To leave it out does not remove it: Home Assistant keeps the entity without ever updating it again.
            if key not in keys and not component.removed and self.one_run:
                self._report(topic, key, "it vanished without a payload that removes it")

    def _identity(self, component):
        place = (component.topic, component.key)
        owner = self._places.setdefault(component.identity, place)
        if owner != place:
            self._report(*place, f"its unique_id {component.unique_id!r} is also that of component {owner[1]} "
                                 f"of {owner[0]}")
        identity = self._identities.setdefault(place, component.identity)
        if identity != component.identity:
            self._report(*place, f"its platform and unique_id were {identity} and became {component.identity}")

    # --- states

    def _adopt(self, topic, components):
        """The components from now on; what was published for them before they were announced is looked at now."""
        self._components[topic] = components
        for readers in self._readers.values():
            for place in [place for place in readers if place[0] == topic]:
                del readers[place]
        added = set()
        for component in components.values():
            if not component.removed:
                added |= self._read_topics(component)
        for state_topic in added:
            for text, retain in self._early.pop(state_topic, ()):
                self._check(state_topic, text, retain)

    def _read_topics(self, component):
        place = (component.topic, component.key)
        checks = {}
        if "state_topic" in component.config:
            checks[component.config["state_topic"]] = lambda text: state_rules.state_problem(component, text)
        for topic, *words in component.availability_entries():
            checks[topic] = lambda text, words=words: state_rules.availability_problem(text, *words)
        for topic, check in checks.items():
            self._readers.setdefault(topic, {})[place] = check
        return set(checks)

    def _state(self, message):
        self._last[message.topic] = message.text
        if self._readers.get(message.topic):
            self._check(message.topic, message.text, message.retain)
        else:
            self._early[message.topic].add((message.text, message.retain))

    def _check(self, topic, text, retain):
        for place, check in self._readers[topic].items():
            if not retain:
                self._report(*place, f"{topic} is not retained")
            problem = check(text)
            if problem:
                self._report(*place, f"on {topic} {problem}")
