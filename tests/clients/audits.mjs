// Runs all audits of GraphQL over HTTP against a server, one line for each. TENURE_TEST_TOKEN: whom to sign in as, if anybody.
//
//   node audits.mjs http://127.0.0.1:8080/graphql
import { serverAudits } from "graphql-http";

const url = process.argv[2];
const token = process.env.TENURE_TEST_TOKEN;

function signedIn(input, init = {}) {
  return fetch(input, { ...init, headers: { ...init.headers, ...(token && { authorization: `Bearer ${token}` }) } });
}

for (const audit of serverAudits({ url, fetchFn: signedIn })) {
  const result = await audit.fn();
  console.log([result.status, result.id, result.name, result.reason].filter(Boolean).join(" "));
}
