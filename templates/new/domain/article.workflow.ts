import { workflow } from "enginejs";
import { Article } from "./article.model.ts";

/** Runs once for every article that is published, however often a worker is killed meanwhile. */
export const announceOnPublish = workflow("announce-on-publish", {
  on: Article.on("publish"),
  as: "inherit",
  steps: (flow) => flow.task("announcement", "announce", ({ record }) => ({ title: record.title })),
});
