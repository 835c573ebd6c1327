import { workflow } from "enginejs";

workflow("Not a name", { steps: (flow) => flow.log("a", "b") });
