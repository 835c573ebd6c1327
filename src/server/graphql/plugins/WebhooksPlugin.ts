import type {} from "postgraphile";
import type { FieldArgs, Step } from "postgraphile/grafast";
import { extendSchema, gql } from "postgraphile/utils";
import { coreChange, coreList, executorOf } from "../core-call.ts";

const endpoints = "select e::text as answer from enginejs.list_webhook_endpoints() e";
const types = "select enginejs.webhook_event_types()::text as answer";
const deliveries = "select d::text as answer from enginejs.list_webhook_deliveries($1, $2, $3, null, $4, $5) d";

/** A list that came as JSON; null for none. */
const events = "case when $2::jsonb is not null then array(select jsonb_array_elements_text($2::jsonb)) end";

/**
 * Webhooks out, for members with a role that the config names in `webhooks.manage`: their tenant's endpoints and what
 * became of deliveries. The functions of the core ask for the role, live, whoever calls them. A secret is in the answer that makes it
 * and nowhere else.
 */
export const WebhooksPlugin = (): GraphileConfig.Plugin =>
  extendSchema((build) => {
    const executor = executorOf(build);
    const change = (call: string, names: readonly string[]) => (_$root: Step, args: FieldArgs) =>
      coreChange(executor, `select to_jsonb(enginejs.${call})::text as answer`, args, names);
    return {
      typeDefs: gql`
        extend type Query {
          """For managers of webhooks: the events that endpoints may choose."""
          webhookEventTypes: [String!]!
          """For managers of webhooks: the tenant's endpoints."""
          webhookEndpoints: [WebhookEndpoint!]!
          """For managers of webhooks: what was posted, or is to be, the newest first."""
          webhookDeliveries(
            endpoint: UUID
            status: WebhookDeliveryStatus
            since: Datetime
            first: Int = 50
            """The last delivery of the page before."""
            after: UUID
          ): [WebhookDelivery!]!
        }
        extend type Mutation {
          """For managers of webhooks: events of the tenant are posted there from now on."""
          createWebhookEndpoint(
            """https://…; where it leads is checked at each post."""
            url: String!
            """Events that it chooses; all that are offered unless given."""
            events: [String!]
            description: String
          ): WebhookEndpointWithSecret!
          """For managers of webhooks: changes what the patch has."""
          updateWebhookEndpoint(endpoint: UUID!, patch: WebhookEndpointPatch!): WebhookEndpoint!
          """For managers of webhooks: the endpoint goes, with its deliveries; as it was."""
          deleteWebhookEndpoint(endpoint: UUID!): WebhookEndpoint!
          """For managers of webhooks: a new secret. The one before signs as well for a while."""
          rotateWebhookSecret(
            endpoint: UUID!
            """How long the old secret signs as well, in hours; 0 where it has leaked, 168 at most."""
            keepHours: Int = 24
          ): WebhookEndpointWithSecret!
          """For managers of webhooks: posts once more what was given up, or was delivered: the same id and body."""
          redeliverWebhook(delivery: UUID!): WebhookDelivery!
          """For managers of webhooks: posts once more what an endpoint was not reached with, at most 10,000; how many."""
          redeliverFailedWebhooks(endpoint: UUID!, since: Datetime): Int!
          """For managers of webhooks: posts a message of the type webhook.test."""
          sendTestWebhook(endpoint: UUID!): WebhookDelivery!
        }
        """What changes of an endpoint; what is left out stays."""
        input WebhookEndpointPatch {
          url: String
          """Null: all that are offered."""
          events: [String!]
          description: String
          """Switched on again, it begins without its failures."""
          enabled: Boolean
        }
        enum WebhookDisabledReason {
          """A manager has switched it off."""
          manual
          """It answered 410."""
          gone
          """Nothing has succeeded for five days."""
          failing
        }
        """Where events of the tenant are posted."""
        type WebhookEndpoint {
          id: UUID!
          url: String!
          """Null: all that are offered."""
          events: [String!]
          description: String
          enabled: Boolean!
          disabledReason: WebhookDisabledReason
          """Since when nothing has succeeded."""
          failingSince: Datetime
          """Until when the secret before the last rotation signs as well."""
          previousSecretUntil: Datetime
          createdAt: Datetime!
          updatedAt: Datetime!
        }
        """An endpoint with its secret, which is shown this once."""
        type WebhookEndpointWithSecret {
          endpoint: WebhookEndpoint!
          """whsec_…, as Standard Webhooks have it."""
          secret: String!
        }
        enum WebhookDeliveryStatus {
          pending
          delivered
          """Given up, until somebody delivers it once more."""
          failed
        }
        """One event on its way to one endpoint."""
        type WebhookDelivery {
          id: UUID!
          endpoint: UUID!
          url: String!
          """The header webhook-id: the same at each attempt."""
          messageId: String!
          type: String!
          """What is posted, to the byte."""
          body: String!
          status: WebhookDeliveryStatus!
          """Since it was made, or delivered once more."""
          attempts: Int!
          nextAttemptAt: Datetime
          lastAttemptAt: Datetime
          """The status of the last answer."""
          lastStatus: Int
          lastError: String
          lastDurationMs: Int
          """The beginning of the last answer."""
          lastAnswer: String
          createdAt: Datetime!
          finishedAt: Datetime
        }
      `,
      objects: {
        Query: {
          plans: {
            webhookEventTypes: (_$root, args) => coreChange(executor, types, args, []),
            webhookEndpoints: (_$root, args) => coreList(executor, endpoints, args, []),
            webhookDeliveries: (_$root, args) =>
              coreList(executor, deliveries, args, ["endpoint", "status", "since", "first", "after"]),
          },
        },
        Mutation: {
          plans: {
            createWebhookEndpoint: change(`create_webhook_endpoint($1, ${events}, $3)`, [
              "url",
              "events",
              "description",
            ]),
            updateWebhookEndpoint: change("update_webhook_endpoint($1, $2)", ["endpoint", "patch"]),
            deleteWebhookEndpoint: change("delete_webhook_endpoint($1)", ["endpoint"]),
            rotateWebhookSecret: change("rotate_webhook_secret($1, $2)", ["endpoint", "keepHours"]),
            redeliverWebhook: change("redeliver_webhook($1)", ["delivery"]),
            redeliverFailedWebhooks: change("redeliver_failed_webhooks($1, $2)", ["endpoint", "since"]),
            sendTestWebhook: change("send_test_webhook($1)", ["endpoint"]),
          },
        },
        WebhookEndpointWithSecret: {
          // The core answers with one object: the endpoint's members and the secret.
          plans: { endpoint: ($made: Step) => $made },
        },
      },
    };
  }, "WebhooksPlugin");
