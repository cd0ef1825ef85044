// What both servers have in common: the schema, its fields, POST queries, sign-in and the test's control interface.
// The transports of subscriptions are the packages' own.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildSchema, execute, parse, validate } from "graphql";
import { inFormat } from "./obis.mjs";
import { Readings } from "./readings.mjs";
import { SignIn } from "./sign_in.mjs";

export const PATH = "/api/v1/query";

const { values: given } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "partner-id": { type: "string" },
    secret: { type: "string" },
    transports: { type: "string", default: "websocket,sse,post" },
    "keep-alive": { type: "string", default: "0" }, // milliseconds
  },
});

export const transports = given.transports.split(",");
export const keepAlive = Number(given["keep-alive"]);
export const signIn = new SignIn();
export const schema = buildSchema(readFileSync(new URL("../schema.graphql", import.meta.url), "utf8"));

const readings = new Readings();
const counts = { http_requests: 0, start_times: [], transports: {}, errors: [] };
const sockets = new Set(); // those that carry a subscription
let installations = [];

export function note(errors) {
  for (const error of errors ?? []) counts.errors.push(String(error.message));
}

export const queryRoot = {
  partner: () => ({ id: "578936dc-8020-4022-a560-2f59d2dca9ee", name: "Interop partner" }),
  installations: ({ pagination }) => {
    const offset = pagination?.offset ?? 0;
    return installations.slice(offset, offset + (pagination?.limit ?? installations.length));
  },
  installation: ({ id }) => installations.find((installation) => installation.id === id) ?? null,
  connectUrl: ({ redirectUrl, state }) => {
    const query = new URLSearchParams({ redirect_url: redirectUrl, ...(state == null ? {} : { state }) });
    return `https://connect.example/start?${query}`;
  },
  disableInstallation: ({ installationId }) => {
    const before = installations.length;
    installations = installations.filter(({ id }) => id !== installationId);
    return installations.length < before;
  },
};

export const subscriptionRoot = {
  meterReadings: ({ startTime }) => {
    counts.start_times.push(startTime ?? null);
    return readings.subscribe(startTime, ({ meter, time, values }) => ({
      meter,
      time,
      values: values.map((value) => ({ ...value, obisCode: ({ format }) => inFormat(value.obisCode, format) })),
    }));
  },
};

// A meter within an installation belongs to it.
function setInstallations(list) {
  for (const one of list)
    for (const meter of [...(one.meters ?? []), one.currentMeter]) if (meter) meter.installation = one;
  installations = list;
}

function controlAction(request) {
  switch (request.action) {
    case "push":
      readings.push(request.readings, request.received);
      break;
    case "forget":
      readings.forget();
      break;
    case "installations":
      setInstallations(request.installations);
      break;
    case "partner":
      signIn.setPartner(request.id, request.secret);
      break;
    case "drop": // without a word, as a router does that restarts
      for (const socket of sockets) socket.resetAndDestroy();
      break;
    case "complete":
      readings.endAll();
      break;
    case "stats":
      break;
    default:
      throw new Error(`unknown action ${request.action}`);
  }
  return {
    connections: sockets.size,
    subscriptions: readings.subscriptions,
    last_start_time: counts.start_times.at(-1) ?? null,
    http_requests: counts.http_requests,
    transports: counts.transports,
    errors: counts.errors,
    accepted: signIn.accepted,
    refused: signIn.refused,
  };
}

async function answerQuery({ query, variables, operationName }) {
  const document = parse(query);
  const errors = validate(schema, document);
  note(errors);
  if (errors.length > 0) return [422, { errors, data: null }];
  const result = await execute({ schema, document, rootValue: queryRoot, variableValues: variables, operationName });
  note(result.errors);
  return [200, result];
}

function count(transport) {
  counts.transports[transport] = (counts.transports[transport] ?? 0) + 1;
}

function remember(socket) {
  sockets.add(socket);
  socket.once("close", () => sockets.delete(socket));
}

function reply(response, status, result) {
  response.writeHead(status, { "content-type": "application/json" });
  response.end(JSON.stringify(result));
}

const isStream = (request) => (request.headers.accept ?? "").includes("text/event-stream");

async function answer(request, response, body, sse) {
  if (request.url === "/control") return reply(response, 200, controlAction(JSON.parse(body)));
  if (request.url !== PATH) return reply(response, 404, { errors: [{ message: "not found" }] });
  if (request.method !== "POST") return reply(response, 405, { errors: [{ message: "POST only" }] });
  count(isStream(request) ? "sse" : "post");
  if (!signIn.verify(request.headers.authorization))
    return reply(response, 401, { errors: [{ message: "unauthorized" }] });
  if (isStream(request) && sse) {
    remember(request.socket);
    return sse(request, response, body);
  }
  counts.http_requests += 1;
  return reply(response, ...(await answerQuery(JSON.parse(body))));
}

// Starts the server. `sse(request, response, body)` answers who asks for an event stream; `websocket(server, verify)`
// attaches the package's WebSocket server, whose handshakes `verify(request)` lets through or not.
export function serve({ sse, websocket }) {
  signIn.setPartner(given["partner-id"], given.secret);
  const server = createServer((request, response) => {
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("end", () => {
      answer(request, response, Buffer.concat(chunks).toString(), sse).catch((error) => {
        note([error]);
        reply(response, 400, { errors: [{ message: String(error) }] });
      });
    });
  });
  if (websocket) {
    server.on("upgrade", (request, socket) => {
      count(request.headers["sec-websocket-protocol"] ?? "");
      remember(socket);
    });
    websocket(server, (request) => {
      const { authorization } = request.headers;
      request.headerWasRight = authorization !== undefined && signIn.verify(authorization);
      return authorization === undefined || request.headerWasRight;
    });
  }
  server.listen(Number(given.port), "127.0.0.1", () => {
    console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}${PATH}` }));
  });
  process.on("SIGTERM", () => process.exit(0));
}
