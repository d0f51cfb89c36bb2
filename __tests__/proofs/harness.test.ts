import { said } from "../../proofs/harness";

describe("what the node scripts said", () => {
  const lines = (...texts: readonly string[]): string =>
    texts.map((text) => `terraform_data.etcd_etcd-${text.replace("|", "_activate (remote-exec): ")}`).join("\n");

  it("is what their lines say, without what Terraform and other programs do", () => {
    const output = lines(
      "lon1|Connected!",
      "lon1|etcd-lon1: restarting",
      "nyc3|error: etcd-nyc3: not added",
      "lon1|curl: (28) Connection timed out",
      "lon1|etcd-lon1: in service",
    );
    expect(said(output)).toEqual(["etcd-lon1: restarting", "error: etcd-nyc3: not added", "etcd-lon1: in service"]);
  });

  it("is whole where Terraform broke a line in two, and had another step's in between", () => {
    const output = lines("lon1|et", "nyc3|etcd-nyc3: rest", "lon1|cd-lon1: in ser", "nyc3|arting", "lon1|vice");
    expect(said(output)).toEqual(["etcd-nyc3: restarting", "etcd-lon1: in service"]);
  });
});
