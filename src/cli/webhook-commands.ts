/** The commands about webhooks that go out. */
import { type Command, InvalidArgumentError, Option } from "commander";
import type { AddCommand } from "./administration-commands.ts";

/** Options that many commands share, made anew for each. */
interface SharedOptions {
  readonly project: () => Option;
  readonly database: () => Option;
  readonly json: () => Option;
}

export function addWebhookCommands(program: Command, add: AddCommand, shared: SharedOptions): void {
  const common = (command: Command): Command =>
    command.addOption(shared.project()).addOption(shared.database()).addOption(shared.json());
  const module = () => import("./commands/webhook.ts");
  const tenant = ["--tenant <tenant>", "only of this tenant: its id or name"] as const;

  const webhook = program
    .command("webhook")
    .description("look at webhooks that go out, and deliver once more what did not arrive")
    .addHelpText("after", webhookHelp);
  common(
    add(webhook, "list", "show the tenants' endpoints", "", async () => (await module()).webhookList).option(...tenant),
  );
  common(
    add(
      webhook,
      "deliveries",
      "show what was posted, or is to be, the newest first",
      "",
      async () => (await module()).webhookDeliveries,
    )
      .option(...tenant)
      .option("--endpoint <id>", "only to this endpoint")
      .addOption(
        new Option("--status <status>", "only those in this state").choices(["pending", "delivered", "failed"]),
      )
      .option("--since <time>", "not older than this: 15m, 7d, or since 2030-01-31")
      .option("--limit <number>", "how many at most", entries, 50)
      .option("--after <delivery>", "those after this one: the last of the page before"),
  );
  common(
    add(
      webhook,
      "redeliver",
      "post a delivery once more, or all that an endpoint was not reached with",
      redeliverHelp,
      async () => (await module()).webhookRedeliver,
    )
      .argument("[delivery]", "the delivery's id")
      .option("--endpoint <id>", "all dead letters of this endpoint")
      .option("--since <time>", "of these, those that failed since then: 15m, 7d, or 2030-01-31"),
  );
  const ofEndpoint: readonly [string, string, () => Promise<Awaited<ReturnType<typeof module>>["webhookTest"]>][] = [
    ["test", "post a message of the type webhook.test", async () => (await module()).webhookTest],
    ["enable", "switch an endpoint on again", async () => (await module()).webhookEnable],
    ["disable", "switch an endpoint off", async () => (await module()).webhookDisable],
  ];
  for (const [name, description, load] of ofEndpoint) {
    common(add(webhook, name, description, "", load).argument("<endpoint>", "the endpoint's id"));
  }
}

function entries(text: string): number {
  if (!/^[1-9]\d{0,2}$/.test(text) && text !== "1000") throw new InvalidArgumentError("It is a number from 1 to 1000.");
  return Number(text);
}

const webhookHelp = `
Tenants manage their endpoints themselves, over GraphQL; secrets are shown to them alone, and once. Whatever changes something is
a line of "enginejs audit --kind webhook". psql does the same by the functions enginejs.list_webhook_endpoints,
list_webhook_deliveries, redeliver_webhook, redeliver_failed_webhooks, send_test_webhook, update_webhook_endpoint.

Examples:
  enginejs webhook list --tenant acme
  enginejs webhook deliveries --status failed --since 1d

Exit codes:
  0  done
  1  no such endpoint or delivery, or it cannot do that now
  2  wrong use of the command line
  3  the database cannot be reached`;

const redeliverHelp = `
The same id and body are posted, so that a receiver who has it already can tell.

Examples:
  enginejs webhook redeliver 01a1f9eb-3d8a-78c5-9bdc-f31c6b63dd70
  enginejs webhook redeliver --endpoint 01a1f9eb-3ef1-77e3-be40-dff7ba3dbd40 --since 1d`;
