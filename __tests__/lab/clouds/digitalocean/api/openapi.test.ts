import type { SentAnswer } from "../../../../../lab/clouds/digitalocean/api/http";
import { openApi, VARIABLE } from "./support/openapi";

const KEY = { id: 1, name: "k", fingerprint: "f", public_key: "p" };

const answer = (changes: Partial<SentAnswer> & { readonly json?: unknown }): SentAnswer => ({
  method: "GET",
  path: "/v2/account/keys/1",
  status: 200,
  body: changes.json === undefined ? "" : JSON.stringify(changes.json),
  ...changes,
});

if (openApi === undefined) {
  const loss = `NO ANSWER WAS CHECKED against DigitalOcean's OpenAPI document, which is not at hand: ${VARIABLE} names its file`;
  console.warn(loss);
  it.skip(loss, () => undefined);
} else {
  const judge = openApi;

  describe("DigitalOcean's OpenAPI document, by which every answer in these tests is judged", () => {
    it.each<[string, Parameters<typeof answer>[0]]>([
      ["what it describes", { json: { ssh_key: KEY } }],
      [
        "an id in the path beside words",
        { method: "POST", path: "/v2/droplets/1/actions", status: 401, json: { id: "x", message: "x" } },
      ],
      ["a query", { path: "/v2/account/keys?page=1", json: { ssh_keys: [KEY], links: {}, meta: { total: 1 } } }],
      ["nothing where it has nothing", { method: "DELETE", status: 204 }],
      ["an error that it has only in general", { status: 422, json: { id: "x", message: "x" } }],
      ["no call that it does not have", { path: "/v2/nothing", status: 404, json: { id: "x", message: "x" } }],
      ["null where that is allowed", { path: "/v2/actions/1", json: { action: { id: 1, completed_at: null } } }],
    ])("allows %s", (_what, changes) => {
      expect(judge.deviation(answer(changes))).toBeUndefined();
    });

    it.each<[string, Parameters<typeof answer>[0], RegExp]>([
      ["a field of another type", { json: { ssh_key: { ...KEY, name: 7 } } }, /200: \/ssh_key\/name must be string/],
      ["a field that is missing", { json: { ssh_key: { name: "k" } } }, /must have required property 'public_key'/],
      ["a list without its total", { path: "/v2/vpcs", json: { vpcs: [] } }, /must have required property 'meta'/],
      ["an unknown value", { path: "/v2/actions/1", json: { action: { status: "done" } } }, /allowed values/],
      ["null where that is not allowed", { path: "/v2/actions/1", json: { action: { id: null } } }, /must be integer/],
      ["a success that it does not have", { status: 202, json: { ssh_key: KEY } }, /has no such status/],
      ["a call that it does not have", { path: "/v2/nothing", json: {} }, /has no such call/],
      ["a method that it does not have", { method: "PATCH", json: {} }, /has no such call/],
      ["a body where it has none", { method: "DELETE", status: 204, json: {} }, /there is a body/],
      ["no body where it has one", {}, /there is no body/],
      ["an error without its message", { status: 404, json: { id: "not_found" } }, /required property 'message'/],
    ])("tells of %s", (_what, changes, message) => {
      expect(judge.deviation(answer(changes))).toMatch(message);
    });
  });
}
