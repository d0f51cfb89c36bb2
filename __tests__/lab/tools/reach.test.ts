import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { knownUnreachable, NO_WAY_OUT, reachable, rememberUnreachable } from "../../../lab/tools/reach";
import { useScratchDir } from "./scratch";

useScratchDir();

test("a host that answers, with whatever status, is reachable", async () => {
  const server = createServer((_request, response) => response.writeHead(404).end());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  expect(await reachable(`http://127.0.0.1:${port}/`)).toBe(true);
  await new Promise((resolve) => server.close(resolve));
  expect(await reachable(`http://127.0.0.1:${port}/`)).toBe(false);
  expect(await knownUnreachable("127.0.0.1")).toBe(true);
});

test("an unreachable host is left alone for a day", async () => {
  const then = Date.parse("2026-01-01T00:00:00Z");
  const hours = (n: number) => then + n * 3_600_000;
  expect(await knownUnreachable("host.invalid", then)).toBe(false);
  await rememberUnreachable("host.invalid", then);
  expect(await knownUnreachable("host.invalid", hours(23))).toBe(true);
  expect(await knownUnreachable("host.invalid", hours(25))).toBe(false);
  // A clock that was set back must not make it last for ever.
  expect(await knownUnreachable("host.invalid", hours(-1))).toBe(false);
});

test("where no network leads out no host is tried, and nothing remembered that others would go by", async () => {
  const outside = process.env;
  process.env = { ...outside, [NO_WAY_OUT]: "yes" };
  try {
    expect(await reachable("https://host.invalid/")).toBe(false);
  } finally {
    process.env = outside;
  }
  expect(await knownUnreachable("host.invalid")).toBe(false);
});
