import { ClientHttp2Session, connect, IncomingHttpHeaders } from "node:http2";

/** The authority to trust, and the client's certificate and key, PEM. */
export interface GrpcCredentials {
  readonly ca: string | Buffer;
  readonly cert: string | Buffer;
  readonly key: string | Buffer;
}

/** How long a call may take, and what ends it before that. */
export interface GrpcCallLimits {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** In front of each message: whether it is compressed, and its length in four bytes. */
const HEAD_BYTES = 5;

/** A gRPC client with mutual TLS, over one connection that is kept as long as calls succeed on it. */
export class GrpcConnection {
  private session?: ClientHttp2Session;

  /** @param endpoint an https URL */
  public constructor(
    private readonly endpoint: string,
    private readonly credentials: GrpcCredentials,
  ) {}

  /**
   * A call with one message there and one back.
   *
   * @param method for example etcdserverpb.Maintenance/Status
   * @throws Error with the server's words if it refuses, and with the system's if it can't be reached
   */
  public call(method: string, message: Uint8Array, { timeoutMs, signal }: GrpcCallLimits): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const session = this.connected();
      const stream = session.request(
        { ":method": "POST", ":path": `/${method}`, "content-type": "application/grpc", te: "trailers" },
        { signal },
      );
      const timer = setTimeout(() => {
        stream.destroy(new Error(`no answer to ${method} within ${timeoutMs / 1000} s`));
      }, timeoutMs);
      const told: IncomingHttpHeaders = {};
      const chunks: Buffer[] = [];
      stream.on("response", (headers: IncomingHttpHeaders) => Object.assign(told, headers));
      stream.on("trailers", (trailers: IncomingHttpHeaders) => Object.assign(told, trailers));
      stream.on("data", (chunk: Buffer) => chunks.push(chunk));
      stream.on("error", (error: Error) => {
        session.destroy();
        // A request that waited for the connection gets an error without the reason, which is its cause.
        const { cause = error } = error as { cause?: Error };
        reject(cause);
      });
      stream.on("close", () => {
        clearTimeout(timer);
        const answer = Buffer.concat(chunks);
        if (told["grpc-status"] !== "0") reject(new Error(refusal(method, told)));
        else if (!isOneMessage(answer)) reject(new Error(`${method} was not answered by one message`));
        else resolve(answer.subarray(HEAD_BYTES));
      });
      stream.end(framed(message));
    });
  }

  /** Closes the connection; the next call makes another. */
  public close(): void {
    this.session?.destroy();
  }

  private connected(): ClientHttp2Session {
    if (this.session === undefined || this.session.closed || this.session.destroyed) {
      const { ca, cert, key } = this.credentials;
      this.session = connect(this.endpoint, { ca, cert, key });
      // Each call gets the error as well; without a listener it would end the process.
      this.session.on("error", () => undefined);
      // An idle connection must not keep the process alive.
      this.session.unref();
    }
    return this.session;
  }
}

function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function isOneMessage(answer: Buffer): boolean {
  return answer.length >= HEAD_BYTES && answer[0] === 0 && answer.readUInt32BE(1) === answer.length - HEAD_BYTES;
}

function refusal(method: string, told: IncomingHttpHeaders): string {
  const { "grpc-status": status, "grpc-message": message, ":status": http } = told;
  if (status !== undefined) return `${method} failed: ${String(message)} (gRPC status ${String(status)})`;
  return http === undefined ? `${method} was not answered` : `${method} was answered by HTTP status ${String(http)}`;
}
