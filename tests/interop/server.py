"""The servers that others wrote, as the harness's Api: started, controlled and ended by the tests."""

import itertools

import install
from harness.apis import Api
from harness.process import Process
from harness.values import as_gqlgen, as_javascript

_numbers = itertools.count(1)


class Server(Api):
    """`write` gives a number the form in which the server sends it; `options` are the program's flags."""

    name = ""
    write = staticmethod(as_javascript)

    def __init__(self, folder, **options):
        self.folder = folder
        self.options = options
        self.partners = {}
        super().__init__(self._start(0))

    def command(self):
        raise NotImplementedError

    def _start(self, port):
        number = next(_numbers)
        arguments = [*self.command(), "--port", port, "--partner-id", self.partner_id, "--secret", self.secret]
        for name, text in self.options.items():
            arguments += [f"--{name.replace('_', '-')}={text}"]
        return Process(f"{self.name} {number}", arguments, self.folder / f"{self.name}-{number}.log")

    def set_partner(self, partner_id, secret):
        self.partners[partner_id] = secret
        self.control("partner", id=partner_id, secret=secret)

    def restart(self):
        """SIGTERM, as at a deploy, and a new program at the same port that remembers no reading."""
        self.process.terminate()
        self.process = self._start(self.port)
        self.process.wait_for_log(self.url)
        for partner_id, secret in self.partners.items():
            self.control("partner", id=partner_id, secret=secret)


class GraphqlJs(Server):
    """npm's graphql-ws, graphql-sse and graphql."""

    name = "graphql-js"

    def command(self):
        return [install.node(), install.FOLDER / "node" / "graphql_js.mjs"]


class SubscriptionsTransportWs(Server):
    """npm's subscriptions-transport-ws and graphql; no event stream."""

    name = "subscriptions-transport-ws"

    def command(self):
        return [install.node(), install.FOLDER / "node" / "subscriptions_transport_ws.mjs"]


class Gqlgen(Server):
    """The server in gqlgen/ with the given version of gqlgen."""

    name = "gqlgen"
    write = staticmethod(as_gqlgen)

    def __init__(self, folder, version, **options):
        self.version = version
        super().__init__(folder, **options)
        self.process.wait_for_log(f'"gqlgen":"{version}"')

    def command(self):
        return [install.gqlgen(self.version)]
