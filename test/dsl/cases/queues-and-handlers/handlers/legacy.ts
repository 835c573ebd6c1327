import { on } from "enginejs";

export default on("legacy.anything", ({ input }) => input);
