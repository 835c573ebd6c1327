import { entity, ref, text } from "enginejs";

entity("Tenant", { tenant: false, fields: { name: text() } });
entity("Person", { fields: { name: text() } });
entity("Membership", { tenant: false, fields: { tenant: ref("Tenant"), name: text() } });
