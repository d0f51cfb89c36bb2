import { App, TerraformStack } from "cdktf";
import { EtcdClusterProps, KubeApiserverFlagsProps } from "../../lib";
import { cluster, resources, synth } from "../synth";

/** The flags of an API server in New York, by their names. */
function flags(props?: KubeApiserverFlagsProps, clusterProps?: Partial<EtcdClusterProps>): Record<string, string> {
  const made = cluster(new TerraformStack(new App(), "test"), undefined, clusterProps);
  const given = made.clientAccess({ from: "nyc3" }).kubeApiserverFlags(props);
  return Object.fromEntries(
    given.map((flag) => {
      const [, name, value] = /^--([a-z-]+)=(.+)$/s.exec(flag) ?? ["", flag, ""];
      return [name, value] as const;
    }),
  );
}

describe("kube-apiserver's flags", () => {
  it("are kube-apiserver's own, with no request timeout where its 60 s will do", () => {
    expect(Object.keys(flags())).toEqual([
      "etcd-servers",
      "etcd-cafile",
      "etcd-certfile",
      "etcd-keyfile",
      "etcd-healthcheck-timeout",
      "etcd-readycheck-timeout",
    ]);
  });

  it("name the servers, the nearest first, or it alone", () => {
    const all = flags()["etcd-servers"].split(",");
    expect(all).toHaveLength(3);
    expect(flags({ nearestOnly: true })["etcd-servers"]).not.toContain(",");
  });

  it("find the client's files where they are said to be", () => {
    expect(flags({ directory: "/srv/etcd" })).toMatchObject({
      "etcd-cafile": "/srv/etcd/ca.crt",
      "etcd-certfile": "/srv/etcd/client.crt",
      "etcd-keyfile": "/srv/etcd/client.key",
    });
    expect(flags()["etcd-cafile"]).toBe("/etc/kubernetes/pki/etcd/ca.crt");
  });

  it("are healthy through a failover, 4.2 s, and an attempt, and ready through a transfer", () => {
    expect(flags()).toMatchObject({ "etcd-healthcheck-timeout": "5s", "etcd-readycheck-timeout": "2s" });
  });

  it("give a request as long as etcd takes to give it up, where that is longer than usual", () => {
    // etcd: 5 + 2 x 20 = 45 s. The client: a failover of 81.9 s and two attempts of 0.75 s.
    expect(flags(undefined, { tuning: { electionMs: 20_000 } })).toMatchObject({
      "etcd-healthcheck-timeout": "83s",
      "request-timeout": "129s",
    });
  });

  it("are a file beside the client's others only if asked for", () => {
    const name = "etcd/client-kubernetes/access/kube-apiserver.flags";
    const written = (asked: boolean) =>
      resources(
        synth((stack) => {
          const client = cluster(stack).addClient("kubernetes", { from: "nyc3" });
          if (asked) client.writeKubeApiserverFlags();
        }),
        "local_sensitive_file",
      );
    expect(written(false)).not.toHaveProperty([name]);
    const file = written(true)[name];
    expect(file).toMatchObject({ file_permission: "0600" });
    expect(file.filename).toMatch(/etcd-access\/kubernetes\/kube-apiserver\.flags$/);
    expect(String(file.content).trim().split("\n")).toHaveLength(6);
  });
});
