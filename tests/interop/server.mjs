// A Partner API made of npm's graphql, graphql-ws and ws: what the daemon must get along with although neither side
// was written for the other. Prints one JSON line with its URL; POST /control pushes readings and asks for counts.
import { createServer } from "node:http";
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { buildSchema, execute, parse, subscribe, validate } from "graphql";
import { useServer } from "graphql-ws/lib/use/ws";
import { WebSocketServer } from "ws";
import { Readings } from "./readings.mjs";

const PATH = "/api/v1/query";

const { values: options } = parseArgs({
  options: {
    port: { type: "string", default: "0" },
    "partner-id": { type: "string", default: "interop" },
    secret: { type: "string", default: "interop" },
  },
});
const authorization = "Basic " + Buffer.from(`${options["partner-id"]}:${options.secret}`).toString("base64");
const schema = buildSchema(readFileSync(new URL("schema.graphql", import.meta.url), "utf8"));
const readings = new Readings();
const counts = { http_requests: 0, start_times: [] };
let installations = [];

const rootValue = {
  partner: () => ({ id: "578936dc-8020-4022-a560-2f59d2dca9ee", name: "Interop partner" }),
  installations: ({ pagination }) => {
    const offset = pagination?.offset ?? 0;
    return installations.slice(offset, offset + (pagination?.limit ?? installations.length));
  },
  installation: ({ id }) => installations.find((installation) => installation.id === id) ?? null,
  meterReadings: ({ startTime }) => {
    counts.start_times.push(startTime ?? null);
    return readings.subscribe(startTime);
  },
};

function controlAction(request) {
  switch (request.action) {
    case "push":
      readings.push(request.readings, request.received);
      break;
    case "installations":
      installations = request.installations;
      break;
    case "drop":
      for (const client of sockets.clients) client.terminate();
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
    connections: sockets.clients.size,
    subscriptions: readings.subscriptions,
    last_start_time: counts.start_times.at(-1) ?? null,
    http_requests: counts.http_requests,
  };
}

async function answerQuery({ query, variables, operationName }) {
  counts.http_requests += 1;
  const document = parse(query);
  const errors = validate(schema, document);
  if (errors.length > 0) return [422, { errors, data: null }];
  const result = await execute({ schema, document, rootValue, variableValues: variables, operationName });
  return [200, result];
}

async function answer(request, body) {
  if (request.url === "/control") return [200, controlAction(JSON.parse(body))];
  if (request.url !== PATH || request.method !== "POST") return [404, { errors: [{ message: "not found" }] }];
  if (request.headers.authorization !== authorization) return [401, { errors: [{ message: "unauthorized" }] }];
  return answerQuery(JSON.parse(body));
}

const server = createServer((request, response) => {
  const chunks = [];
  request.on("data", (chunk) => chunks.push(chunk));
  request.on("end", async () => {
    let status, result;
    try {
      [status, result] = await answer(request, Buffer.concat(chunks).toString());
    } catch (error) {
      [status, result] = [400, { errors: [{ message: String(error) }] }];
    }
    response.writeHead(status, { "content-type": "application/json" });
    response.end(JSON.stringify(result));
  });
});

const sockets = new WebSocketServer({
  server,
  path: PATH,
  verifyClient: ({ req }) => !req.headers.authorization || req.headers.authorization === authorization,
});
useServer(
  {
    schema,
    execute,
    subscribe,
    roots: { query: rootValue, subscription: rootValue },
    onConnect: ({ connectionParams, extra }) =>
      extra.request.headers.authorization === authorization || connectionParams?.Authorization === authorization,
  },
  sockets,
);

server.listen(Number(options.port), "127.0.0.1", () => {
  console.log(JSON.stringify({ url: `http://127.0.0.1:${server.address().port}${PATH}` }));
});
process.on("SIGTERM", () => process.exit(0));
