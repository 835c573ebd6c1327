import { action, allow, entity, ref, slug, state, text, view } from "enginejs";
import { isAuthorOrEditor, isMemberOfTenant } from "../policies/rules.policy.ts";

export const Article = entity("Article", {
  describe: "Something to be read",
  fields: {
    slug: slug().unique().required(),
    title: text().required().max(200),
    body: text(),
    author: ref("User")
      .required()
      .default(({ actor }) => actor.id),
    status: state(["draft", "published"], { initial: "draft" }),
  },
  policies: allow({ read: isMemberOfTenant, write: isAuthorOrEditor }),
  views: { list: view().columns(["slug", "title", "status"]) },
  actions: {
    publish: action()
      .from("draft")
      .to("published")
      .guard(({ row }) => row.body.notNull(), "needs a text"),
  },
});
