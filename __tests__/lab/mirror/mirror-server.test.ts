import { mkdir, symlink, utimes, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import * as path from "node:path";
import { startMirrorServer, type MirrorServer } from "../../../lab/mirror/mirror-server";
import { useScratchDir } from "../tools/scratch";

const scratch = useScratchDir();
const modified = new Date("2026-01-02T03:04:05Z");
let server: MirrorServer;
let url: string;

beforeEach(async () => {
  const pool = path.join(scratch(), "debian", "pool");
  await mkdir(pool, { recursive: true });
  await mkdir(path.join(scratch(), "etcd"));
  await writeFile(path.join(scratch(), "secret"), "secret");
  await writeFile(path.join(pool, "a+b_1.deb"), "0123456789");
  await writeFile(path.join(pool, "empty"), "");
  await utimes(path.join(pool, "a+b_1.deb"), modified, modified);
  await symlink(path.join(scratch(), "secret"), path.join(pool, "link"));
  server = await startMirrorServer({
    address: "127.0.0.1",
    port: 0,
    mounts: () => ({ "/debian/": path.join(scratch(), "debian"), "/etcd/": path.join(scratch(), "etcd") }),
  });
  url = `http://127.0.0.1:${server.port}`;
});

afterEach(() => server.close());

test("serves a file, also by its escaped name", async () => {
  for (const name of ["a+b_1.deb", "a%2bb_1.deb"]) {
    const response = await fetch(`${url}/debian/pool/${name}`);
    expect(response.status).toBe(200);
    expect(await response.text()).toBe("0123456789");
    expect(response.headers.get("last-modified")).toBe(modified.toUTCString());
  }
});

test("serves an empty file", async () => {
  const response = await fetch(`${url}/debian/pool/empty`);
  expect([response.status, await response.text()]).toEqual([200, ""]);
});

test("HEAD tells the length and sends nothing", async () => {
  const response = await fetch(`${url}/debian/pool/a+b_1.deb`, { method: "HEAD" });
  expect([response.status, response.headers.get("content-length"), await response.text()]).toEqual([200, "10", ""]);
});

test.each([
  ["bytes=2-4", 206, "234", "bytes 2-4/10"],
  ["bytes=7-", 206, "789", "bytes 7-9/10"],
  ["bytes=-3", 206, "789", "bytes 7-9/10"],
  ["bytes=8-100", 206, "89", "bytes 8-9/10"],
  ["bytes=10-", 416, "", "bytes */10"],
  ["bytes=4-2", 200, "0123456789", null],
  ["bytes=0-1,4-5", 200, "0123456789", null],
  ["lines=1-2", 200, "0123456789", null],
])("range %s", async (range, status, body, contentRange) => {
  const response = await fetch(`${url}/debian/pool/a+b_1.deb`, { headers: { range } });
  expect([response.status, await response.text(), response.headers.get("content-range")]).toEqual([
    status,
    body,
    contentRange,
  ]);
});

test("a range of a file that has changed since is the whole file", async () => {
  const headers = { range: "bytes=5-", "if-range": new Date(0).toUTCString() };
  const response = await fetch(`${url}/debian/pool/a+b_1.deb`, { headers });
  expect([response.status, await response.text()]).toEqual([200, "0123456789"]);
});

test("an unchanged file is not sent again", async () => {
  const ask = async (since: string) =>
    (await fetch(`${url}/debian/pool/a+b_1.deb`, { headers: { "if-modified-since": since } })).status;
  expect(await ask(modified.toUTCString())).toBe(304);
  expect(await ask(new Date(modified.getTime() - 1000).toUTCString())).toBe(200);
});

test.each(["/", "/debian/", "/debian/pool", "/debian/none", "/other", "/debian/pool/link", "/debian/%", "/debian/%00"])(
  "%s is not there",
  async (target) => {
    expect((await fetch(`${url}${target}`)).status).toBe(404);
  },
);

test.each(["/debian/../secret", "/debian/pool/../../secret", "/debian/%2e%2e/secret", "/debian//../../secret"])(
  "%s does not lead out",
  async (target) => {
    // Sent as it is: fetch would tidy the path up first.
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = connect(server.port, "127.0.0.1", () => {
        socket.write(`GET ${target} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`);
      });
      let text = "";
      socket.on("data", (chunk: Buffer) => (text += chunk.toString()));
      socket.on("end", () => {
        resolve(text);
      });
      socket.on("error", reject);
    });
    expect(answer).toMatch(/^HTTP\/1\.1 404 /);
    expect(answer).not.toContain("secret");
  },
);

test("only reading is allowed", async () => {
  const response = await fetch(`${url}/debian/pool/a+b_1.deb`, { method: "PUT", body: "x" });
  expect([response.status, response.headers.get("allow")]).toEqual([405, "GET, HEAD"]);
});
