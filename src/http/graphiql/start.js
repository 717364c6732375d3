"use strict";

// Five queries to begin with. Sign in with the first one, then paste the token into the headers of the others. The first one has its input
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
];

const fetcher = GraphiQL.createFetcher({ url: "/graphql" });
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
