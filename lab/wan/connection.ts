import { createConnection } from "node:net";
import { join } from "node:path";
import { sha256OfText } from "../tools/sha256";
import { WanError } from "./protocol";

const REQUEST_TIMEOUT_MS = 10_000;

/** The switch's control socket. */
export class WanConnection {
  constructor(
    /** Path of the socket. */
    readonly socket: string,
  ) {}

  /**
   * Sends a request to the switch, over a new connection.
   *
   * @throws WanError if the switch refuses it or does not answer
   */
  request(request: object, timeoutMs = REQUEST_TIMEOUT_MS): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const connection = createConnection(this.socket);
      let received = "";
      connection.setEncoding("utf8");
      connection.setTimeout(timeoutMs, () => {
        connection.destroy();
        reject(new WanError("timeout", `no answer within ${timeoutMs / 1000} s`));
      });
      connection.on("connect", () => connection.write(`${JSON.stringify(request)}\n`));
      connection.on("data", (chunk: string) => {
        received += chunk;
        const end = received.indexOf("\n");
        if (end < 0) {
          return;
        }
        connection.destroy();
        const answer = JSON.parse(received.slice(0, end)) as Answer;
        if (answer.ok) {
          resolve(answer.result);
        } else {
          reject(new WanError(answer.code ?? "system", answer.error ?? "no reason given"));
        }
      });
      connection.on("error", (error) => {
        reject(new WanError("not-running", `no switch answers on ${this.socket}: ${error.message}`));
      });
      connection.on("close", () => {
        reject(new WanError("not-running", "the switch ended while it was asked"));
      });
    });
  }

  /** Resolves when the switch ends (at once if none runs) or `stop` is aborted. */
  async untilGone(stop: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const connection = createConnection({ path: this.socket, signal: stop });
      connection.unref();
      connection.on("error", () => undefined);
      connection.on("close", () => {
        resolve();
      });
      connection.resume();
    });
  }
}

interface Answer {
  readonly ok: boolean;
  readonly code?: string;
  readonly error?: string;
  readonly result?: unknown;
}

/** Path of a state directory's socket: in /run if it would be too long there, as the kernel takes at most 107 bytes. */
export function socketPath(stateDir: string): string {
  const path = join(stateDir, "wan.sock");
  const short = `/run/lab-wan-${sha256OfText(stateDir).slice(0, 12)}.sock`;
  return Buffer.byteLength(path) <= 100 ? path : short;
}
