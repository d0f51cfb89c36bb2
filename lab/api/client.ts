import type { ActiveFault, Fault } from "./faults";
import type { LoggedRequest } from "./request-log";

/** Talks to the lab's own paths of a running API server: faults to inject, requests to look at. */
export class LabApiClient {
  /** @param url As `listen()` returned it. */
  constructor(
    private readonly url: string,
    private readonly token: string,
  ) {}

  async injectFault(fault: Fault): Promise<ActiveFault> {
    const answer = (await this.call("POST", "/lab/faults", fault)) as { fault: ActiveFault };
    return answer.fault;
  }

  async faults(): Promise<ActiveFault[]> {
    const answer = (await this.call("GET", "/lab/faults")) as { faults: ActiveFault[] };
    return answer.faults;
  }

  async removeFault(id: number): Promise<void> {
    await this.call("DELETE", `/lab/faults/${id}`);
  }

  async clearFaults(): Promise<void> {
    await this.call("DELETE", "/lab/faults");
  }

  /** The last requests, oldest first. @param path Regular expression that their URL must match. */
  async requests(path?: string): Promise<LoggedRequest[]> {
    const search = path === undefined ? "" : `?${new URLSearchParams({ path }).toString()}`;
    const answer = (await this.call("GET", `/lab/requests${search}`)) as { requests: LoggedRequest[] };
    return answer.requests;
  }

  async forgetRequests(): Promise<void> {
    await this.call("DELETE", "/lab/requests");
  }

  private async call(method: string, path: string, body?: unknown): Promise<unknown> {
    const response = await fetch(`${this.url}${path}`, {
      method,
      headers: { authorization: `Bearer ${this.token}`, "content-type": "application/json" },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path}: ${response.status} ${text}`);
    return text === "" ? undefined : JSON.parse(text);
  }
}
