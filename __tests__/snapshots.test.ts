import { SAMPLE_CLUSTERS } from "./sample-clusters";
import { synth, Synthesized } from "./synth";

/** The stack as text that is the same on every machine and for every edit of a template. */
function stable(synthesized: Synthesized): unknown {
  const text = JSON.stringify({
    resource: synthesized.resource,
    locals: synthesized.locals,
    output: synthesized.output,
    record: synthesized["//"]["cdktf-etcd"],
  });
  return JSON.parse(text.replace(/(assets\/[\w-]+\/)[0-9A-F]{32}/g, "$1<hash>"));
}

// A snapshot is for the reviewer of a change: what else did it touch? Each promise has a test of its own elsewhere.
describe("whole stacks", () => {
  it.each(["three members, nothing said", "five members, everything said"])("%s", (sample) => {
    expect(stable(synth(SAMPLE_CLUSTERS[sample]))).toMatchSnapshot();
  });
});
