import { workflow } from "enginejs";

workflow("audit", { on: undefined as never, steps: (flow) => flow.task("note", "write-note") });
