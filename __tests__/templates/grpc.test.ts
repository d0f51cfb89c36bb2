import { execFile } from "node:child_process";
import * as path from "node:path";
import * as fc from "fast-check";
import { Handler, refuse, succeed, TestServer } from "../measure/grpc-server";
import { TestAuthority } from "../measure/members";
import { ProtobufMessage } from "../../lib/measure/protobuf";
import { describeOnLinux, scratchDirectory, TEMPLATES } from "./render";

const METHOD = "etcdserverpb.Maintenance/MoveLeader";
/** In the middle of what etcd's ids may be, and beyond what shells count to. */
const MEMBER = 14216754278247584110n;

const directory = path.join(scratchDirectory(), "ours");
const authority = new TestAuthority(directory);
authority.issue("root");
let server: TestServer;
let handle: Handler;

beforeAll(async () => {
  server = await TestServer.start(authority.issue("server"), (...call) => {
    handle(...call);
  });
});
afterAll(() => {
  server.stop();
});

interface Said {
  readonly status: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

/** Runs it as node scripts do that have sourced grpc.sh, with this test's certificates. The server is in this process: nothing may wait for it. */
function sh(command: string): Promise<Said> {
  const at = (file: string): string => path.join(directory, file);
  const script =
    `set -eu; ask_client_url() { curl -sS --max-time 10 --cacert ${at("ca.crt")} --cert ${at("root.crt")} --key ${at("root.key")} "$@"; }; ` +
    `. ${TEMPLATES}/leader/grpc.sh; ${command}`;
  return new Promise((resolve) => {
    const child = execFile("/bin/sh", ["-c", script], { encoding: "buffer" }, (_error, stdout, stderr) => {
      resolve({ status: child.exitCode, stdout, stderr: stderr.toString().trim() });
    });
  });
}

/** As transfer in leadership.sh does it. */
const move = (more = ""): Promise<Said> =>
  sh(`grpc_call ${server.url} ${METHOD} "$(grpc_frame "\\\\0010$(varint ${MEMBER})")" ${more}`);

describeOnLinux("grpc.sh", () => {
  it("writes any number of 64 bits as protobuf reads it", async () => {
    const edges = [0n, 1n, 127n, 128n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 63n - 1n, 2n ** 63n, 2n ** 64n - 1n];
    const numbers = [...edges, ...fc.sample(fc.bigInt(0n, 2n ** 64n - 1n), 40)];
    // As field 1 of a message each.
    const { stdout } = await sh(`for id in ${numbers.join(" ")}; do printf '%b' "\\\\0010$(varint $id)"; done`);
    expect(stdout).toHaveLength(11 * numbers.length);
    const read = numbers.map((_, i) => new ProtobufMessage(stdout.subarray(11 * i, 11 * (i + 1))).number(1));
    expect(read).toEqual(numbers);
  });

  it("asks over HTTP/2 with what gRPC wants to see, and says nothing when all is well", async () => {
    let asked: readonly unknown[] = [];
    let sent: Buffer = Buffer.alloc(0);
    handle = ({ httpVersion, method, url, headers }, response, body) => {
      asked = [httpVersion, method, url, headers["content-type"], headers.te];
      sent = body;
      succeed(response, Buffer.alloc(0));
    };
    expect(await move()).toEqual({ status: 0, stdout: Buffer.alloc(0), stderr: "" });
    expect(asked).toEqual(["2.0", "POST", `/${METHOD}`, "application/grpc", "trailers"]);
    const message = sent.subarray(5);
    expect([sent.subarray(0, 5), new ProtobufMessage(message).number(1)]).toEqual([
      Buffer.from([0, 0, 0, 0, message.length]),
      MEMBER,
    ]);
  });

  it("fails with etcd's words when it refuses, although HTTP says that all is well", async () => {
    handle = (_request, response) => {
      refuse(response, 9, "etcdserver: not leader");
    };
    expect(await move()).toMatchObject({ status: 1, stderr: "etcdserver: not leader" });
  });

  it("fails with them also where they come among the headers", async () => {
    handle = (_request, response) => {
      const refused = { "grpc-status": "7", "grpc-message": "etcdserver: permission denied" };
      response.writeHead(200, { "content-type": "application/grpc", ...refused });
      response.end();
    };
    expect(await move()).toMatchObject({ status: 1, stderr: "etcdserver: permission denied" });
  });

  it("fails where something else answers", async () => {
    handle = (_request, response) => {
      response.writeHead(404);
      response.end();
    };
    expect(await move()).toMatchObject({ status: 1, stderr: expect.stringContaining("404") as unknown });
  });

  it("fails where the answer breaks off before it tells how the call ended", async () => {
    handle = (_request, response) => {
      response.writeHead(200, { "content-type": "application/grpc" });
      response.end();
    };
    expect(await move()).toMatchObject({ status: 1 });
  });

  it("waits as long as it is told to", async () => {
    handle = () => undefined;
    expect(await move("--max-time 0.5")).toMatchObject({
      status: 1,
      stderr: expect.stringContaining("timed out") as unknown,
    });
  });

  it("fails where nobody listens", async () => {
    const { status, stderr } = await sh(`grpc_call https://127.0.0.1:1 ${METHOD} "$(grpc_frame '')"`);
    expect([status, stderr]).toEqual([1, expect.stringMatching(/^curl: \(7\) /)]);
  });
});
