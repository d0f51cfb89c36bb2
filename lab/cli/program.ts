import { Command } from "commander";
import type { LabDefinition } from "../definition";
import { Lab } from "../lab";
import { LabPaths } from "../paths";
import { ToolError } from "../tools/tool-error";
import { number, oneOf } from "./arguments";
import { addBareMachineVerbs } from "./bare-machine-verbs";
import { labStatus, renderStatus } from "./status";

/** A lab's command line, and the lab. More verbs can be added to `program`. */
export interface LabProgram {
  readonly program: Command;
  readonly lab: Lab;
  /** Runs the verb that this process's arguments name; prints the message of an error and sets exit status 1. */
  readonly run: () => Promise<void>;
}

/** The command line of the lab in the working directory, or $TERRAFORM_LAB. */
export function labProgram(definition: LabDefinition): LabProgram {
  const started = Date.now();
  const progress = (line: string): void => {
    console.error(`[${((Date.now() - started) / 1000).toFixed(1).padStart(5)} s] ${line}`);
  };
  const lab = new Lab(definition, LabPaths.here(), progress);
  const program = new Command(lab.command)
    .description(
      "Regions on one machine: a cloud's API server, real machines behind it, and a WAN with real round-trip\n" +
        "times between them.",
    )
    .showHelpAfterError("(add --help for what there is)");
  addLifeVerbs(program, lab, progress);
  addMachineVerbs(program, lab, progress);
  addBareMachineVerbs(program, lab);
  addWanVerbs(program, lab, progress);
  return {
    program,
    lab,
    run: async () => {
      try {
        await program.parseAsync();
      } catch (error) {
        // A ToolError says what to do about it; any other error is a bug of ours, and needs its stack.
        console.error(error instanceof ToolError ? `error: ${error.message}` : error);
        process.exitCode = 1;
      }
    },
  };
}

/** `export` lines for a shell. */
export function exportsOf(variables: Readonly<Record<string, string>>): string {
  return Object.entries(variables)
    .map(([name, value]) => `export ${name}='${value.replaceAll("'", "'\\''")}'`)
    .join("\n");
}

function addLifeVerbs(program: Command, lab: Lab, progress: (line: string) => void): void {
  program
    .command("up")
    .description("install and build what is missing, start the API server and the WAN; safe to repeat")
    .action(async () => {
      const config = await lab.up();
      console.error("\nThe lab is up. What stands in for the real thing here:");
      for (const sentence of lab.standIns(config)) console.error(`  - ${sentence}`);
      console.error(
        `\nGo on with:\n  eval "$(${lab.command.replace("npm run", "npm run -s")} env)"\n  npx cdktf deploy --auto-approve\n` +
          `and when you are done:\n  ${lab.command} down`,
      );
    });

  program
    .command("env")
    .description("print exports, for eval, of what deploys into the lab need in their environment")
    .action(() => {
      console.log(exportsOf(lab.environment(lab.config())));
    });

  program
    .command("status")
    .description("machines, their state and addresses")
    .option("--json", "for programs")
    .action(async (options: { json?: boolean }) => {
      const status = await labStatus(lab);
      console.log(options.json === true ? JSON.stringify(status, null, 2) : renderStatus(status, lab.command));
    });

  program
    .command("down")
    .description("end and remove everything, also after a crash of any part")
    .action(async () => {
      await lab.down();
      progress("Nothing of the lab is left");
    });
}

function addMachineVerbs(program: Command, lab: Lab, progress: (line: string) => void): void {
  program
    .command("exec")
    .description("run a command on a machine as root")
    .argument("<host>", "name of the machine")
    .argument("<command...>", "after --: the command and its arguments")
    .action(async (host: string, command: string[]) => {
      const bare = lab.bareMachines();
      const { id } = bare.has(host) ? await bare.find(host) : await lab.api().droplet(host);
      const result = await lab.driver().exec(id, ["/bin/bash", "-lc", 'exec "$@"', "lab", ...command], {
        tty: true,
      });
      process.exitCode = typeof result.status === "number" ? result.status : 1;
    });

  program
    .command("power")
    .description("shut a machine down, start it, or pull its plug")
    .argument("<host>", "name of the machine")
    .argument("<what>", "off, on or kill", oneOf("off", "on", "kill"))
    .action(async (host: string, what: string) => {
      const bare = lab.bareMachines();
      if (bare.has(host)) {
        await (what === "on" ? bare.powerOn(host) : what === "off" ? bare.shutdown(host) : bare.powerOff(host));
        progress(`${host} is ${what === "on" ? "on" : "off"}`);
        return;
      }
      const api = lab.api();
      const action = what === "on" ? "power_on" : what === "off" ? "shutdown" : "power_off";
      await api.power(await api.droplet(host), action);
      progress(`${host} is ${what === "on" ? "on" : "off"}`);
    });
}

function addWanVerbs(program: Command, lab: Lab, progress: (line: string) => void): void {
  program
    .command("link")
    .description("change the WAN between two regions; what is not given stays as it is")
    .argument("<a>", "region, for example lon1")
    .argument("<b>", "another region")
    .option("--rtt <ms>", "round-trip time in ms", number(0, 10_000))
    .option("--jitter <ms>", "jitter in ms", number(0, 10_000))
    .option("--loss <percent>", "packets lost, in percent", number(0, 100))
    .option("--down", "cut the link")
    .option("--up", "mend a cut link")
    .action(async (a: string, b: string, options: LinkOptions) => {
      lab.config();
      if (Object.keys(options).length === 0) {
        throw new ToolError("Nothing to change was given.", "Give --rtt, --jitter, --loss, --down or --up.");
      }
      await lab.wan().link({
        a,
        b,
        rttMs: options.rtt,
        jitterMs: options.jitter,
        loss: options.loss,
        down: options.down === true ? true : options.up === true ? false : undefined,
      });
      progress(`${a} - ${b} changed`);
    });

  program
    .command("heal")
    .description("undo what link did: between two regions, of one region, or everywhere")
    .argument("[a]", "region")
    .argument("[b]", "another region")
    .action(async (a?: string, b?: string) => {
      lab.config();
      await lab.wan().heal(a, b);
      progress("healed");
    });
}

interface LinkOptions {
  readonly rtt?: number;
  readonly jitter?: number;
  readonly loss?: number;
  readonly down?: boolean;
  readonly up?: boolean;
}
