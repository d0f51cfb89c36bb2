import {
  blindSpans,
  leaderChanges,
  parseView,
  quorumLosses,
  terms,
  toleranceLost,
  type View,
} from "../../../proofs/operations/views";

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

  it("has no term where no member answered", () => {
    const silent = { leader: "", term: 0 };
    expect(terms([view(0, silent), view(250), view(500, { term: 3 }), view(750, silent)])).toBe(1);
  });

  it("has nothing to count where nothing was seen", () => {
    expect([leaderChanges([]), terms([]), quorumLosses([])]).toEqual([0, 0, []]);
  });
});

describe("the losses that a cluster tolerates", () => {
  const four = [...VOTERS, "etcd-sgp1"];

  it("are as many where a successor votes before its predecessor goes", () => {
    // The last one of four is asked once more after it was removed.
    const views = [
      view(0),
      view(1000, { voters: four }),
      view(3000, { voters: four, out: ["etcd-sgp1"] }),
      view(3500),
      view(9000),
    ];
    expect([toleranceLost(views), toleranceLost([])]).toEqual([0, 0]);
  });

  it("are fewer where it goes first, or another one is away meanwhile", () => {
    expect(toleranceLost([view(0), view(1000, { voters: VOTERS.slice(1) }), view(3000)])).toBe(1);
    const out = ["etcd-nyc3", "etcd-sgp1"];
    expect(toleranceLost([view(0), view(1000, { voters: four, out }), view(3000)])).toBe(2);
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

describe("a leader", () => {
  const nobody = { leader: "" };

  it("may be missing for as long as votes are split", () => {
    expect(quorumLosses([view(0, nobody), view(5700, nobody), view(5950)])).toEqual([]);
  });

  it("is not there while no member knows one for longer than that", () => {
    expect(quorumLosses([view(0), view(1000, nobody), view(11_000, nobody), view(11_250)])).toEqual([
      "from 1970-01-01T00:00:01.000Z, for 10.3 s, no member knew a leader of the voters etcd-lon1, etcd-nyc3, etcd-sgp1",
    ]);
  });

  it("is not asked of a cluster of one", () => {
    const alone = { ...nobody, voters: ["etcd-lon1"] };
    expect(quorumLosses([view(0, alone), view(20_000, alone)])).toEqual([]);
  });
});

describe("an observer", () => {
  const seen = [1000, 4000, 8000].map((atMs) => view(atMs));

  it("is blind where nothing was seen for more than 5 s, the first and the last moment included", () => {
    expect(blindSpans(seen, 0, 12_000)).toEqual([]);
    expect(blindSpans([view(1000), view(6250)], 0, 7000)).toEqual([
      "from 1970-01-01T00:00:01.000Z, for 5.3 s, the observer saw nothing",
    ]);
    expect(blindSpans(seen, -5000, 14_000)).toHaveLength(2);
    expect(blindSpans([], 0, 6000)).toHaveLength(1);
  });

  it("is not asked what it saw before or after", () => {
    expect(blindSpans([view(0), ...seen, view(20_000)], 1000, 9000)).toEqual([]);
  });
});
