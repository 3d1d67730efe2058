/**
 * `deno task bench`: how long a KD step takes, beside PyTorch where there is one, and what the runner adds to it. The
 * machine has to be quiet.
 *
 * @module
 */
import { command } from "../../lib/command.ts";
import { Failure } from "../../lib/failure.ts";
import { flags, help, type Spec } from "../../lib/flags.ts";
import { status } from "../../lib/status.ts";
import { type Case, compare, comparisons, comparisonTable, type Timed } from "./compare.ts";
import { pairOf } from "./kd_step.ts";
import { memoryGrowth } from "./memory.ts";
import { hasTorch, timeOurs, timeTorch } from "./processes.ts";
import { profile, profileTable } from "./profile.ts";
import { costTable, type RunnerCost, runnerCost } from "./runner_cost.ts";
import type { StepTime } from "./step.ts";

const PAIRS = [
  "vgg13-vgg8",
  "resnet32x4-resnet8x4",
  "resnet56-resnet20",
  "wrn_40_2-wrn_16_2",
  "resnet32x4-shufflenetv2",
  "vgg13-mobilenetv2",
  "resnet50-mobilenetv2",
] as const;
const PRECISIONS = ["float32", "bfloat16"] as const;
const PARTS = ["steps", "runner", "memory"] as const;
const RUNNER = ["vgg8", "resnet20"] as const;
const MEMORY = { pair: "resnet20-resnet8", batch: 64, warm: 100, steps: 1000 } as const;

const FLAGS = {
  pair: { type: "string", help: "only this teacher and student, e.g. vgg13-vgg8" },
  precision: { type: "string", choices: PRECISIONS, help: "only this precision" },
  only: {
    type: "string",
    choices: PARTS,
    help: "one part; all, or with other flags the steps",
  },
  rounds: { type: "integer", least: 1, help: "rounds, ours and PyTorch's by turns, of which the best counts; 3" },
  steps: { type: "integer", least: 1, help: "steps that a round times; 15" },
  batches: { type: "integer", least: 1, help: "batches in an epoch of the runner; 100" },
  threads: { type: "integer", least: 1, help: "threads, PyTorch's too; as many as each takes" },
  profile: { type: "boolean", help: "where the time of one step of vgg13-vgg8 or --pair goes, by op" },
  json: { type: "boolean", help: "print the steps as JSON: [{ pair, precision, ms, torch_ms, ratio }]" },
} as const satisfies Spec;

/** Measures what the arguments ask for; see `--help`. Rejects with a `Failure` that has the exit code. */
export async function main(args: readonly string[], print: (line: string) => void = console.log): Promise<void> {
  const given = flags(args, FLAGS);
  if (given.help) return print(help("deno task bench", FLAGS));
  const { pair, precision, threads, rounds = 3, steps = 15, batches = 100 } = given;
  if (given._.length > 0) throw new Failure(2, `deno task bench takes flags only, not ${given._[0]}`);
  if (given.json && (given.profile || (given.only ?? "steps") !== "steps")) {
    throw new Failure(2, "--json prints the steps: leave --profile and --only out");
  }
  if (pair) pairOf(pair);
  if (given.profile) {
    const what = { pair: pair ?? PAIRS[0], precision: precision ?? PRECISIONS[0] };
    print(`${what.pair} ${what.precision}, milliseconds of kernels that may run side by side\n`);
    return print(profileTable(await profile(what, threads)));
  }
  const narrowed = given.json || pair !== undefined || precision !== undefined;
  const parts = given.only ? [given.only] : narrowed ? ["steps"] : PARTS;
  for (const [i, part] of parts.entries()) {
    if (i > 0) print("");
    if (part === "steps") {
      const timed = await timeSteps(cases(pair, precision), rounds, { steps, threads });
      print(given.json ? JSON.stringify(comparisons(timed), null, 2) : comparisonTable(timed));
    } else if (part === "runner") print(costTable(await runnerCosts(batches, rounds, threads)));
    else print(`memory grown over ${MEMORY.steps} steps of ${MEMORY.pair}: ${await grown(threads)} MB`);
  }
}

/** What is compared: everything, or what was asked for. */
export function cases(pair?: string, precision?: string): Case[] {
  const precisions = precision ? [precision] : PRECISIONS;
  return (pair ? [pair] : PAIRS).flatMap((pair) => precisions.map((precision) => ({ pair, precision })));
}

/** Times the steps of all cases, each round told on stderr. */
async function timeSteps(
  all: readonly Case[],
  rounds: number,
  how: { readonly steps: number; readonly threads?: number },
): Promise<Timed[]> {
  const python = Deno.env.get("RETORT_PYTHON") || "python3", { line } = status();
  const peer = await hasTorch(python);
  if (!peer) line(`${python} has no PyTorch to compare with; RETORT_PYTHON names another Python`);
  const told = <T extends StepTime>(time: T): T => {
    line(`${time.pair} ${time.precision} ${time.framework}: ${time.min_ms} ms`);
    return time;
  };
  const ours = async (what: Case) => told(await timeOurs(what, how));
  const torch = async (what: Case) => told(await timeTorch(python, what, how));
  const timed: Timed[] = [];
  for (const what of all) timed.push(await compare(what, rounds, ours, peer ? torch : undefined));
  return timed;
}

async function grown(threads: number | undefined): Promise<string> {
  return (await memoryGrowth(MEMORY, { threads })).toFixed(1);
}

async function runnerCosts(batches: number, rounds: number, threads: number | undefined): Promise<RunnerCost[]> {
  const costs: RunnerCost[] = [];
  for (const network of RUNNER) costs.push(await runnerCost(network, batches, rounds, { threads }));
  return costs;
}

if (import.meta.main) await command(() => main(Deno.args));
