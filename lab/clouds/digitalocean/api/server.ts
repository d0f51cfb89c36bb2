import { randomUUID, timingSafeEqual, createHash } from "node:crypto";
import type { AddressInfo } from "node:net";

import Fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from "fastify";

import type { MachineDriver } from "../../../machines/machine-driver";
import { Actions } from "./actions";
import type { ApiContext } from "./context";
import { DropletLifecycle } from "./droplet-lifecycle";
import { ApiError, badRequest, notFound, unauthorized } from "./errors";
import { type DropFault, Faults, type StatusFault } from "./faults";
import { FirewallSync } from "./firewall-sync";
import { looksLikeNotFound, timestamp } from "./ids";
import { settlePeering } from "./peerings";
import { type LoggedRequest, RequestLog, withoutSecrets } from "./request-log";
import { accountRoutes } from "./routes/account";
import { actionRoutes } from "./routes/actions";
import { adminRoutes } from "./routes/admin";
import { catalogRoutes } from "./routes/catalog";
import { domainRoutes } from "./routes/domains";
import { dropletActionRoutes } from "./routes/droplet-actions";
import { dropletRoutes } from "./routes/droplets";
import { firewallRoutes } from "./routes/firewalls";
import { keyRoutes } from "./routes/keys";
import { reservedIpRoutes } from "./routes/reserved-ips";
import { tagRoutes } from "./routes/tags";
import { volumeRoutes } from "./routes/volumes";
import { vpcPeeringRoutes } from "./routes/vpc-peerings";
import { vpcRoutes } from "./routes/vpcs";
import type { Store } from "./store";
import { pause } from "./waiting";

export interface ApiServerOptions {
  readonly store: Store;
  readonly driver: MachineDriver;
  /** The tokens that are accepted. */
  readonly tokens: readonly string[];
  /** @default 25 as for a new account */
  readonly dropletLimit?: number;
  /**
   * How long an action takes that needs no machine: a rename, a volume's attachment.
   * @default 0
   */
  readonly actionSeconds?: number;
  /**
   * How long a VPC peering takes to come and to go.
   * @default 1
   */
  readonly peeringSeconds?: number;
  /**
   * How often machines are asked whether they still run; 0 is never.
   * @default 5
   */
  readonly reconcileSeconds?: number;
  /**
   * Takes what the operator should know, one line each.
   * @default nothing is logged
   */
  readonly log?: (line: string) => void;
  /**
   * Is shown every answer of the API just before it is sent.
   * @default nobody looks
   */
  readonly watch?: (answer: SentAnswer) => void;
}

export interface SentAnswer {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly status: number;
  /** Empty if there is none. */
  readonly body: string;
}

export interface ApiServer {
  readonly faults: Faults;
  readonly requests: RequestLog;
  /**
   * Carries on with what an earlier process left half-done, and listens on 127.0.0.1.
   * @param port 0 picks a free one
   * @returns the base URL, for DIGITALOCEAN_API_URL
   */
  listen(port: number): Promise<string>;
  /** Stops; machines keep running, and everything is on disk. */
  close(): Promise<void>;
}

/** DigitalOcean allows 5000 requests an hour. The lab counts them, and never refuses. */
const RATE_LIMIT = 5000;
const HOUR_MS = 3_600_000;
const MOST_BODY_BYTES = 8 * 1024 * 1024;
const LONGEST_PARAMETER = 1024;

/** A stateful stand-in for the DigitalOcean API v2; droplets are whatever `driver` makes of them. */
export function createApiServer(options: ApiServerOptions): ApiServer {
  const { store, driver } = options;
  const log = options.log ?? (() => undefined);
  const faults = new Faults();
  const requests = new RequestLog();
  const actions = new Actions(store, faults, options.actionSeconds ?? 0);
  const firewalls = new FirewallSync(store.state, driver, log);
  const lifecycle = new DropletLifecycle(store, driver, actions, firewalls, log);
  const context: ApiContext = {
    state: store.state,
    store,
    faults,
    requests,
    actions,
    firewalls,
    lifecycle,
    dropletLimit: options.dropletLimit ?? 25,
    peeringSeconds: options.peeringSeconds ?? 1,
  };

  const app = Fastify({
    bodyLimit: MOST_BODY_BYTES,
    forceCloseConnections: true,
    exposeHeadRoutes: false,
    routerOptions: { maxParamLength: LONGEST_PARAMETER, ignoreTrailingSlash: true },
    genReqId: newRequestId,
  });
  acceptJson(app);
  addHooks(app, context, options.tokens);
  if (options.watch) showAnswers(app, options.watch);
  answerErrors(app, log);
  for (const addRoutes of [
    accountRoutes,
    actionRoutes,
    adminRoutes,
    catalogRoutes,
    domainRoutes,
    dropletActionRoutes,
    dropletRoutes,
    firewallRoutes,
    keyRoutes,
    reservedIpRoutes,
    tagRoutes,
    volumeRoutes,
    vpcPeeringRoutes,
    vpcRoutes,
  ]) {
    addRoutes(app, context);
  }

  let ticker: NodeJS.Timeout | undefined;
  return {
    faults,
    requests,
    async listen(port) {
      await store.flush();
      await lifecycle.resume();
      for (const peering of store.state.peerings) settlePeering(store, peering, context.peeringSeconds);
      const url = await listenOn(app, port);
      const seconds = options.reconcileSeconds ?? 5;
      if (seconds > 0) {
        ticker = setInterval(() => {
          lifecycle.reconcile().catch((error: unknown) => {
            log(`machines could not be looked at: ${String(error)}`);
          });
        }, seconds * 1000);
        ticker.unref();
      }
      return url;
    },
    async close() {
      clearInterval(ticker);
      lifecycle.close();
      await app.close();
      await store.flush();
    },
  };
}

async function listenOn(app: FastifyInstance, port: number): Promise<string> {
  let wanted = port;
  if (wanted === 0) {
    // The provider takes any error text with "404" in it for "not found", and error texts begin with the URL.
    do wanted = 20_000 + Math.floor(Math.random() * 12_000);
    while (looksLikeNotFound(String(wanted)));
  }
  try {
    await app.listen({ host: "127.0.0.1", port: wanted });
  } catch (error) {
    if (port === 0 && (error as NodeJS.ErrnoException).code === "EADDRINUSE") return listenOn(app, 0);
    throw error;
  }
  const address = app.server.address() as AddressInfo;
  return `http://127.0.0.1:${address.port}`;
}

/** Bodies are JSON whatever their type says; a DELETE says JSON and has none. */
function acceptJson(app: FastifyInstance): void {
  app.removeAllContentTypeParsers();
  app.addContentTypeParser("*", { parseAs: "string" }, (_request, text, done) => {
    if (text === "") {
      done(null, undefined);
      return;
    }
    try {
      done(null, JSON.parse(text.toString()));
    } catch (error) {
      done(badRequest(`The body is not valid JSON: ${(error as Error).message}`));
    }
  });
}

function addHooks(app: FastifyInstance, context: ApiContext, tokens: readonly string[]): void {
  const { store, faults, requests } = context;
  const logged = new WeakMap<FastifyRequest, LoggedRequest>();
  const strikes = new WeakMap<FastifyRequest, StatusFault | DropFault>();
  const hour = { since: Date.now(), used: 0 };

  app.addHook("onRequest", (request, reply, done) => {
    void reply.headers({ "x-request-id": request.id, ...rateLimit(hour) });
    if (!request.url.startsWith("/lab/")) {
      const entry: LoggedRequest = {
        id: request.id,
        time: timestamp(),
        method: request.method,
        url: request.url,
      };
      logged.set(request, entry);
      requests.add(entry);
    }
    done(authorized(request, tokens) ? undefined : unauthorized());
  });

  app.addHook("preHandler", async (request, reply) => {
    const entry = logged.get(request);
    if (!entry) return;
    if (request.body !== undefined) entry.body = withoutSecrets(request.body);
    const [path = ""] = request.url.split("?");
    const { latencyMs, strike } = faults.takeForRequest(request.method, path);
    if (latencyMs > 0) await pause(latencyMs);
    if (!strike) {
      if (latencyMs > 0) entry.fault = "latency";
      return;
    }
    entry.fault = strike.kind;
    if (strike.afterEffect === true) {
      strikes.set(request, strike);
    } else if (strike.kind === "drop") {
      hangUp(request, reply);
    } else {
      announce(reply, strike);
      throw injected(strike);
    }
  });

  app.addHook("onSend", async (request, reply, payload) => {
    if (request.method !== "GET" && request.method !== "HEAD") {
      // No client may believe in a change that a crash could still take back.
      store.changed();
      await store.flush();
    }
    const strike = strikes.get(request);
    if (!strike) return payload;
    strikes.delete(request);
    if (strike.kind === "drop") {
      request.raw.socket.destroy();
      return payload;
    }
    announce(reply, strike);
    void reply.code(strike.status).header("content-type", "application/json; charset=utf-8");
    return JSON.stringify(errorBody(injected(strike), request));
  });

  app.addHook("onResponse", (request, reply, done) => {
    const entry = logged.get(request);
    if (entry) {
      entry.status = reply.statusCode;
      entry.milliseconds = Math.round(reply.elapsedTime);
    }
    done();
  });
}

function showAnswers(app: FastifyInstance, watch: (answer: SentAnswer) => void): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const { method, url: path } = request;
    if (path.startsWith("/v2/")) {
      watch({ method, path, status: reply.statusCode, body: typeof payload === "string" ? payload : "" });
    }
    done();
  });
}

function answerErrors(app: FastifyInstance, log: (line: string) => void): void {
  app.setNotFoundHandler(() => {
    throw notFound();
  });
  app.setErrorHandler((error: FastifyError | ApiError, request, reply) => {
    void reply.code(error instanceof ApiError ? error.status : (error.statusCode ?? 500));
    if (error instanceof ApiError) return errorBody(error, request);
    if (reply.statusCode < 500) return errorBody(new ApiError(reply.statusCode, "bad_request", error.message), request);
    log(`${request.method} ${request.url}: ${error.stack ?? error.message}`);
    return errorBody(new ApiError(500, "server_error", `Unexpected server-side error: ${error.message}`), request);
  });
}

function errorBody({ status, id, message }: ApiError, request: FastifyRequest): Record<string, unknown> {
  // Some services tell of a bad request in another form: the answer has both.
  const otherForm = status === 400 ? { error: message, messages: null, root_causes: [message] } : {};
  return { id, message, request_id: request.id, ...otherForm };
}

function injected(strike: StatusFault): ApiError {
  const ids: Record<number, string> = { 401: "Unauthorized", 404: "not_found", 429: "too_many_requests" };
  const id = ids[strike.status] ?? (strike.status >= 500 ? "server_error" : "unprocessable_entity");
  return new ApiError(strike.status, id, strike.message ?? `Fault injected: answer with status ${strike.status}`);
}

function announce(reply: FastifyReply, strike: StatusFault): void {
  if (strike.retryAfterSeconds !== undefined) void reply.header("retry-after", String(strike.retryAfterSeconds));
}

function hangUp(request: FastifyRequest, reply: FastifyReply): void {
  reply.hijack();
  request.raw.socket.destroy();
}

function authorized(request: FastifyRequest, tokens: readonly string[]): boolean {
  const [, given = ""] = /^Bearer +(\S+)$/i.exec(request.headers.authorization ?? "") ?? [];
  const digest = (text: string): Buffer => createHash("sha256").update(text).digest();
  return tokens.some((token) => token !== "" && timingSafeEqual(digest(token), digest(given)));
}

function rateLimit(hour: { since: number; used: number }): Record<string, string> {
  if (Date.now() >= hour.since + HOUR_MS) Object.assign(hour, { since: Date.now(), used: 0 });
  hour.used += 1;
  return {
    "ratelimit-limit": String(RATE_LIMIT),
    "ratelimit-remaining": String(Math.max(1, RATE_LIMIT - hour.used)),
    "ratelimit-reset": String(Math.ceil((hour.since + HOUR_MS) / 1000)),
  };
}

/** Request ids turn up in error texts too. */
function newRequestId(): string {
  let id = randomUUID();
  while (looksLikeNotFound(id)) id = randomUUID();
  return id;
}
