/**
 * PostGraphile as its documentation sets it up: Amber preset, simplified names, filters, Express, `pgSettings` from a
 * verified token. Same tables, same policies, same role as ours.
 */
import { createServer } from "node:http";
import { PgSimplifyInflectionPreset } from "@graphile/simplify-inflection";
import express from "express";
import jwt from "jsonwebtoken";
import { postgraphile } from "postgraphile";
import { makePgService } from "postgraphile/adaptors/pg";
import { grafserv } from "postgraphile/grafserv/express/v4";
import { PostGraphileAmberPreset } from "postgraphile/presets/amber";
import { PostGraphileConnectionFilterPreset } from "postgraphile-plugin-connection-filter";
import { listenAndAnswer } from "./report-usage.ts";

const secret = process.env.JWT_SECRET as string;

/** A field in a side table is a table and a function of one name in PostgreSQL; PostGraphile's resources may not be. */
const functionsApart: GraphileConfig.Plugin = {
  name: "FunctionsApartPlugin",
  version: "1.0.0",
  inflection: {
    replace: {
      functionResourceName: (previous, _options, details) => `${previous?.(details)}_function`,
    },
  },
};

const preset: GraphileConfig.Preset = {
  plugins: [functionsApart],
  extends: [PostGraphileAmberPreset, PgSimplifyInflectionPreset, PostGraphileConnectionFilterPreset],
  pgServices: [
    makePgService({ connectionString: process.env.DATABASE_URL as string, schemas: ["app"], poolConfig: { max: 10 } }),
  ],
  grafserv: { graphqlPath: "/graphql", watch: false, graphiql: false },
  grafast: {
    context(requestContext) {
      const header = requestContext.expressv4?.req.headers.authorization ?? "";
      const claims = jwt.verify(header.replace(/^Bearer /, ""), secret);
      return {
        pgSettings: {
          role: "enginejs_user",
          "enginejs.actor_id": String(claims.sub),
          "enginejs.tenant_id": String(claims.tenant),
          "enginejs.roles": "{billing,member}",
          statement_timeout: "10000",
        },
      };
    },
  },
};

const app = express();
const server = createServer(app);
await postgraphile(preset).createServ(grafserv).addTo(app, server);
await listenAndAnswer(server);
