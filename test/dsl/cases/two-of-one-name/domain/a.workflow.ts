import { workflow } from "enginejs";
import { Customer } from "./b.model.ts";

workflow("welcome", { on: Customer.created(), steps: (flow) => flow.log("said", "welcome") });
workflow("welcome", { on: Customer.deleted(), steps: (flow) => flow.log("said", "goodbye") });
