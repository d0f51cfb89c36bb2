import * as path from "node:path";
import { GrpcConnection } from "../../lib/measure/grpc-connection";
import { scratchDirectory } from "../templates/render";
import { framed, Handler, refuse, succeed, TestServer } from "./grpc-server";
import { TestAuthority } from "./members";

const METHOD = "etcdserverpb.Maintenance/Status";
const LIMITS = { timeoutMs: 10_000 };
const MESSAGE = Buffer.from("0807", "hex");

const scratch = scratchDirectory();
const authority = new TestAuthority(path.join(scratch, "ours"));
const ours = authority.issue("client");
let server: TestServer;
let connection: GrpcConnection;
let handle: Handler;

beforeEach(async () => {
  server = await TestServer.start(authority.issue("server"), (...call) => {
    handle(...call);
  });
  connection = new GrpcConnection(server.url, ours);
});
afterEach(() => {
  connection.close();
  server.stop();
});

describe("a call over gRPC", () => {
  it("sends the method and the message as gRPC wants them, and has the message that is answered", async () => {
    let seen: unknown;
    handle = ({ method, url, headers }, response, body) => {
      seen = [method, url, headers["content-type"], headers.te, body];
      succeed(response, Buffer.from("1001", "hex"));
    };
    expect(await connection.call(METHOD, MESSAGE, LIMITS)).toEqual(Buffer.from("1001", "hex"));
    expect(seen).toEqual(["POST", `/${METHOD}`, "application/grpc", "trailers", Buffer.from("00000000020807", "hex")]);
  });

  it("goes over the connection of the one before", async () => {
    const ports: unknown[] = [];
    handle = (request, response) => {
      ports.push(request.socket.remotePort);
      succeed(response, MESSAGE);
    };
    await connection.call(METHOD, MESSAGE, LIMITS);
    await connection.call(METHOD, MESSAGE, LIMITS);
    expect(ports[1]).toBe(ports[0]);
  });

  it("fails with the server's words, which come after HTTP has said that all is well", async () => {
    handle = (_request, response) => {
      refuse(response, 9, "etcdserver: not leader");
    };
    await expect(connection.call(METHOD, MESSAGE, LIMITS)).rejects.toThrow(
      "etcdserverpb.Maintenance/Status failed: etcdserver: not leader (gRPC status 9)",
    );
  });

  it("fails with words that come among the headers, where nothing follows them", async () => {
    handle = (_request, response) => {
      response.writeHead(200, {
        "content-type": "application/grpc",
        "grpc-status": "7",
        "grpc-message": "etcdserver: permission denied",
      });
      response.end();
    };
    await expect(connection.call(METHOD, MESSAGE, LIMITS)).rejects.toThrow("permission denied (gRPC status 7)");
  });

  it("fails where something else answers", async () => {
    handle = (_request, response) => {
      response.writeHead(404);
      response.end("404 page not found");
    };
    await expect(connection.call(METHOD, MESSAGE, LIMITS)).rejects.toThrow(`${METHOD} was answered by HTTP status 404`);
  });

  it.each([
    ["no message", Buffer.alloc(0)],
    ["half a message", framed(Buffer.from("0807", "hex")).subarray(0, 6)],
    ["a message too many", Buffer.concat([framed(MESSAGE), framed(MESSAGE)])],
  ])("fails where %s is answered", async (_what, answer) => {
    handle = (_request, response) => {
      response.writeHead(200, { "content-type": "application/grpc" });
      response.addTrailers({ "grpc-status": "0" });
      response.end(answer);
    };
    await expect(connection.call(METHOD, MESSAGE, LIMITS)).rejects.toThrow(`${METHOD} was not answered by one message`);
  });

  it("gives up on a server that does not answer, and makes another connection for the next", async () => {
    handle = () => undefined;
    await expect(connection.call(METHOD, MESSAGE, { timeoutMs: 300 })).rejects.toThrow(
      `no answer to ${METHOD} within 0.3 s`,
    );
    handle = (_request, response) => {
      succeed(response, MESSAGE);
    };
    expect(await connection.call(METHOD, MESSAGE, LIMITS)).toEqual(MESSAGE);
  });

  it("ends when that is asked for", async () => {
    const controller = new AbortController();
    handle = () => {
      controller.abort();
    };
    await expect(connection.call(METHOD, MESSAGE, { ...LIMITS, signal: controller.signal })).rejects.toThrow(/abort/);
  });

  it("fails with the system's word where nobody listens", async () => {
    server.stop();
    await expect(connection.call(METHOD, MESSAGE, LIMITS)).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("is refused to a client of another authority", async () => {
    const foreign = new TestAuthority(path.join(scratch, "theirs")).issue("client");
    const strange = new GrpcConnection(server.url, { ...foreign, ca: ours.ca });
    await expect(strange.call(METHOD, MESSAGE, LIMITS)).rejects.toThrow();
    strange.close();
  });

  it("is not made to a server of another authority", async () => {
    const foreign = new TestAuthority(path.join(scratch, "others")).issue("client");
    const strange = new GrpcConnection(server.url, foreign);
    await expect(strange.call(METHOD, MESSAGE, LIMITS)).rejects.toMatchObject({
      code: expect.stringMatching(/SIGNATURE|SELF_SIGNED|UNABLE_TO/) as unknown,
    });
    strange.close();
  });
});
