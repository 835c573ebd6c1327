import { defineSeed } from "enginejs";

const tenant = "10000000-0000-4000-8000-000000000001";
const editor = "20000000-0000-4000-8000-000000000001";
const reader = "20000000-0000-4000-8000-000000000002";

/** Data to begin with. Runs in one transaction as the owner of the tables; running it again changes nothing. */
export default defineSeed({
  people: [
    { label: "editor", user: editor, tenant },
    { label: "member", user: reader, tenant },
  ],
  async run({ query }) {
    await query("insert into app.tenant (id, name) values ($1, 'Example') on conflict do nothing", [tenant]);
    await query(
      "insert into app.user (id, name, email) values ($1, 'Ada', 'ada@example.com'), ($2, 'Ben', 'ben@example.com') on conflict do nothing",
      [editor, reader],
    );
    await query(
      "insert into app.membership (tenant_id, id, user_id, roles) values ($1, $2, $2, '{editor}'), ($1, $3, $3, '{member}') on conflict do nothing",
      [tenant, editor, reader],
    );
    await query(
      "insert into app.article (tenant_id, id, slug, title, body, author_id) values ($1, '30000000-0000-4000-8000-000000000001', 'hello', 'Hello', 'A first text.', $2) on conflict do nothing",
      [tenant, editor],
    );
  },
});
