import { Agent, request } from "node:https";
import { TLSSocket } from "node:tls";
import type { ClientFiles } from "./client-files";
import { GrpcConnection } from "./grpc-connection";
import { ProtobufMessage } from "./protobuf";

/** Long enough for TCP, TLS and a request across the world with two lost SYNs, as `Tuning.clientDialTimeoutMs`. */
const TIMEOUT_MS = 5000;

/** What a member answered. */
export interface Answer {
  readonly text: string;
  /** DNS names in the certificate that it showed: the member's name is among them. */
  readonly names: readonly string[];
}

/** A member that did not answer, and what to do about it. */
export class UnreachableError extends Error {
  public override readonly name = "UnreachableError";
}

/** Of etcd's answers to gRPC: MemberListResponse.header, and in that ResponseHeader.cluster_id. */
const HEADER = 1;
const CLUSTER_ID = 1;

/** A member's client URL, with mutual TLS, over one connection that is kept. */
export class MemberConnection {
  private readonly agent: Agent;

  public constructor(
    public readonly endpoint: string,
    private readonly files: ClientFiles,
    private readonly signal: AbortSignal,
  ) {
    this.agent = new Agent({ keepAlive: true, maxSockets: 1, ca: files.ca, cert: files.certificate, key: files.key });
  }

  /** @throws UnreachableError with what to do */
  public metrics(): Promise<Answer> {
    return this.get("/metrics");
  }

  /**
   * The cluster's id in hexadecimal. No HTTP page of a member has it, but every gRPC response does, and any client may
   * ask for the list of members.
   *
   * @throws UnreachableError with what to do
   */
  public async clusterId(): Promise<string> {
    const { ca, certificate: cert, key } = this.files;
    const grpc = new GrpcConnection(this.endpoint, { ca, cert, key });
    try {
      const limits = { timeoutMs: TIMEOUT_MS, signal: this.signal };
      const answer = await grpc.call("etcdserverpb.Cluster/MemberList", new Uint8Array(), limits);
      return new ProtobufMessage(answer).message(HEADER).number(CLUSTER_ID).toString(16);
    } catch (error) {
      throw new UnreachableError(`${this.endpoint}: ${explain(error as NodeJS.ErrnoException)}`);
    } finally {
      grpc.close();
    }
  }

  public close(): void {
    this.agent.destroy();
  }

  private get(path: string): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const fail = (error: NodeJS.ErrnoException): void => {
        reject(new UnreachableError(`${this.endpoint}: ${explain(error)}`));
      };
      const options = { agent: this.agent, timeout: TIMEOUT_MS, signal: this.signal };
      const sent = request(`${this.endpoint}${path}`, options, (response) => {
        let text = "";
        // Read here: at the end of a response the agent takes the socket back.
        const names = response.socket instanceof TLSSocket ? namesOf(response.socket) : [];
        response.setEncoding("utf8");
        response.on("data", (chunk: string) => (text += chunk));
        response.on("error", fail);
        response.on("end", () => {
          const { statusCode } = response;
          if (statusCode === 200) resolve({ text, names });
          else fail(new Error(`answered ${statusCode ?? "nothing"} to ${path}; is this etcd's client URL?`));
        });
      });
      sent.on("timeout", () => sent.destroy(new Error(`no answer within ${TIMEOUT_MS / 1000} s; ${LOOK_AT_NETWORK}`)));
      sent.on("error", fail);
      sent.end();
    });
  }
}

const LOOK_AT_NETWORK = "does the member run, and is your network in clientsFrom?";

function namesOf(socket: TLSSocket): string[] {
  const certificate: { readonly subjectaltname?: string } = socket.getPeerCertificate();
  return [...(certificate.subjectaltname ?? "").matchAll(/DNS:([^\s,]+)/g)].map((match) => match[1]);
}

function explain(error: NodeJS.ErrnoException): string {
  const code = error.code ?? "";
  const said = error.message.split("\n")[0];
  if (/^ERR_SSL_.*ALERT|^ECONNRESET$|^EPROTO$/.test(code)) {
    return `refused the client certificate (${said}); is it this cluster's, and not expired? Deploy to renew it, or name another with --env`;
  }
  if (/CERT|^UNABLE_TO|SELF_SIGNED|^ERR_TLS/.test(code)) {
    return `showed a certificate that the client's authority did not sign for it (${said}); is --env that of this cluster?`;
  }
  if (code === "ECONNREFUSED") return "refused the connection; etcd does not run there";
  if (/^(EHOSTUNREACH|ENETUNREACH|ETIMEDOUT)$/.test(code)) return `${said}; ${LOOK_AT_NETWORK}`;
  return said;
}
