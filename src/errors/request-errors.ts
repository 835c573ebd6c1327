import { defineErrors } from "./definition.ts";

/**
 * Codes EJS5xxx: authentication and the HTTP surface. EJS500x: who asks. EJS501x: the HTTP request.
 * EJS502x: the GraphQL document. EJS503x and EJS504x: the data. EJS505x: the server itself.
 */
export const requestErrors = defineErrors({
  EJS5001: {
    title: "The token is malformed",
    detail:
      "The Authorization header does not hold `Bearer` and a signed JSON Web Token, or its contents cannot be decoded. No query ran.",
    hint: "Send `Authorization: Bearer <token>` with the token exactly as it was issued, or no such header at all.",
  },
  EJS5002: {
    title: "The token's signature is not valid",
    detail: "The token was not signed with this server's key, or was changed after it was signed. No query ran.",
    hint: "Get a token from the issuer that this server trusts.",
  },
  EJS5003: {
    title: "The token's algorithm is not accepted",
    detail:
      "The server accepts the algorithms that its configuration names and no other, whatever the token's header says. No query ran.",
    hint: "Have the issuer sign with an algorithm that the server accepts.",
  },
  EJS5004: {
    title: "The token has expired",
    detail: "The time in its claim `exp` has passed, or that in `nbf` has not come. No query ran.",
    hint: "Get a new token, and check that the clocks of issuer and server agree.",
  },
  EJS5005: {
    title: "The token is meant for somebody else",
    detail: "Its issuer or audience is not the one that this server is configured for. No query ran.",
    hint: "Get a token for this server.",
  },
  EJS5006: {
    title: "The token does not say who asks",
    detail: "Its claim `sub` is missing or is not the UUID of an actor. No query ran.",
    hint: "Have the issuer put the actor's id into `sub`.",
  },
  EJS5007: {
    title: "The token does not say for which tenant",
    detail: "The model declares tenancy, and the token's claim `tenant` is missing or is not a UUID. No query ran.",
    hint: "Get a token for one tenant: its id belongs into the claim `tenant`.",
  },
  EJS5008: {
    title: "The token cannot be checked at the moment",
    detail: "The issuer's keys could not be fetched, so that nothing can be said about the token. No query ran.",
    hint: "Try again. If it lasts, check that the server reaches the configured JWKS URL.",
  },
  EJS5009: {
    title: "The API key is not valid",
    detail:
      "No such key counts here: it was never made, has expired, was revoked, or belongs to an account that is disabled. Which of these it is, is not told. No query ran.",
    hint: "Send the key exactly as `enginejs key create` printed it, as `Authorization: Bearer ejk_…` or `X-API-Key: ejk_…`, or have a new one made.",
  },
  EJS5010: {
    title: "The request is too large",
    detail: "The body is larger than the server accepts.",
    hint: "Send large values in several requests, or raise the server's limit `bodyBytes`.",
  },
  EJS5011: {
    title: "The request's body is not a GraphQL request",
    detail: "A GraphQL request is a JSON object with the text `query` and, if needed, `variables` and `operationName`.",
    hint: 'Send `{"query": "…", "variables": {…}}`.',
  },
  EJS5012: {
    title: "The media type is not supported",
    detail:
      "Requests are `application/json`; answers are `application/graphql-response+json` or `application/json`. Forms are refused, because a browser sends them for any website without asking.",
    hint: "Set `Content-Type: application/json`, and let `Accept` allow JSON.",
  },
  EJS5013: {
    title: "The method is not allowed here",
    detail: "GraphQL requests are made with POST.",
    hint: "Use POST.",
  },
  EJS5014: {
    title: "The request took too long",
    detail:
      "The server gave up waiting for its own answer. A statement that is still running ends at its own time limit.",
    hint: "Ask for less at once: fewer rows, fewer levels, a filter on an indexed field.",
  },
  EJS5015: {
    title: "The server is shutting down",
    detail: "It finishes what it has begun and takes nothing new.",
    hint: "Send the request again; another instance answers it.",
  },
  EJS5016: {
    title: "There is nothing at this address",
    detail: "The server knows no such path.",
    hint: "GraphQL is at `/graphql` unless configured otherwise, the health checks at `/healthz` and `/readyz`.",
  },
  EJS5017: {
    title: "The request of a webhook is not accepted",
    detail:
      "Its signature is missing or wrong, was made with another secret, or is older than the webhook tolerates. Which of these it is is not said.",
    hint: "Sign the body as it is sent, with the secret that the server has in its environment, and send it at once.",
  },
  EJS5018: {
    title: "The body of a webhook does not fit",
    detail:
      "The workflow that the webhook starts declares what its input is, and the body is something else; or it holds what PostgreSQL cannot keep: U+0000, half of a surrogate pair, a number of too many digits.",
    hint: "Send what the schema of the webhook's `input` describes, or change that.",
  },
  EJS5020: {
    title: "The GraphQL document is not valid",
    detail: "It cannot be parsed, or names something that the schema does not have, or leaves out what is required.",
    hint: "The message names the place.",
  },
  EJS5021: {
    title: "The GraphQL document is nested too deeply",
    detail: "It has more levels, lists within lists, or returns to the same field more often than the server allows.",
    hint: "Ask in several requests. The server's limits are `depth`, `listDepth` and `selfReferences`.",
  },
  EJS5022: {
    title: "The page is too large",
    detail: "`first`, `last` or `offset` is above what the server allows, or negative.",
    hint: "Read page by page, with `first` and `after: pageInfo.endCursor`.",
  },
  EJS5023: {
    title: "Introspection is off",
    detail: "This server does not describe its schema to clients.",
    hint: "Use the schema file of the project, or switch introspection on.",
  },
  EJS5024: {
    title: "An argument is not valid",
    detail:
      "A variable does not have the type that the document declares, or arguments exclude each other, or a cursor is of another list.",
    hint: "The message names the argument.",
  },
  EJS5025: {
    title: "The request asks for too many rows",
    detail: "The page sizes of lists within lists, multiplied, are more than the server allows for one request.",
    hint: "Give smaller `first` to the inner lists. The server's limit is `rows`.",
  },
  EJS5026: {
    title: "The GraphQL document holds too many fields",
    detail: "Aliases and fragments, spelt out wherever they are spread, make more fields than the server allows.",
    hint: "Ask in several requests. The server's limit is `fields`.",
  },
  EJS5030: {
    title: "There is no such row",
    detail:
      "No row has this id, or this actor may not see it, or may not change or delete it: these look the same on purpose.",
    hint: "Check the id, and as whom the request is made.",
  },
  EJS5031: {
    title: "The rule says no",
    detail: "The actor may not do this. The extension `rule` holds the rule's sentence where the model has one.",
    hint: "Ask as somebody who fulfils the rule.",
  },
  EJS5032: {
    title: "The state does not allow it",
    detail:
      "The row is in a state from which this transition is not declared. `extensions.from` is the state, `extensions.allowed` lists those that may follow it.",
    hint: "Read the row again; somebody else may have moved it.",
  },
  EJS5033: {
    title: "A condition is not fulfilled",
    detail: "A guard of the action, or a rule of the model, is not fulfilled. The message is its sentence.",
    hint: "Change the row so that it fulfils the sentence.",
  },
  EJS5034: {
    title: "The value is taken",
    detail: "Another row has it already, and it must be unique. `extensions.fields` names the fields.",
    hint: "Choose another value.",
  },
  EJS5035: {
    title: "The reference does not hold",
    detail:
      "The row refers to one that does not exist, or one that others refer to would vanish. `extensions.fields` names the field.",
    hint: "Refer to a row that exists in the same tenant, or remove the references first.",
  },
  EJS5036: {
    title: "The value breaks a rule of the model",
    detail: "The message is the rule's sentence.",
    hint: "Change the value so that it fulfils the sentence.",
  },
  EJS5037: {
    title: "A value is missing",
    detail: "A required field has none. `extensions.fields` names it.",
    hint: "Give the field a value.",
  },
  EJS5038: {
    title: "The value is not of the field's type",
    detail: "The text cannot be read as the type, or the number is out of its range.",
    hint: "Check the format: UUIDs, ISO 8601 times, numbers as digits.",
  },
  EJS5039: {
    title: "The database took too long",
    detail: "A statement was ended at the time limit that each request has.",
    hint: "Ask for less at once, or filter on an indexed field. The server's limit is `statementTimeoutMs`.",
  },
  EJS5040: {
    title: "The request is too complex",
    detail: "Its filter or its nesting is more than the database can plan or hold in memory.",
    hint: "Make it simpler, or ask in several requests.",
  },
  EJS5041: {
    title: "Somebody else was faster",
    detail: "The transaction collided with another one and was rolled back as a whole.",
    hint: "Send the same request again.",
  },
  EJS5042: {
    title: "The database cannot be reached",
    detail: "There is no connection, or the server is restarting, or it has no connection left.",
    hint: "Try again in a moment. `/readyz` tells when it is back.",
  },
  EJS5043: {
    title: "The input does not fit",
    detail:
      "A workflow or process declares what it takes, and the input is something else: nothing was started. `extensions.problems` names every place.",
    hint: "Send what the type of the mutation's `input` describes; where it is JSON, what the workflow's schema says.",
  },
  EJS5044: {
    title: "The workflow has failed",
    detail:
      "The run that the call has started failed or was cancelled, for a reason that the workflow declares no error for. `extensions.runId` names it.",
    hint: "Give the run's id to whoever operates the workflows; `enginejs workflow show` tells them why.",
  },
  EJS5045: {
    title: "Nothing can be changed at the moment",
    detail: "The database is read-only: its server is a standby, or somebody has made it so. Reading goes on.",
    hint: "Try again later. Whoever runs the server: name the primary server in its database URL, or take `default_transaction_read_only` back.",
  },
  EJS5049: {
    title: "Something went wrong",
    detail: "The cause is in the server's log, under the request id in `extensions.requestId`, and nowhere else.",
    hint: "Give the request id to whoever runs the server.",
  },
  EJS5050: {
    title: "The database holds no build",
    detail: "The server starts from the model that `enginejs sql build` stores in the database, and there is none.",
    hint: "Run `enginejs sql build --database …`, and check that the server's URL names the same database.",
  },
  EJS5051: {
    title: "The server's options are not valid",
    detail: "An option has a value that cannot work or would not be safe.",
    hint: "The message names the option and what it may be.",
  },
  EJS5052: {
    title: "The server cannot listen",
    detail: "Its port is taken, or may not be used by this user.",
    hint: "Choose another port, or 0 for any free one.",
  },
  EJS5053: {
    title: "The build in the database is of another version",
    detail: "The stored model is not one that this version of EngineJS can read.",
    hint: "Build again with the version of EngineJS that serves.",
  },
});
