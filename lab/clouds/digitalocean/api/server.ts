import type { AddressInfo } from "node:net";

import Fastify, { type FastifyInstance } from "fastify";

import type { MachineDriver } from "../../../machines/machine-driver";
import { Actions } from "./actions";
import type { ApiContext } from "./context";
import { DropletLifecycle } from "./droplet-lifecycle";
import { Faults } from "./faults";
import { FirewallSync } from "./firewall-sync";
import { acceptJson, addHooks, answerErrors, newRequestId, type SentAnswer, showAnswers } from "./http";
import { looksLikeNotFound } from "./ids";
import { settlePeering } from "./peerings";
import { RequestLog } from "./request-log";
import { accountRoutes } from "./routes/account";
import { actionRoutes } from "./routes/actions";
import { adminRoutes } from "./routes/admin";
import { catalogRoutes } from "./routes/catalog";
import { domainRoutes } from "./routes/domains";
import { dropletActionRoutes } from "./routes/droplet-actions";
import { dropletRoutes } from "./routes/droplets";
import { firewallRoutes } from "./routes/firewalls";
import { keyRoutes } from "./routes/keys";
import { projectRoutes } from "./routes/projects";
import { reservedIpRoutes } from "./routes/reserved-ips";
import { tagRoutes } from "./routes/tags";
import { volumeRoutes } from "./routes/volumes";
import { vpcPeeringRoutes } from "./routes/vpc-peerings";
import { vpcRoutes } from "./routes/vpcs";
import type { Store } from "./store";

export interface ApiServerOptions {
  readonly store: Store;
  readonly driver: MachineDriver;
  /** API tokens that are accepted. */
  readonly tokens: readonly string[];
  /** @default 25, as for a new account */
  readonly dropletLimit?: number;
  /**
   * Duration of an action that needs no machine (a rename, a volume's attachment), in seconds.
   * @default 0
   */
  readonly actionSeconds?: number;
  /**
   * Duration of a VPC peering's creation and of its deletion, in seconds.
   * @default 1
   */
  readonly peeringSeconds?: number;
  /**
   * Interval, in seconds, at which machines are asked whether they still run; 0 is never.
   * @default 5
   */
  readonly reconcileSeconds?: number;
  /**
   * Takes messages for the operator, one line each.
   * @default nothing is logged
   */
  readonly log?: (line: string) => void;
  /**
   * Called with every answer of the API just before it is sent.
   * @default nothing is called
   */
  readonly watch?: (answer: SentAnswer) => void;
}

export interface ApiServer {
  readonly faults: Faults;
  readonly requests: RequestLog;
  /**
   * Continues what an earlier process left unfinished, and listens on 127.0.0.1.
   * @param port 0 picks a free one
   * @returns the base URL, for DIGITALOCEAN_API_URL
   */
  listen(port: number): Promise<string>;
  /** Stops the server with its state on disk; machines keep running. */
  close(): Promise<void>;
}

const MOST_BODY_BYTES = 8 * 1024 * 1024;
const LONGEST_PARAMETER = 1024;

/** A stateful stand-in for the DigitalOcean API v2; `driver` makes the droplets' machines. */
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
    projectRoutes,
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
    // Error texts begin with the URL, and the provider takes any that contains "404" for "not found".
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
