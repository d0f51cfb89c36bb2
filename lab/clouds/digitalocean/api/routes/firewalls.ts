import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, noContent, param } from "../context";
import { conflict, invalid } from "../errors";
import { existingDroplets, readRules, renderRule } from "../firewall-rules";
import { covers } from "../firewall-resolver";
import { newUuid, timestamp } from "../ids";
import type { Firewall } from "../model";
import { existingTags } from "../tagging";
import type { Json } from "../views";

const MOST_RULES = 50;
const MOST_DROPLETS = 10;
const MOST_TAGS = 5;

export function firewallRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state, firewalls } = context;
  const byId = (request: FastifyRequest): Firewall =>
    found(state.firewalls.find((firewall) => firewall.id === param(request, "id").toLowerCase()));

  app.get("/v2/firewalls", (request) =>
    listPage(request, "firewalls", state.firewalls, (firewall) => renderFirewall(context, firewall)),
  );

  app.post("/v2/firewalls", async (request, reply) => {
    const firewall: Firewall = { id: newUuid(), createdAt: timestamp(), ...read(context, bodyOf(request)) };
    state.firewalls.push(firewall);
    await firewalls.sync();
    return created(reply, { firewall: renderFirewall(context, firewall) }, 202);
  });

  app.get("/v2/firewalls/:id", (request) => ({ firewall: renderFirewall(context, byId(request)) }));

  app.put("/v2/firewalls/:id", async (request) => {
    const firewall = byId(request);
    Object.assign(firewall, read(context, bodyOf(request), firewall));
    await firewalls.sync();
    return { firewall: renderFirewall(context, firewall) };
  });

  app.delete("/v2/firewalls/:id", async (request, reply) => {
    const firewall = byId(request);
    state.firewalls = state.firewalls.filter((one) => one !== firewall);
    await firewalls.sync();
    return noContent(reply);
  });
}

function read({ state }: ApiContext, body: Body, self?: Firewall): Omit<Firewall, "id" | "createdAt"> {
  const name = body.string(
    "name",
    (text) => /^[a-zA-Z0-9][a-zA-Z0-9.-]+$/.test(text),
    "a letter or digit, then at least one letter, digit, period or dash",
  );
  if (state.firewalls.some((firewall) => firewall !== self && firewall.name === name)) {
    throw conflict(`duplicate name: another firewall is called ${name}`);
  }
  const inbound = readRules(state, body, "inbound");
  const outbound = readRules(state, body, "outbound");
  const rules = inbound.length + outbound.length;
  if (rules === 0) throw invalid("inbound_rules", [], "at least one inbound or outbound rule");
  if (rules > MOST_RULES) throw invalid("inbound_rules", rules, `at most ${MOST_RULES} rules, in and out together`);
  const dropletIds = existingDroplets(state, body, "droplet_ids");
  if (dropletIds.length > MOST_DROPLETS) {
    throw invalid("droplet_ids", dropletIds.length, `at most ${MOST_DROPLETS} droplets; use a tag for more`);
  }
  const tags = existingTags(state, "tags", body.strings("tags"));
  if (tags.length > MOST_TAGS) throw invalid("tags", tags.length, `at most ${MOST_TAGS} tags`);
  return { name, inbound, outbound, dropletIds, tags };
}

/** Tags are answered as tags: the ids of their droplets would be drift to Terraform. */
function renderFirewall({ state, firewalls }: ApiContext, firewall: Firewall): Json {
  const pending = state.droplets.filter(
    (droplet) => droplet.made && covers(firewall, droplet) && !firewalls.isCurrent(droplet),
  );
  return {
    id: firewall.id,
    name: firewall.name,
    status: pending.length === 0 ? "succeeded" : "waiting",
    inbound_rules: firewall.inbound.map((rule) => renderRule(rule, "inbound")),
    outbound_rules: firewall.outbound.map((rule) => renderRule(rule, "outbound")),
    created_at: firewall.createdAt,
    droplet_ids: firewall.dropletIds,
    tags: firewall.tags,
    pending_changes: pending.map(({ id }) => ({ droplet_id: id, removing: false, status: "waiting" })),
  };
}
