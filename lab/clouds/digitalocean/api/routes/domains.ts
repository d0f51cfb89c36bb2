import { isIPv4, isIPv6 } from "node:net";

import type { FastifyInstance, FastifyRequest } from "fastify";

import type { Body } from "../body";
import { type ApiContext, bodyOf, created, found, listPage, noContent, param, query } from "../context";
import { invalid, unprocessable } from "../errors";
import { nextId } from "../ids";
import type { Domain, DomainRecord, State } from "../model";
import type { Json } from "../views";

const DEFAULT_TTL = 1800;
const TYPES = ["A", "AAAA", "CAA", "CNAME", "MX", "NS", "SOA", "SRV", "TXT"] as const;
const DOMAIN_NAME = /^(?=.{1,253}$)([a-z0-9_]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]([a-z0-9-]{0,61}[a-z0-9])?$/i;
const MOST_TTL = 2 ** 31 - 1;

export function domainRoutes(app: FastifyInstance, { state }: ApiContext): void {
  const byName = (request: FastifyRequest): Domain =>
    found(state.domains.find((one) => one.name === param(request, "domain").toLowerCase()));
  const recordOf = (request: FastifyRequest): DomainRecord =>
    found(byName(request).records.find((one) => String(one.id) === param(request, "record")));

  app.get("/v2/domains", (request) => listPage(request, "domains", state.domains, renderDomain));

  app.post("/v2/domains", (request, reply) => {
    const domain = readDomain(state, bodyOf(request));
    state.domains.push(domain);
    return created(reply, { domain: renderDomain(domain) });
  });

  app.get("/v2/domains/:domain", (request) => ({ domain: renderDomain(byName(request)) }));

  app.delete("/v2/domains/:domain", (request, reply) => {
    const domain = byName(request);
    state.domains = state.domains.filter((one) => one !== domain);
    return noContent(reply);
  });

  app.get("/v2/domains/:domain/records", (request) => {
    const domain = byName(request);
    const [type, name] = [query(request, "type"), query(request, "name")];
    const wanted = domain.records.filter(
      (record) =>
        (type === undefined || record.type === type) && (name === undefined || fullName(domain, record) === name),
    );
    return listPage(request, "domain_records", wanted, (record) => record);
  });

  app.post("/v2/domains/:domain/records", (request, reply) => {
    const domain = byName(request);
    const body = bodyOf(request);
    const type = body.oneOf("type", TYPES);
    if (type === "SOA") throw invalid("type", type, "another type: a domain has its one SOA record from the start");
    const record = { id: 0, ...readRecord(body, type) };
    checkCname(domain, record);
    record.id = nextId(state, "record");
    domain.records.push(record);
    return created(reply, { domain_record: record });
  });

  app.get("/v2/domains/:domain/records/:record", (request) => ({ domain_record: recordOf(request) }));

  app.put("/v2/domains/:domain/records/:record", (request) => {
    const record = recordOf(request);
    const changed = { ...record, ...readRecord(bodyOf(request), record.type, record) };
    checkCname(byName(request), changed);
    return { domain_record: Object.assign(record, changed) };
  });

  app.delete("/v2/domains/:domain/records/:record", (request, reply) => {
    const domain = byName(request);
    const record = recordOf(request);
    domain.records = domain.records.filter((one) => one !== record);
    return noContent(reply);
  });
}

function readDomain(state: State, body: Body): Domain {
  const name = body.string("name", (text) => DOMAIN_NAME.test(text), "a domain name such as example.com").toLowerCase();
  if (state.domains.some((one) => one.name === name)) throw unprocessable(`name: the domain ${name} already exists`);
  const address = body.optionalString("ip_address", (text) => isIPv4(text) || isIPv6(text), "an IP address") ?? "";
  const record = (type: string, data: string): DomainRecord => ({
    id: nextId(state, "record"),
    type,
    name: "@",
    data,
    priority: null,
    port: null,
    ttl: DEFAULT_TTL,
    weight: null,
    flags: null,
    tag: null,
  });
  const records = [
    record("SOA", String(DEFAULT_TTL)),
    ...[1, 2, 3].map((number) => record("NS", `ns${number}.digitalocean.com`)),
    ...(address === "" ? [] : [record(isIPv4(address) ? "A" : "AAAA", address)]),
  ];
  return { name, ttl: DEFAULT_TTL, records };
}

/** @param before The record before an update; fields that the body leaves out stay. */
function readRecord(body: Body, type: string, before?: DomainRecord): Omit<DomainRecord, "id"> {
  const used = (types: readonly string[], value: number | undefined, old: number | null | undefined): number | null =>
    types.includes(type) ? (value ?? old ?? 0) : null;
  const tag = body.optionalString("tag") ?? before?.tag ?? null;
  return {
    type,
    name: before && !body.has("name") ? before.name : type === "SOA" ? "@" : body.string("name"),
    data: before && !body.has("data") ? before.data : readData(body, type, tag),
    priority: used(["MX", "SRV"], body.optionalInteger("priority", 0, 65_535), before?.priority),
    port: used(["SRV"], body.optionalInteger("port", 0, 65_535), before?.port),
    ttl: readTtl(body) ?? before?.ttl ?? DEFAULT_TTL,
    weight: used(["SRV"], body.optionalInteger("weight", 0, 65_535), before?.weight),
    flags: used(["CAA"], body.optionalInteger("flags", 0, 255), before?.flags),
    tag: type === "CAA" ? tag : null,
  };
}

/** Clients without a preference send 0. */
function readTtl(body: Body): number | undefined {
  const ttl = body.optionalInteger("ttl", 0, MOST_TTL);
  if (ttl !== undefined && ttl !== 0 && ttl < 30) throw invalid("ttl", ttl, "at least 30 seconds");
  return ttl === 0 ? undefined : ttl;
}

/** Names come with a final dot, and are answered without it. */
function readData(body: Body, type: string, tag: string | null): string {
  const data = body.string("data");
  if (type === "A" && !isIPv4(data)) throw invalid("data", data, "an IPv4 address");
  if (type === "AAAA" && !isIPv6(data)) throw invalid("data", data, "an IPv6 address");
  if (["CNAME", "MX", "NS", "SRV"].includes(type)) {
    if (data !== "@" && !data.endsWith("."))
      throw unprocessable(`data: given "${data}". Data needs to end with a dot (.)`);
    return data === "." ? data : data.replace(/\.$/, "");
  }
  return type === "CAA" && tag !== "iodef" ? data.replace(/\.$/, "") : data;
}

/** In DNS, a name with a CNAME record has no other record. */
function checkCname(domain: Domain, record: DomainRecord): void {
  const clash = domain.records.find(
    (other) =>
      other.id !== record.id && other.name === record.name && (other.type === "CNAME" || record.type === "CNAME"),
  );
  if (clash)
    throw unprocessable(`name: CNAME records cannot share a name with other records (${clash.type} ${clash.name})`);
}

function fullName(domain: Domain, record: DomainRecord): string {
  return record.name === "@" ? domain.name : `${record.name}.${domain.name}`;
}

function renderDomain(domain: Domain): Json {
  return { name: domain.name, ttl: domain.ttl, zone_file: zoneFile(domain) };
}

function zoneFile(domain: Domain): string {
  const lines = domain.records.map((record) => {
    const owner = `${fullName(domain, record)}. ${record.ttl} IN ${record.type}`;
    const numbers = [record.flags, record.priority, record.weight, record.port].filter((value) => value !== null);
    const named = ["CNAME", "MX", "NS", "SRV"].includes(record.type);
    if (record.type === "SOA")
      return `${owner} ns1.digitalocean.com. hostmaster.${domain.name}. 1 10800 3600 604800 1800`;
    return [owner, ...numbers, ...(record.tag === null ? [] : [record.tag]), `${record.data}${named ? "." : ""}`].join(
      " ",
    );
  });
  return [`$ORIGIN ${domain.name}.`, `$TTL ${domain.ttl}`, ...lines, ""].join("\n");
}
