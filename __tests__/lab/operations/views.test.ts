import { leaderChanges, parseView, quorumLosses, terms, type View } from "../../../lab/operations/views";

const VOTERS = ["etcd-lon1", "etcd-nyc3", "etcd-sgp1"];

function view(atMs: number, more: Partial<View> = {}): View {
  return { atMs, term: 2, leader: "a", voters: VOTERS, out: [], learners: [], ...more };
}

describe("what an observer saw", () => {
  it("is read from nanoseconds", () => {
    const line = '{"at":1500000000,"term":3,"leader":"b","voters":["etcd-lon1"],"out":[],"learners":[]}';
    expect(parseView(line)).toEqual(view(1500, { term: 3, leader: "b", voters: ["etcd-lon1"] }));
  });

  it("counts another leader, and not the moment without one in between", () => {
    const views = [
      view(0),
      view(250, { leader: "" }),
      view(500, { leader: "b", term: 3 }),
      view(750, { leader: "b", term: 3 }),
    ];
    expect([leaderChanges(views), terms(views)]).toEqual([1, 1]);
  });

  it("counts a term in which the same leader was elected again", () => {
    const views = [view(0), view(250, { leader: "", term: 3 }), view(500, { term: 3 })];
    expect([leaderChanges(views), terms(views)]).toEqual([0, 1]);
  });

  it("has nothing to count where nothing was seen", () => {
    expect([leaderChanges([]), terms([]), quorumLosses([])]).toEqual([0, 0, []]);
  });
});

describe("a quorum in service", () => {
  it("is there while one of three restarts", () => {
    expect(quorumLosses([view(0, { out: ["etcd-lon1"] }), view(5000, { out: ["etcd-lon1"] })])).toEqual([]);
  });

  it("is not there while two of three are away for longer than a question may be missed", () => {
    const out = ["etcd-lon1", "etcd-sgp1"];
    const [sentence, ...more] = quorumLosses([view(0), view(1000, { out }), view(2500, { out }), view(2750)]);
    expect(more).toEqual([]);
    expect(sentence).toBe(
      "from 1970-01-01T00:00:01.000Z, for 1.8 s, etcd-lon1 and etcd-sgp1 of the voters etcd-lon1, etcd-nyc3, etcd-sgp1 were out of service: " +
        "that is less than a quorum in service",
    );
  });

  it("is not held against a question that was missed", () => {
    const out = ["etcd-lon1", "etcd-sgp1"];
    expect(quorumLosses([view(0), view(250, { out }), view(500)])).toEqual([]);
  });

  it("is missed to the end of what was seen", () => {
    expect(quorumLosses([view(0, { out: VOTERS }), view(3000, { out: VOTERS })])).toHaveLength(1);
  });

  it("is not asked of a cluster of one, which has to restart some time", () => {
    const alone = { voters: ["etcd-lon1"], out: ["etcd-lon1"] };
    expect(quorumLosses([view(0, alone), view(5000, alone)])).toEqual([]);
  });

  it("is three of four", () => {
    const voters = [...VOTERS, "etcd-ams3"];
    const out = ["etcd-lon1", "etcd-nyc3"];
    expect(quorumLosses([view(0, { voters, out }), view(2000, { voters, out })])).toHaveLength(1);
  });
});
