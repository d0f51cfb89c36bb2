/** The tests' app for cdktf: the knobs are in LAB_TEST as JSON. */
import { App } from "cdktf";
import { declareCluster, type Knobs } from "./cluster-stack";

const env = process.env as Record<string, string> & { readonly LAB_TEST?: string };
const app = new App();
declareCluster(app, JSON.parse(env.LAB_TEST ?? "{}") as Knobs, env);
app.synth();
