import { workflow } from "enginejs";

workflow("charge-provider", { steps: (flow) => flow.log("charged", "charged", ({ record }) => ({ amount: record.subtotal })) });
