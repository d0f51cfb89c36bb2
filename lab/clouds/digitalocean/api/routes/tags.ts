import type { FastifyInstance, FastifyRequest } from "fastify";

import { type ApiContext, bodyOf, created, found, listPage, liveDroplet, noContent, param } from "../context";
import { badRequest, invalid, notFound } from "../errors";
import type { State, Tag, TaggedType } from "../model";
import { ensureTag, findTag, invalidTagName, isTagName, markTagged } from "../tagging";
import type { Json } from "../views";

interface Taggable {
  tags: string[];
}

const TYPES: Readonly<Record<string, TaggedType>> = {
  droplet: "droplets",
  volume: "volumes",
};

export function tagRoutes(app: FastifyInstance, context: ApiContext): void {
  const { state, firewalls } = context;
  const byName = (request: FastifyRequest): Tag => found(findTag(state, param(request, "name")));

  app.get("/v2/tags", (request) => listPage(request, "tags", state.tags, (tag) => renderTag(state, tag)));

  app.post("/v2/tags", (request, reply) => {
    // An existing tag is no error: clients create tags without looking first.
    const name = bodyOf(request).raw("name");
    if (!isTagName(name)) throw badRequest(invalidTagName("name", name).message);
    const tag = ensureTag(state, name);
    return created(reply, { tag: renderTag(state, tag) });
  });

  app.get("/v2/tags/:name", (request) => ({ tag: renderTag(state, byName(request)) }));

  app.delete("/v2/tags/:name", async (request, reply) => {
    const tag = byName(request);
    state.tags = state.tags.filter((one) => one !== tag);
    for (const holder of [...state.droplets, ...state.volumes, ...state.firewalls]) {
      untag(holder, tag);
    }
    await firewalls.sync();
    return noContent(reply);
  });

  app.post("/v2/tags/:name/resources", async (request, reply) => {
    const tag = byName(request);
    for (const { type, uri, resource } of resources(context, request)) {
      if (!resource.tags.includes(tag.name)) resource.tags.push(tag.name);
      markTagged(tag, type, uri);
    }
    await firewalls.sync();
    return noContent(reply);
  });

  app.delete("/v2/tags/:name/resources", async (request, reply) => {
    const tag = byName(request);
    for (const { resource } of resources(context, request)) untag(resource, tag);
    await firewalls.sync();
    return noContent(reply);
  });
}

function untag(holder: Taggable, tag: Tag): void {
  holder.tags = holder.tags.filter((name) => name !== tag.name);
}

/** All resources that a body names; if one does not exist, this throws before any is changed. */
function resources(
  context: ApiContext,
  request: FastifyRequest,
): { type: TaggedType; uri: string; resource: Taggable }[] {
  const items = bodyOf(request).objects("resources");
  if (items.length === 0) throw invalid("resources", [], "at least one resource");
  return items.map((item) => {
    const number = item.raw("resource_id");
    const id = typeof number === "number" ? String(number) : item.string("resource_id");
    const given = item.string("resource_type");
    const type = Object.hasOwn(TYPES, given) ? TYPES[given] : undefined;
    if (!type) throw invalid(item.name("resource_type"), given, `one of ${Object.keys(TYPES).join(", ")}`);
    const resource = findTaggable(context, type, id);
    if (!resource) throw notFound(`${item.name("resource_id")}: there is no ${given} ${id}`);
    return { type, uri: `${request.protocol}://${request.host}/v2/${type}/${id}`, resource };
  });
}

function findTaggable(context: ApiContext, type: TaggedType, id: string): Taggable | undefined {
  return type === "droplets"
    ? liveDroplet(context, Number(id))
    : context.state.volumes.find((volume) => volume.id === id);
}

/** Each of the five kinds must be present, even if no resource of that kind is tagged. */
function renderTag(state: State, tag: Tag): Json {
  const of = (type: TaggedType, holders: readonly Taggable[]): { count: number; last_tagged_uri?: string } => {
    const count = holders.filter((holder) => holder.tags.includes(tag.name)).length;
    const uri = tag.lastTagged[type];
    return { count, ...(uri === undefined || count === 0 ? {} : { last_tagged_uri: uri }) };
  };
  const kinds = {
    droplets: of("droplets", state.droplets),
    images: { count: 0 },
    volumes: of("volumes", state.volumes),
    volume_snapshots: { count: 0 },
    databases: { count: 0 },
  };
  const count = Object.values(kinds).reduce((sum, kind) => sum + kind.count, 0);
  const uri = tag.lastTagged.any;
  return {
    name: tag.name,
    resources: { count, ...(uri === undefined || count === 0 ? {} : { last_tagged_uri: uri }), ...kinds },
  };
}
