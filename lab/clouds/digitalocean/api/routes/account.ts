import type { FastifyInstance } from "fastify";

import type { ApiContext } from "../context";

export function accountRoutes(app: FastifyInstance, context: ApiContext): void {
  app.get("/v2/account", () => ({
    account: {
      droplet_limit: context.dropletLimit,
      floating_ip_limit: 25,
      reserved_ip_limit: 25,
      volume_limit: 100,
      email: "lab@example.com",
      name: "Lab",
      uuid: "b6f189db-f6d9-456c-ace5-f3c78dc9851d",
      email_verified: true,
      status: "active",
      status_message: "",
      team: { uuid: "5df3e300-4a17-4242-b7c2-0ca6c9fc25b7", name: "Lab" },
    },
  }));
}
