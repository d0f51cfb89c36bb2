import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, found, listPage, noContent, param } from "../context";
import { newUuid } from "../ids";
import type { AlertPolicy } from "../model";
import { checkTagName } from "../tagging";

const TYPE = /^v1\/(insights\/droplet|insights\/lbaas|dbaas\/alerts|droplet\/autoscale_alerts)\/[a-z0-9_]+$/;

/** Answers are what was sent, plus the id: nothing is watched. */
export function alertRoutes(app: FastifyInstance, { state }: ApiContext): void {
  const byUuid = (request: FastifyRequest): AlertPolicy =>
    found(state.alerts.find((one) => one.uuid === param(request, "uuid").toLowerCase()));

  app.get("/v2/monitoring/alerts", (request) => listPage(request, "policies", state.alerts, (policy) => policy));

  app.post("/v2/monitoring/alerts", (request) => {
    const policy = { uuid: newUuid(), ...readPolicy(bodyOf(request)) };
    state.alerts.push(policy);
    return { policy };
  });

  app.get("/v2/monitoring/alerts/:uuid", (request) => ({ policy: byUuid(request) }));

  app.put("/v2/monitoring/alerts/:uuid", (request) => ({
    policy: Object.assign(byUuid(request), readPolicy(bodyOf(request))),
  }));

  app.delete("/v2/monitoring/alerts/:uuid", (request, reply) => {
    const policy = byUuid(request);
    state.alerts = state.alerts.filter((one) => one !== policy);
    return noContent(reply);
  });
}

function readPolicy(body: Body): Omit<AlertPolicy, "uuid"> {
  const alerts = body.object("alerts");
  const slack = alerts.objects("slack").map((one) => ({ url: one.string("url"), channel: one.string("channel") }));
  return {
    type: body.string("type", (text) => TYPE.test(text), "a kind of alert such as v1/insights/droplet/cpu"),
    description: body.optionalString("description") ?? "",
    compare: body.oneOf("compare", ["GreaterThan", "LessThan"]),
    value: body.number("value"),
    window: body.oneOf("window", ["5m", "10m", "30m", "1h"]),
    entities: body.strings("entities"),
    tags: body.strings("tags").map((tag, index) => checkTagName(`tags[${index}]`, tag)),
    alerts: {
      slack: alerts.has("slack") ? slack : null,
      email: alerts.has("email") ? alerts.strings("email") : null,
    },
    enabled: body.boolean("enabled", true),
  };
}
