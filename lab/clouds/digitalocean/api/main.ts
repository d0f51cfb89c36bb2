import { parseArgs } from "node:util";

import { createApiServer } from "./server";
import { Store } from "./store";
import { VirtualMachineDriver } from "./virtual-machine-driver";

const USAGE = `Usage: node --import tsx lab/clouds/digitalocean/api/main.ts --port PORT --state FILE --token TOKEN [--boot-seconds N]

Serves the DigitalOcean API v2 on 127.0.0.1:PORT. API only: machines are virtual, nothing boots.

  --port          where to listen
  --state         JSON file that holds the account; made when it does not exist
  --token         the token that clients have to send; may be given more than once
  --boot-seconds  how long a droplet stays in status "new" (default 2)`;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      port: { type: "string" },
      state: { type: "string" },
      token: { type: "string", multiple: true },
      "boot-seconds": { type: "string", default: "2" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) {
    console.log(USAGE);
    return;
  }
  const port = Number(values.port);
  const bootSeconds = Number(values["boot-seconds"]);
  if (!Number.isInteger(port) || !(bootSeconds >= 0) || values.state === undefined || !values.token) {
    throw new Error(USAGE);
  }
  const store = Store.open(values.state);
  const driver = new VirtualMachineDriver(bootSeconds);
  for (const { id, status, made } of store.state.droplets) {
    if (made) driver.adopt(id, status === "active" ? "running" : "stopped");
  }
  const server = createApiServer({ store, driver, tokens: values.token, log: console.error });
  const url = await server.listen(port);
  console.log(`DigitalOcean API v2 on ${url}, account in ${values.state}`);
  console.log("API only: machines are virtual, nothing boots.");
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      server.close().then(
        () => process.exit(0),
        (error: unknown) => {
          console.error(error);
          process.exit(1);
        },
      );
    });
  }
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 2;
});
