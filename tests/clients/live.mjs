// Listens to events with the standard clients, through a socket and through server-sent events, until each has heard of so many. Who signs
// in is read from a file whenever a client connects: clients that lost sign-in come again with what is in it then, and resume.
//
//   node live.mjs http://127.0.0.1:8080/graphql TOKEN_FILE AFTER COUNT
//
// Prints `ws next N`, `ws closed CODE`, `sse next N`, `sse refused CODE`; writes TOKEN_FILE.ws and TOKEN_FILE.sse when half was heard.
import { readFileSync, writeFileSync } from "node:fs";
import { createClient as createSocketClient } from "graphql-ws";
import { createClient as createStreamClient } from "graphql-sse";
import WebSocket from "ws";

const [url, file, after, count] = process.argv.slice(2);
const query = "subscription($after: Int) { userEvents(afterSequence: $after) { sequence } }";

const authorization = () => ({ authorization: `Bearer ${readFileSync(file, "utf8").trim()}` });
const pause = () => new Promise((resolve) => setTimeout(resolve, 100));

// Sent again with every connection: what was heard by then is not asked for once more.
const listen = (name, client) =>
  new Promise((resolve, reject) => {
    const request = { query, variables: { after: Number(after) } };
    let heard = 0;
    client.subscribe(request, {
      next: ({ data, errors }) => {
        if (!data) {
          console.log(`${name} refused ${errors[0].extensions.code}`);
          return;
        }
        request.variables.after = data.userEvents.sequence;
        console.log(`${name} next ${data.userEvents.sequence}`);
        heard += 1;
        if (heard === Number(count) / 2) writeFileSync(`${file}.${name}`, "half");
        if (heard === Number(count)) resolve(client.dispose());
      },
      error: (error) => reject(error instanceof Error ? error : new Error(JSON.stringify(error))),
      complete: () => resolve(),
    });
  });

const socket = createSocketClient({
  url: url.replace("http", "ws"),
  webSocketImpl: WebSocket,
  connectionParams: authorization,
  retryAttempts: 20,
  retryWait: pause,
  on: { closed: (event) => event.code !== 1000 && console.log(`ws closed ${event.code}`) },
});
const stream = createStreamClient({ url, headers: authorization, retryAttempts: 20, retry: pause });

await Promise.all([listen("ws", socket), listen("sse", stream)]);
