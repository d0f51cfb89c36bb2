import type { FastifyReply, FastifyRequest } from "fastify";

import type { Actions } from "./actions";
import { Body } from "./body";
import { notFound } from "./errors";
import type { DropletLifecycle } from "./droplet-lifecycle";
import type { Faults } from "./faults";
import type { FirewallSync } from "./firewall-sync";
import type { Droplet, State } from "./model";
import { type Page, paginate, type Query, single } from "./pagination";
import type { RequestLog } from "./request-log";
import type { Store } from "./store";
import { type Json, renderDroplet } from "./views";

/** What the routes share. */
export interface ApiContext {
  readonly state: State;
  readonly store: Store;
  readonly faults: Faults;
  readonly requests: RequestLog;
  readonly actions: Actions;
  readonly firewalls: FirewallSync;
  readonly lifecycle: DropletLifecycle;
  readonly dropletLimit: number;
  readonly peeringSeconds: number;
}

export function param(request: FastifyRequest, name: string): string {
  return (request.params as Record<string, string | undefined>)[name] ?? "";
}

export function queryOf(request: FastifyRequest): Query {
  return request.query as Query;
}

export function query(request: FastifyRequest, name: string): string | undefined {
  return single(queryOf(request), name);
}

export function bodyOf(request: FastifyRequest): Body {
  return Body.of(request.body);
}

/** One page of `all`, under `key`, each item rendered. */
export function listPage<T>(
  request: FastifyRequest,
  key: string,
  all: readonly T[],
  render: (item: T) => unknown,
): Json {
  const [path = ""] = request.url.split("?");
  const page: Page<T> = paginate(all, {
    url: `${request.protocol}://${request.host}${path}`,
    query: queryOf(request),
  });
  return { [key]: page.items.map(render), links: page.links, meta: page.meta };
}

export function noContent(reply: FastifyReply): FastifyReply {
  return reply.code(204).send();
}

export function created(reply: FastifyReply, body: Json, status = 201): Json {
  void reply.code(status);
  return body;
}

/** The item, or a 404. */
export function found<T>(item: T | undefined): T {
  if (item === undefined) throw notFound();
  return item;
}

export function dropletById(context: ApiContext, id: string | number): Droplet {
  return found(context.state.droplets.find((one) => String(one.id) === String(id)));
}

/** The droplet, unless it is being destroyed. */
export function liveDroplet(context: ApiContext, id: number): Droplet | undefined {
  return context.state.droplets.find((one) => one.id === id && !one.destroying);
}

export function showDroplet(context: ApiContext, droplet: Droplet): Json {
  const busy = droplet.status !== "new" && context.actions.inProgress("droplet", String(droplet.id)) !== undefined;
  return renderDroplet(context.state, droplet, droplet.destroying || busy || context.faults.locks(droplet.name));
}
