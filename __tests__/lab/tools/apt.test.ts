import { ensureCommands, type AptHost } from "../../../lab/tools/apt";
import { CommandError } from "../../../lab/tools/command";

const DEBIAN = 'PRETTY_NAME="Debian"\nID=debian\n';

function host(overrides: Partial<AptHost> & { readonly has?: readonly string[] }, calls: string[] = []): AptHost {
  return {
    platform: "linux",
    uid: 0,
    find: (command) => Promise.resolve(overrides.has?.includes(command) === true ? `/usr/bin/${command}` : undefined),
    osRelease: () => Promise.resolve(DEBIAN),
    aptGet: (args) => {
      calls.push(args.join(" "));
      return Promise.resolve();
    },
    ...overrides,
  };
}

test("nothing is run when everything is there", async () => {
  const calls: string[] = [];
  expect(await ensureCommands(["ip", "nft"], undefined, host({ has: ["ip", "nft"] }, calls))).toEqual([]);
  expect(calls).toEqual([]);
});

test("what is missing is installed, and said", async () => {
  const calls: string[] = [];
  const lines: string[] = [];
  const installed = await ensureCommands(
    ["ip", "nft", "systemd-nspawn"],
    (l) => lines.push(l),
    host({ has: ["ip"] }, calls),
  );
  expect(installed).toEqual(["nftables", "systemd-container"]);
  expect(calls).toEqual(["install --yes --no-install-recommends nftables systemd-container"]);
  expect(lines).toEqual(["Installing nftables, systemd-container with apt-get"]);
});

test("the package lists are updated only if the first try fails", async () => {
  const calls: string[] = [];
  const aptGet = (args: readonly string[]) => {
    calls.push(args[0] ?? "");
    return calls.length === 1
      ? Promise.reject(new CommandError(["apt-get"], 100, "exit status 100", ""))
      : Promise.resolve();
  };
  await ensureCommands(["nft"], undefined, host({ aptGet }));
  expect(calls).toEqual(["install", "update", "install"]);
});

test.each([
  ["another system", { platform: "darwin" as const }, /cannot run on darwin.*Debian or Ubuntu machine/],
  ["another distribution", { osRelease: () => Promise.resolve("ID=fedora\n") }, /Install what Debian calls nftables/],
  ["an ordinary user", { uid: 1000 }, /Run: sudo apt-get install nftables/],
])("%s is told what to do", async (_what, overrides, message) => {
  await expect(ensureCommands(["nft"], undefined, host(overrides))).rejects.toThrow(message);
});

test("a derivative of Debian counts as one", async () => {
  const osRelease = () => Promise.resolve('ID=linuxmint\nID_LIKE="ubuntu debian"\n');
  await expect(ensureCommands(["nft"], undefined, host({ osRelease }))).resolves.toEqual(["nftables"]);
});
