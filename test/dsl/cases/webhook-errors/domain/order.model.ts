import { entity, text } from "enginejs";

entity("Order", { table: "orders", fields: { number: text().required() } });
entity("Quiet", { fields: { number: text().required() }, events: false });
entity("Country", { tenant: false, fields: { name: text().required() } });
entity("Tenant", { tenant: false, fields: { name: text().required() } });
// Types of webhooks in GraphQL.
entity("WebhookEndpoint", { fields: { url: text().required() } });
