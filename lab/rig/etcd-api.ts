import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import type { CertificateFiles } from "./certificates";

/** What a member says of itself. */
export interface MemberStatus {
  /** Decimal, as the gateway writes 64-bit numbers. */
  readonly id: string;
  /** Of the leader it knows; "0" for none. */
  readonly leader: string;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
}

/** One member's JSON gateway and metrics. */
export class EtcdApi {
  private agent: Agent;
  private readonly tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  public constructor(
    private readonly address: string,
    files: CertificateFiles,
  ) {
    this.tls = { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
    this.agent = this.newAgent();
  }

  public async status(): Promise<MemberStatus> {
    const answer = JSON.parse(await this.call("POST", "/v3/maintenance/status", {})) as {
      header: { member_id: string };
      leader?: string;
      raftTerm?: string;
      raftIndex?: string;
      raftAppliedIndex?: string;
    };
    return {
      id: answer.header.member_id,
      leader: answer.leader ?? "0",
      raftTerm: Number(answer.raftTerm ?? 0),
      raftIndex: Number(answer.raftIndex ?? 0),
      appliedIndex: Number(answer.raftAppliedIndex ?? 0),
    };
  }

  /** Whether it serves linearizable reads: it knows a leader, and that one has a quorum. */
  public async healthy(): Promise<boolean> {
    try {
      const answer = JSON.parse(await this.call("GET", "/health")) as { health: string };
      return answer.health === "true";
    } catch {
      return false;
    }
  }

  /** Hands leadership to another member; only the leader can. */
  public async moveLeader(targetId: string): Promise<void> {
    await this.call("POST", "/v3/maintenance/transfer-leadership", { targetID: targetId }, 10_000);
  }

  /** How often it learned of a leader, the first time included: also counts leaders lost from sight and found again. */
  public async leaderChangesSeen(): Promise<number> {
    const metrics = await this.call("GET", "/metrics");
    return Number(/^etcd_server_leader_changes_seen_total (\S+)$/m.exec(metrics)?.[1] ?? NaN);
  }

  /** Forgets connections that lead to a process which is gone. */
  public reset(): void {
    this.agent.destroy();
    this.agent = this.newAgent();
  }

  private newAgent(): Agent {
    return new Agent({ keepAlive: true, ...this.tls });
  }

  private call(method: string, path: string, body?: object, timeoutMs = 10_000): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: this.address,
          port: 2379,
          method,
          path,
          agent: this.agent,
          signal: AbortSignal.timeout(timeoutMs),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            if (answer.statusCode === 200) resolve(text);
            else reject(new Error(`${method} ${path} of ${this.address}: ${answer.statusCode ?? "?"} ${text.trim()}`));
          });
        },
      );
      asked.on("error", reject);
      asked.end(body === undefined ? undefined : JSON.stringify(body));
    });
  }
}
