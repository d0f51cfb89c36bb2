import { readFileSync } from "node:fs";
import { Agent, request } from "node:https";
import { GrpcConnection } from "../../lib/measure/grpc-connection";
import { ProtobufMessage } from "../../lib/measure/protobuf";
import type { CertificateFiles } from "../etcd/throw-away-authority";

/** A member's status. */
export interface MemberStatus {
  readonly id: bigint;
  /** Id of the leader that it knows; 0 for none. */
  readonly leader: bigint;
  readonly raftTerm: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
}

const TIMEOUT_MS = 10_000;

/** Client of one member's maintenance service, health and metrics. */
export class EtcdApi {
  private agent: Agent;
  private readonly grpc: GrpcConnection;
  private readonly tls: { readonly ca: Buffer; readonly cert: Buffer; readonly key: Buffer };

  public constructor(
    private readonly address: string,
    files: CertificateFiles,
  ) {
    this.tls = { ca: readFileSync(files.ca), cert: readFileSync(files.cert), key: readFileSync(files.key) };
    this.agent = this.newAgent();
    this.grpc = new GrpcConnection(`https://${address}:2379`, this.tls);
  }

  public async status(): Promise<MemberStatus> {
    // Field numbers of etcd's rpc.proto, including ResponseHeader's member_id.
    const status = new ProtobufMessage(await this.maintain("Status", new Uint8Array()));
    return {
      id: status.message(1).number(2),
      leader: status.number(4),
      raftTerm: Number(status.number(6)),
      raftIndex: Number(status.number(5)),
      appliedIndex: Number(status.number(7)),
    };
  }

  /** Whether it serves linearizable reads, and so knows a leader that has a quorum. */
  public async healthy(): Promise<boolean> {
    try {
      const answer = JSON.parse(await this.get("/health")) as { health: string };
      return answer.health === "true";
    } catch {
      return false;
    }
  }

  /** Transfers leadership to another member; only the leader can. */
  public async moveLeader(target: bigint): Promise<void> {
    // MoveLeaderRequest: targetID is its field 1, a varint.
    await this.maintain("MoveLeader", Uint8Array.from([1 << 3, ...varint(target)]));
  }

  /** How often it has learned of a leader, including the first time and leaders that it lost contact with. */
  public async leaderChangesSeen(): Promise<number> {
    const metrics = await this.get("/metrics");
    return Number(/^etcd_server_leader_changes_seen_total (\S+)$/m.exec(metrics)?.[1] ?? NaN);
  }

  /** Closes connections, after the etcd process has been replaced. */
  public reset(): void {
    this.agent.destroy();
    this.agent = this.newAgent();
    this.grpc.close();
  }

  private newAgent(): Agent {
    return new Agent({ keepAlive: true, ...this.tls });
  }

  private maintain(call: string, message: Uint8Array): Promise<Buffer> {
    return this.grpc.call(`etcdserverpb.Maintenance/${call}`, message, { timeoutMs: TIMEOUT_MS });
  }

  private get(path: string): Promise<string> {
    return new Promise((resolve, reject) => {
      const asked = request(
        {
          host: this.address,
          port: 2379,
          path,
          agent: this.agent,
          signal: AbortSignal.timeout(TIMEOUT_MS),
        },
        (answer) => {
          const chunks: Buffer[] = [];
          answer.on("data", (chunk: Buffer) => chunks.push(chunk));
          answer.on("error", reject);
          answer.on("end", () => {
            const text = Buffer.concat(chunks).toString();
            if (answer.statusCode === 200) resolve(text);
            else reject(new Error(`${path} of ${this.address}: ${answer.statusCode ?? "?"} ${text.trim()}`));
          });
        },
      );
      asked.on("error", reject);
      asked.end();
    });
  }
}

/** Protobuf's encoding of an unsigned number: seven bits a byte, lowest first, the eighth set in all but the last. */
function varint(value: bigint): number[] {
  return value < 0x80n ? [Number(value)] : [Number(value & 0x7fn) | 0x80, ...varint(value >> 7n)];
}
