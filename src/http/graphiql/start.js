"use strict";

// Six operations to begin with. Sign in with the first one, then paste the token into the headers of the others. The first one has its input
// in the query: GraphiQL leaves the variables of the first tab out.
const headers = JSON.stringify({ Authorization: "Bearer PASTE-THE-ACCESS-TOKEN-HERE" }, null, 2);
const examples = [
  {
    query: `# 1. Sign in: as the HR manager of the demo, or as yourself.
# Then copy the access token into the headers
# of the other tabs (below, "Headers").
mutation SignIn {
  signIn(input: {
    email: "hr@example.com"
    password: "brass-anvil-42-workshop"
  }) {
    session { accessToken refreshToken expiresAt }
    userErrors { code field message }
  }
}`,
  },
  {
    query: `# 2. Who am I, and what may I do?
query WhoAmI {
  viewer {
    user { id displayName status kind isAdministrator department { name } }
    permissions
  }
}`,
    headers,
  },
  {
    query: `# 3. Colleagues, and what each of them answers for.
query People {
  users(first: 20) {
    totalCount
    nodes {
      id
      displayName
      status
      jobTitle
      department { name }
      ownedEntities(first: 5) { nodes { id kind title } }
    }
    pageInfo { hasNextPage endCursor }
  }
}`,
    headers,
  },
  {
    query: `# 4. People who have left, and the records that nobody has taken over yet.
query Leavers {
  users(first: 20, filter: { statuses: [DISMISSED] }) {
    nodes {
      id
      displayName
      dismissal { dismissedAt }
      ownedEntities(first: 10) { totalCount nodes { id kind title isClosed } }
    }
  }
}`,
    headers,
  },
  {
    query: `# 5. Dismiss somebody, and hand everything over to a colleague in the same step.
mutation Dismiss($input: DismissInput!) {
  dismiss(input: $input) {
    user { id displayName status }
    userErrors { code field message }
  }
}`,
    variables: JSON.stringify({ input: { userId: "usr_…", handover: { toUserIds: ["usr_…"] } } }, null, 2),
    headers,
  },
  {
    query: `# 6. Listen to what happens, until you press the button again.
subscription Events {
  userEvents {
    sequence
    __typename
    subject { displayName }
    actor { displayName }
  }
}`,
    headers,
  },
];

// Subscriptions come as server-sent events from the same address, with the headers of the tab: GraphiQL's own fetcher knows only WebSockets,
// for which it wants one more library.
const ordinary = GraphiQL.createFetcher({ url: "/graphql" });

function isSubscription(params, options) {
  const operations = (options?.documentAST?.definitions ?? []).filter((d) => d.kind === "OperationDefinition");
  const asked = params.operationName ? operations.find((o) => o.name?.value === params.operationName) : operations[0];
  return asked?.operation === "subscription";
}

async function* listen(params, options, signal) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { ...options?.headers, "content-type": "application/json", accept: "text/event-stream" },
    body: JSON.stringify(params),
    signal,
  });
  if (!response.headers.get("content-type")?.startsWith("text/event-stream")) {
    yield await response.json();
    return;
  }
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader();
  let rest = "";
  for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
    const blocks = (rest + piece.value).split("\n\n");
    rest = blocks.pop();
    for (const block of blocks) {
      const line = (name) => block.split("\n").find((l) => l.startsWith(`${name}:`))?.slice(name.length + 1).trim();
      if (line("event") === "next") yield JSON.parse(line("data"));
      if (line("event") === "complete") return;
    }
  }
}

function subscribe(params, options) {
  const stop = new AbortController();
  const events = listen(params, options, stop.signal);
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    next: () => events.next().catch((error) => (stop.signal.aborted ? { done: true } : Promise.reject(error))),
    // Not left to the generator: it would wait for the next event first.
    return: () => {
      stop.abort();
      return Promise.resolve({ done: true });
    },
  };
}

const fetcher = (params, options) => (isSubscription(params, options) ? subscribe(params, options) : ordinary(params, options));
const root = ReactDOM.createRoot(document.getElementById("graphiql"));
root.render(
  React.createElement(GraphiQL, {
    fetcher,
    defaultTabs: examples,
    isHeadersEditorEnabled: true,
    shouldPersistHeaders: false,
    defaultEditorToolsVisibility: "variables",
    plugins: [GraphiQLPluginExplorer.explorerPlugin()],
  }),
);
