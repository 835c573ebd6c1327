/** What a careful person writes by hand: Express, one prepared statement a route, JSON rendered by PostgreSQL, RLS as with ours. */
import { createServer } from "node:http";
import express from "express";
import jwt from "jsonwebtoken";
import pg from "pg";
import { listenAndAnswer } from "./report-usage.ts";

const secret = process.env.JWT_SECRET as string;
const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL as string, max: 10 });

const statements: Readonly<Record<string, string>> = {
  nested: `select json_agg(json_build_object('id', i.id, 'number', i.number, 'customer', json_build_object('name', c.name), 'lines', l.lines))::text as body
    from (select tenant_id, id, number, customer_id from app.invoice order by number limit 20) as i
    join app.customer as c on c.tenant_id = i.tenant_id and c.id = i.customer_id
    cross join lateral (
      select json_agg(json_build_object('description', x.description, 'total', x.total::text)) as lines
      from (select description, total from app.invoice_line where tenant_id = i.tenant_id and invoice_id = i.id order by id limit 5) as x
    ) as l`,
  simple:
    "select json_agg(json_build_object('id', id, 'name', name, 'email', email))::text as body from (select id, name, email from app.customer order by name limit 10) as c",
};

const app = express();
app.post("/:name", async (request, response) => {
  const claims = jwt.verify((request.headers.authorization ?? "").replace(/^Bearer /, ""), secret);
  const client = await pool.connect();
  try {
    await client.query("begin");
    await client.query({
      name: "settings",
      text: "select set_config('enginejs.actor_id', $1, true), set_config('enginejs.tenant_id', $2, true), set_config('enginejs.roles', '{billing,member}', true), set_config('role', 'enginejs_user', true)",
      values: [claims.sub, claims.tenant],
    });
    const { rows } = await client.query({
      name: request.params.name as string,
      text: statements[request.params.name as string] as string,
    });
    await client.query("commit");
    response.type("json").send(`{"data":${rows[0].body}}`);
  } finally {
    client.release();
  }
});
await listenAndAnswer(createServer(app));
