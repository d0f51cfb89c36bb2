import type { ActiveFault, Fault } from "./api/faults";
import type { LoggedRequest } from "./api/request-log";
import { LabConfig } from "../../config";
import { ToolError } from "../../tools/tool-error";
import { waitUntil } from "../../tools/wait";

/** A droplet's properties that the lab's commands use. */
export interface LabDroplet {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly region: string;
  readonly image: string;
  readonly publicAddress?: string;
  readonly privateAddress?: string;
}

/** The part of the API's droplet that a {@link LabDroplet} is made from. */
export interface DropletAnswer {
  readonly id: number;
  readonly name: string;
  readonly status: string;
  readonly region: { readonly slug: string };
  readonly image: { readonly slug: string };
  readonly networks: { readonly v4: readonly { readonly ip_address: string; readonly type: string }[] };
}

/** An answer with any status. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  /** Undefined if the answer has none. */
  readonly body: unknown;
}

/** A client of the lab's API server: the DigitalOcean API, and faults to inject into it. */
export class LabApi {
  /** The client of a lab that is up or about to be. */
  public static of(config: Pick<LabConfig, "port" | "token">): LabApi {
    return new LabApi(`http://127.0.0.1:${config.port}`, config.token);
  }

  /** @param url without a trailing slash */
  public constructor(
    public readonly url: string,
    private readonly token: string,
  ) {}

  /**
   * Sends a request; an error status does not throw.
   *
   * @param body sent as JSON; no body by default
   */
  public async call(method: string, path: string, body?: unknown): Promise<Answer> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const { status, headers } = response;
    return { status, headers, body: text === "" ? undefined : JSON.parse(text) };
  }

  /**
   * Sends a request and returns the answer's body, undefined if it has none.
   *
   * @param body sent as JSON; no body by default
   * @throws Error with the answer if its status is not 2xx
   */
  public async request(method: string, path: string, body?: unknown): Promise<unknown> {
    const answer = await this.call(method, path, body);
    if (answer.status < 200 || answer.status > 299) {
      throw new Error(`${method} ${path}: ${answer.status} ${JSON.stringify(answer.body)}`);
    }
    return answer.body;
  }

  /** Whether the server answers and accepts this lab's token. */
  public async answers(): Promise<boolean> {
    try {
      await this.request("GET", "/v2/account");
      return true;
    } catch {
      return false;
    }
  }

  public async droplets(): Promise<LabDroplet[]> {
    const answer = (await this.request("GET", "/v2/droplets?per_page=200")) as { droplets: DropletAnswer[] };
    return answer.droplets.map((droplet) => {
      const address = (type: string): string | undefined =>
        droplet.networks.v4.find((network) => network.type === type)?.ip_address;
      return {
        id: droplet.id,
        name: droplet.name,
        status: droplet.status,
        region: droplet.region.slug,
        image: droplet.image.slug,
        publicAddress: address("public"),
        privateAddress: address("private"),
      };
    });
  }

  /** Finds a droplet. @throws ToolError if none has that name or id */
  public async droplet(nameOrId: string): Promise<LabDroplet> {
    const droplets = await this.droplets();
    const found = droplets.find((droplet) => droplet.name === nameOrId || String(droplet.id) === nameOrId);
    if (found === undefined) {
      const names = droplets.map((droplet) => droplet.name).join(", ");
      throw new ToolError(
        `There is no machine "${nameOrId}".`,
        names === "" ? "Deploy first." : `There are: ${names}.`,
      );
    }
    return found;
  }

  /** Shuts a droplet down or powers it on or off, and waits until its status says so. */
  public async power(droplet: LabDroplet, action: "shutdown" | "power_on" | "power_off"): Promise<void> {
    const wanted = action === "power_on" ? "active" : "off";
    await this.request("POST", `/v2/droplets/${droplet.id}/actions`, { type: action });
    const reached = async (): Promise<boolean> => (await this.droplet(String(droplet.id))).status === wanted;
    if (await waitUntil(reached, 30_000, 250)) return;
    throw new ToolError(
      `${droplet.name} is not ${wanted} after 30 s.`,
      "Look at its console log in .lab/machines/logs.",
    );
  }

  /** Makes the server fail in the given way; each kind of fault is described at its type. */
  public async injectFault(fault: Fault): Promise<ActiveFault> {
    const answer = (await this.request("POST", "/lab/faults", fault)) as { fault: ActiveFault };
    return answer.fault;
  }

  /** The faults that have not been used up. */
  public async faults(): Promise<ActiveFault[]> {
    const answer = (await this.request("GET", "/lab/faults")) as { faults: ActiveFault[] };
    return answer.faults;
  }

  /** Deletes an active fault. @throws Error if it has been used up already */
  public async removeFault(id: number): Promise<void> {
    await this.request("DELETE", `/lab/faults/${id}`);
  }

  public async clearFaults(): Promise<void> {
    await this.request("DELETE", "/lab/faults");
  }

  /**
   * The last requests, oldest first.
   *
   * @param pathPattern regular expression, matched anywhere in the URL; all requests by default
   */
  public async requests(pathPattern?: string): Promise<LoggedRequest[]> {
    const search = pathPattern === undefined ? "" : `?${new URLSearchParams({ path: pathPattern }).toString()}`;
    const answer = (await this.request("GET", `/lab/requests${search}`)) as { requests: LoggedRequest[] };
    return answer.requests;
  }

  public async forgetRequests(): Promise<void> {
    await this.request("DELETE", "/lab/requests");
  }
}
