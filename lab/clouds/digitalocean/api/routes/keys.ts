import type { FastifyInstance } from "fastify";

import { type ApiContext, bodyOf, created, found, listPage, noContent, param } from "../context";
import { invalid, unprocessable } from "../errors";
import { nextId } from "../ids";
import type { SshKey } from "../model";
import { parseSshPublicKey } from "../ssh-public-key";
import type { Json } from "../views";

export function keyRoutes(app: FastifyInstance, { state }: ApiContext): void {
  const byIdentifier = (identifier: string): SshKey =>
    found(state.keys.find((key) => String(key.id) === identifier || key.fingerprint === identifier));

  app.get("/v2/account/keys", (request) => listPage(request, "ssh_keys", state.keys, renderKey));

  app.post("/v2/account/keys", (request, reply) => {
    const body = bodyOf(request);
    const name = body.string("name");
    const given = body.string("public_key");
    const parsed = parseSshPublicKey(given);
    if (!parsed) throw invalid("public_key", given, "one OpenSSH public key, such as ssh-ed25519 AAAA... comment");
    if (state.keys.some((key) => key.fingerprint === parsed.fingerprint)) {
      throw unprocessable("SSH Key is already in use on your account");
    }
    const key: SshKey = {
      id: nextId(state, "key"),
      name,
      fingerprint: parsed.fingerprint,
      publicKey: parsed.text,
    };
    state.keys.push(key);
    return created(reply, { ssh_key: renderKey(key) });
  });

  app.get("/v2/account/keys/:key", (request) => ({ ssh_key: renderKey(byIdentifier(param(request, "key"))) }));

  app.put("/v2/account/keys/:key", (request) => {
    const key = byIdentifier(param(request, "key"));
    key.name = bodyOf(request).string("name");
    return { ssh_key: renderKey(key) };
  });

  app.delete("/v2/account/keys/:key", (request, reply) => {
    const key = byIdentifier(param(request, "key"));
    state.keys = state.keys.filter((one) => one !== key);
    return noContent(reply);
  });
}

function renderKey(key: SshKey): Json {
  return { id: key.id, name: key.name, fingerprint: key.fingerprint, public_key: key.publicKey };
}
