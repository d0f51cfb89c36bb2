import { createSecureServer, Http2ServerRequest, Http2ServerResponse } from "node:http2";
import type { AddressInfo, Socket } from "node:net";

/** A message in gRPC's frame. */
export function framed(message: Uint8Array): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

/** Answers a call of gRPC with that message. */
export function succeed(response: Http2ServerResponse, message: Uint8Array): void {
  response.writeHead(200, { "content-type": "application/grpc" });
  response.addTrailers({ "grpc-status": "0", "grpc-message": "" });
  response.end(framed(message));
}

/** Refuses it, as etcd does: HTTP's status is 200, and nothing but the trailers tells. */
export function refuse(response: Http2ServerResponse, status: number, message: string): void {
  response.writeHead(200, { "content-type": "application/grpc" });
  response.addTrailers({ "grpc-status": String(status), "grpc-message": message });
  response.end();
}

export type Handler = (request: Http2ServerRequest, response: Http2ServerResponse, body: Buffer) => void;

/** An https server that takes only clients of its authority, over HTTP/2 or HTTP/1.1, as etcd's client port. */
export class TestServer {
  public static async start(
    tls: { readonly key: string; readonly cert: string; readonly ca: string },
    handle: Handler,
  ): Promise<TestServer> {
    const options = { ...tls, requestCert: true, rejectUnauthorized: true, allowHTTP1: true };
    const sockets = new Set<Socket>();
    const server = createSecureServer(options, (request, response) => {
      const chunks: Buffer[] = [];
      request.on("data", (chunk: Buffer) => chunks.push(chunk));
      request.on("end", () => {
        handle(request, response, Buffer.concat(chunks));
      });
    });
    server.on("secureConnection", (socket: Socket) => sockets.add(socket));
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new TestServer((server.address() as AddressInfo).port, () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    });
  }

  public readonly url: string;

  private constructor(
    port: number,
    /** Takes no more connections, and ends those that there are. */
    public readonly stop: () => void,
  ) {
    this.url = `https://127.0.0.1:${port}`;
  }
}
