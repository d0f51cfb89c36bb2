import { notFound } from "./errors";
import type { Faults } from "./faults";
import { nextId, timestamp } from "./ids";
import { parseIpv4 } from "./ipam";
import type { Action, State } from "./model";
import type { Store } from "./store";
import { renderRegion } from "./views";
import { pause } from "./waiting";

const MOST_REMEMBERED = 5000;

export type NewAction = Pick<Action, "type" | "resourceType" | "resource" | "region" | "imageId">;

/** The actions on droplets, volumes, reserved IPs and images, with their status. */
export class Actions {
  private readonly state: State;

  constructor(
    private readonly store: Store,
    private readonly faults: Faults,
    /** Duration of an action that needs no machine. */
    private readonly seconds: number,
  ) {
    this.state = store.state;
  }

  /** Starts an action, which the caller completes. If a fault applies, it is errored from the start. */
  start(wanted: NewAction): Action {
    const errored = this.faults.takeForAction(wanted.type);
    const now = timestamp();
    const action: Action = {
      id: nextId(this.state, "action"),
      status: errored ? "errored" : "in-progress",
      startedAt: now,
      completedAt: errored ? now : null,
      ...wanted,
    };
    this.state.actions.push(action);
    if (this.state.actions.length > MOST_REMEMBERED) this.state.actions.shift();
    this.store.changed();
    return action;
  }

  /** An action that takes effect at once, but is reported as completed only after `seconds`. */
  perform(wanted: NewAction, effect: () => void): Action {
    const action = this.start(wanted);
    if (action.status === "errored") return action;
    effect();
    if (this.seconds === 0) this.complete(action);
    else void this.completeLater(action);
    return action;
  }

  complete(action: Action): void {
    this.end(action, "completed");
  }

  fail(action: Action): void {
    this.end(action, "errored");
  }

  get(id: number): Action {
    const action = this.state.actions.find((one) => one.id === id);
    if (!action) throw notFound();
    return action;
  }

  of(resourceType: Action["resourceType"], resource: string): Action[] {
    return this.state.actions.filter((one) => one.resourceType === resourceType && one.resource === resource).reverse();
  }

  inProgress(resourceType: Action["resourceType"], resource: string): Action | undefined {
    return this.of(resourceType, resource).find((one) => one.status === "in-progress");
  }

  private async completeLater(action: Action): Promise<void> {
    await pause(this.seconds * 1000);
    this.complete(action);
    await this.store.flush();
  }

  private end(action: Action, status: "completed" | "errored"): void {
    if (action.status !== "in-progress") return;
    // Some clients look at the status and some at the time: set both together.
    action.status = status;
    action.completedAt = timestamp();
    this.store.changed();
  }
}

export function renderAction(action: Action): Record<string, unknown> {
  return {
    id: action.id,
    status: action.status,
    type: action.type,
    started_at: action.startedAt,
    completed_at: action.completedAt,
    resource_id: resourceId(action),
    resource_type: action.resourceType,
    region: renderRegion(action.region),
    region_slug: action.region,
  };
}

/** The API's type is integer or null, so a volume's UUID cannot be given. */
function resourceId({ resourceType, resource }: Action): number | null {
  if (resourceType === "volume") return null;
  return resourceType === "reserved_ip" ? (parseIpv4(resource) ?? null) : Number(resource);
}
