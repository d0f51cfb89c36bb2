import { Body } from "./body";
import { invalid } from "./errors";
import type { DropletFaults } from "./model";

/** How often a fault occurs before it is used up. @default 1 */
export type Times = number | "forever";

interface RequestMatch {
  /** @default - any method */
  readonly method?: string;
  /** Regular expression, matched anywhere in the path; the query is left out. */
  readonly pathPattern: string;
  readonly times?: Times;
}

/** Answers with an error status. With `afterEffect` the request takes effect first, as if a gateway lost the answer. */
export interface StatusFault extends RequestMatch {
  readonly kind: "status";
  readonly status: number;
  readonly message?: string;
  readonly retryAfterSeconds?: number;
  readonly afterEffect?: boolean;
}

/** Closes the connection without an answer. */
export interface DropFault extends RequestMatch {
  readonly kind: "drop";
  readonly afterEffect?: boolean;
}

export interface LatencyFault extends RequestMatch {
  readonly kind: "latency";
  readonly ms: number;
}

interface DropletMatch {
  /** Regular expression, matched anywhere in the name of a droplet that is being created. */
  readonly namePattern: string;
  readonly times?: Times;
}

/** The droplet never leaves `new`; no machine is made. */
export interface DropletStaysNewFault extends DropletMatch {
  readonly kind: "droplet-stays-new";
}

/** The droplet's creation fails. */
export interface DropletErroredFault extends DropletMatch {
  readonly kind: "droplet-errored";
}

/** The droplet's creation starts late. */
export interface DropletSlowFault extends DropletMatch {
  readonly kind: "droplet-slow";
  readonly seconds: number;
}

/** For this long after boot, logins get "Please wait while we get your droplet ready...". */
export interface SshNotReadyFault extends DropletMatch {
  readonly kind: "ssh-not-ready";
  readonly seconds: number;
}

/** Matching droplets are shown as locked, for `seconds` or until the fault is deleted. */
export interface LockedFault {
  readonly kind: "locked";
  readonly namePattern: string;
  readonly seconds?: number;
}

/** The next actions of matching type ("resize", "attach", "assign", ...) end as errored and change nothing. */
export interface ActionErroredFault {
  readonly kind: "action-errored";
  readonly typePattern: string;
  readonly times?: Times;
}

export type Fault =
  | StatusFault
  | DropFault
  | LatencyFault
  | DropletStaysNewFault
  | DropletErroredFault
  | DropletSlowFault
  | SshNotReadyFault
  | LockedFault
  | ActionErroredFault;

/** A fault that has not been used up. */
export interface ActiveFault {
  readonly id: number;
  readonly fault: Fault;
  /** How often it will still occur. */
  readonly left: Times;
  readonly since: string;
}

interface Entry {
  readonly id: number;
  readonly fault: Fault;
  left: Times;
  readonly since: number;
}

const ERROR_STATUS = { least: 400, most: 599 };

/** The active faults. In memory only: a restarted server has none. */
export class Faults {
  private entries: Entry[] = [];
  private lastId = 0;

  add(fault: Fault): ActiveFault {
    this.lastId += 1;
    const entry: Entry = {
      id: this.lastId,
      fault,
      left: ("times" in fault ? fault.times : undefined) ?? 1,
      since: Date.now(),
    };
    if (fault.kind === "locked") entry.left = "forever";
    this.entries.push(entry);
    return show(entry);
  }

  list(): ActiveFault[] {
    return this.entries.map(show);
  }

  remove(id: number): boolean {
    const before = this.entries.length;
    this.entries = this.entries.filter((entry) => entry.id !== id);
    return this.entries.length < before;
  }

  clear(): void {
    this.entries = [];
  }

  /** The delay and the first error that apply to this request. */
  takeForRequest(method: string, path: string): { latencyMs: number; strike?: StatusFault | DropFault } {
    let latencyMs = 0;
    let strike: StatusFault | DropFault | undefined;
    for (const entry of [...this.entries]) {
      const { fault } = entry;
      if (fault.kind !== "status" && fault.kind !== "drop" && fault.kind !== "latency") continue;
      if (fault.method !== undefined && fault.method.toUpperCase() !== method) continue;
      if (!new RegExp(fault.pathPattern).test(path)) continue;
      if (fault.kind === "latency") {
        latencyMs += fault.ms;
        this.spend(entry);
      } else if (!strike) {
        strike = fault;
        this.spend(entry);
      }
    }
    return { latencyMs, ...(strike ? { strike } : {}) };
  }

  /** The faults that apply to a droplet of this name that is about to be created. */
  takeForDroplet(name: string): DropletFaults {
    const found: DropletFaults = {};
    for (const entry of [...this.entries]) {
      const { fault } = entry;
      if (!("namePattern" in fault) || fault.kind === "locked" || !new RegExp(fault.namePattern).test(name)) continue;
      if (fault.kind === "droplet-stays-new") found.staysNew = true;
      if (fault.kind === "droplet-errored") found.errored = true;
      if (fault.kind === "droplet-slow") found.slowSeconds = fault.seconds;
      if (fault.kind === "ssh-not-ready") found.sshNotReadySeconds = fault.seconds;
      this.spend(entry);
    }
    return found;
  }

  locks(name: string): boolean {
    return this.entries.some(
      ({ fault, since }) =>
        fault.kind === "locked" &&
        new RegExp(fault.namePattern).test(name) &&
        (fault.seconds === undefined || Date.now() < since + fault.seconds * 1000),
    );
  }

  takeForAction(type: string): boolean {
    const entry = this.entries.find(
      ({ fault }) => fault.kind === "action-errored" && new RegExp(fault.typePattern).test(type),
    );
    if (entry) this.spend(entry);
    return entry !== undefined;
  }

  private spend(entry: Entry): void {
    if (entry.left === "forever") return;
    entry.left -= 1;
    if (entry.left <= 0) this.remove(entry.id);
  }
}

/** @throws ApiError 422 unless the body describes a fault */
export function parseFault(body: Body): Fault {
  const kind = body.oneOf("kind", [
    "status",
    "drop",
    "latency",
    "droplet-stays-new",
    "droplet-errored",
    "droplet-slow",
    "ssh-not-ready",
    "locked",
    "action-errored",
  ]);
  switch (kind) {
    case "status": {
      const message = body.optionalString("message");
      const retryAfterSeconds = body.optionalInteger("retryAfterSeconds", 0, 3600);
      return {
        kind,
        ...requestMatch(body),
        status: body.integer("status", ERROR_STATUS.least, ERROR_STATUS.most),
        ...(message === undefined ? {} : { message }),
        ...(retryAfterSeconds === undefined ? {} : { retryAfterSeconds }),
        afterEffect: body.boolean("afterEffect"),
      };
    }
    case "drop":
      return { kind, ...requestMatch(body), afterEffect: body.boolean("afterEffect") };
    case "latency":
      return { kind, ...requestMatch(body), ms: body.integer("ms", 0, 600_000) };
    case "droplet-stays-new":
    case "droplet-errored":
      return { kind, ...dropletMatch(body) };
    case "droplet-slow":
    case "ssh-not-ready":
      return { kind, ...dropletMatch(body), seconds: seconds(body) };
    case "locked":
      return {
        kind,
        namePattern: pattern(body, "namePattern"),
        ...(body.has("seconds") ? { seconds: seconds(body) } : {}),
      };
    case "action-errored":
      return { kind, typePattern: pattern(body, "typePattern"), times: times(body) };
  }
}

function requestMatch(body: Body): RequestMatch {
  const method = body.optionalString("method");
  return {
    ...(method === undefined ? {} : { method }),
    pathPattern: pattern(body, "pathPattern"),
    times: times(body),
  };
}

function dropletMatch(body: Body): DropletMatch {
  return { namePattern: pattern(body, "namePattern"), times: times(body) };
}

function pattern(body: Body, field: string): string {
  return body.string(field, isRegExp, "a regular expression");
}

function isRegExp(text: string): boolean {
  try {
    new RegExp(text);
    return true;
  } catch {
    return false;
  }
}

function seconds(body: Body): number {
  const value = body.number("seconds");
  if (value < 0) throw invalid(body.name("seconds"), value, "a number of seconds, 0 or more");
  return value;
}

function times(body: Body): Times {
  if (body.raw("times") === "forever") return "forever";
  return body.optionalInteger("times", 1, 1_000_000) ?? 1;
}

function show({ id, fault, left, since }: Entry): ActiveFault {
  return { id, fault, left, since: new Date(since).toISOString() };
}
