// A Partner API made of npm's graphql, graphql-ws and graphql-sse: what the daemon must get along with although neither
// side was written for the other. Prints one JSON line with its URL; POST /control pushes readings and asks for counts.
import { execute, subscribe, validate } from "graphql";
import { createHandler } from "graphql-sse";
import { useServer } from "graphql-ws/lib/use/ws";
import { WebSocketServer } from "ws";
import { PATH, keepAlive, note, queryRoot, schema, serve, signIn, subscriptionRoot, transports } from "./partner_api.mjs";

function validateAndNote(...how) {
  const errors = validate(...how);
  note(errors);
  return errors;
}

const operations = {
  schema,
  validate: validateAndNote,
  execute: (how) => execute({ ...how, rootValue: queryRoot }),
  subscribe: (how) => subscribe({ ...how, rootValue: subscriptionRoot }),
};

function attachWebSocket(server, verify) {
  const sockets = new WebSocketServer({ server, path: PATH, verifyClient: ({ req }) => verify(req) });
  useServer(
    {
      ...operations,
      onConnect: ({ connectionParams, extra }) => signIn.verifyInit(connectionParams, extra.request.headerWasRight),
    },
    sockets,
    keepAlive || 12_000,
  );
}

// No token: one request for each operation, without the mode in which all share a connection.
const eventStream = createHandler({ ...operations, authenticate: () => null });

async function answerWithEvents(request, response, body) {
  const headers = { get: (name) => request.headers[name] };
  const [events, { status, statusText, headers: sent }] = await eventStream({
    method: request.method,
    url: request.url,
    headers,
    body,
    raw: request,
    context: { response },
  });
  response.writeHead(status, statusText, sent);
  if (!events || typeof events === "string") return response.end(events);
  response.once("close", () => events.return());
  for await (const event of events) if (!response.closed) response.write(event);
  return response.end();
}

serve({
  sse: transports.includes("sse") ? answerWithEvents : null,
  websocket: transports.includes("websocket") ? attachWebSocket : null,
});
