// A Partner API whose subscriptions are served by npm's subscriptions-transport-ws, the origin of the subprotocol
// `graphql-ws`; it knows no other, and there is no event stream.
import { execute, subscribe } from "graphql";
import { SubscriptionServer } from "subscriptions-transport-ws";
import { PATH, keepAlive, note, schema, serve, signIn, subscriptionRoot } from "./partner_api.mjs";

function attachWebSocket(server, verify) {
  SubscriptionServer.create(
    {
      schema,
      execute,
      subscribe,
      rootValue: subscriptionRoot,
      keepAlive,
      onConnect: (payload, socket, { request }) => signIn.verifyInit(payload, request.headerWasRight),
      onOperation: (message, how) => ({
        ...how,
        formatResponse: (response) => {
          note(response.errors);
          return response;
        },
      }),
    },
    { server, path: PATH, verifyClient: ({ req }) => verify(req) },
  );
}

serve({ websocket: attachWebSocket });
