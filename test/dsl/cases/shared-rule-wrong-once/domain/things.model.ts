import { allow, entity, text } from "enginejs";
import { isBiller } from "../policies/rules.policy.ts";

entity("User", { fields: { name: text() }, policies: allow({ read: isBiller }) });
entity("Paper", { fields: { name: text() }, policies: allow({ read: isBiller }) });
entity("Folder", { fields: { name: text() }, policies: allow({ read: isBiller }) });
