import type { FastifyInstance } from "fastify";

import { type ApiContext, bodyOf, created, noContent, param, query } from "../context";
import { notFound } from "../errors";
import { parseFault } from "../faults";

/** The lab's own paths, which DigitalOcean does not have. */
export function adminRoutes(app: FastifyInstance, { faults, requests }: ApiContext): void {
  app.get("/lab/faults", () => ({ faults: faults.list() }));

  app.post("/lab/faults", (request, reply) => created(reply, { fault: faults.add(parseFault(bodyOf(request))) }));

  app.delete("/lab/faults", (_request, reply) => {
    faults.clear();
    return noContent(reply);
  });

  app.delete("/lab/faults/:id", (request, reply) => {
    if (!faults.remove(Number(param(request, "id")))) throw notFound();
    return noContent(reply);
  });

  app.get("/lab/requests", (request) => {
    const pattern = query(request, "path");
    const matches = pattern === undefined ? undefined : new RegExp(pattern);
    return { requests: requests.list().filter(({ url }) => matches?.test(url) ?? true) };
  });

  app.delete("/lab/requests", (_request, reply) => {
    requests.clear();
    return noContent(reply);
  });
}
