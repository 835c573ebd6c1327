import { entity, ref } from "enginejs";

entity("Hen", { fields: { egg: ref("Egg").required() } });
entity("Egg", { fields: { layer: ref("Nest").required() } });
entity("Nest", { fields: { hen: ref("Hen").required(), maker: ref("Hen").required() } });
entity("Category", { fields: { parent: ref("Category").required() } });
entity("Folder", { fields: { parent: ref("Folder"), owner: ref("Hen").required() } });
