import { entity, text } from "enginejs";

export const Customer = entity("Customer", { fields: { email: text() } });
entity("HttpLog", { fields: { name: text() } });
