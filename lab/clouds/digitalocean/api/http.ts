import { createHash, randomUUID, timingSafeEqual } from "node:crypto";

import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from "fastify";

import type { ApiContext } from "./context";
import { ApiError, badRequest, notFound, unauthorized } from "./errors";
import type { DropFault, StatusFault } from "./faults";
import { looksLikeNotFound, timestamp } from "./ids";
import { type LoggedRequest, withoutSecrets } from "./request-log";
import { pause } from "./waiting";

/** DigitalOcean allows 5000 requests an hour. The lab counts requests but never refuses one. */
const RATE_LIMIT = 5000;
const HOUR_MS = 3_600_000;

export interface SentAnswer {
  readonly method: string;
  /** Including the query. */
  readonly path: string;
  readonly status: number;
  /** Empty if there is none. */
  readonly body: string;
}

/** Bodies are parsed as JSON whatever their content type; clients send a JSON type with an empty DELETE. */
export function acceptJson(app: FastifyInstance): void {
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

export function addHooks(app: FastifyInstance, context: ApiContext, tokens: readonly string[]): void {
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
      // A change is on disk before a client is told of it.
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

export function showAnswers(app: FastifyInstance, watch: (answer: SentAnswer) => void): void {
  app.addHook("onSend", (request, reply, payload, done) => {
    const { method, url: path } = request;
    if (path.startsWith("/v2/")) {
      watch({ method, path, status: reply.statusCode, body: typeof payload === "string" ? payload : "" });
    }
    done();
  });
}

export function answerErrors(app: FastifyInstance, log: (line: string) => void): void {
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
  // Some of DigitalOcean's services answer a bad request in another form: the answer has both.
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

/** Request ids appear in error texts, where the provider looks for "404". */
export function newRequestId(): string {
  let id = randomUUID();
  while (looksLikeNotFound(id)) id = randomUUID();
  return id;
}
