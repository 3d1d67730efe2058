/**
 * `deno task bench` times a step of KD and of each method, with PyTorch's if it is installed,
 * compares the papers' own methods with simpler ones, times a vision transformer's step, and
 * measures the overhead of the runner. The machine has to be idle.
 *
 * @module
 */
import { runCommand } from "../../lib/terminal/command.ts";
import { Failure } from "../../lib/values/failure.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../../lib/terminal/flags.ts";
import { status } from "../../lib/terminal/status.ts";
import type { Case, Compared, DetectorCase, MethodCase, PairCase, VitCase } from "./case.ts";
import { compare, comparisonTable, memoryTable, type Timed } from "./compare.ts";
import { cohortOf, COHORTS } from "./cohort.ts";
import { CLUSTER_PAIRS, clusterCosts, clusterTable } from "./cluster_costs.ts";
import { cohortCosts, cohortTable } from "./cohort_costs.ts";
import { type DataRates, dataRates, dataTable, type Rates, type Reading } from "./data_rates.ts";
import { detectorNamed, DETECTORS } from "./detectors.ts";
import { memoryGrowth } from "./memory.ts";
import { ownCosts, ownTable } from "./own_costs.ts";
import { type Method, methodOf, METHODS } from "./methods.ts";
import { kdOn } from "./pair.ts";
import { hasPackage, type Measure, readFolder, timeOurs, timeTorch } from "./processes.ts";
import { writePhotos } from "./photos.ts";
import { profile, profileTable } from "./profile.ts";
import { costTable, type RunnerCost, runnerCost } from "./runner_cost.ts";
import type { OurStepTime } from "./step.ts";
import { nameOf, type TimeWay, type WayTime } from "./torch_ways.ts";
import { vitOf, VITS } from "./vits.ts";

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
// What a step leaves behind does not depend on the images in it.
const MEMORY = { pair: "resnet20-resnet8", batch: 2, warm: 1000, steps: 100_000 } as const;

const FLAGS = {
  pair: { type: "string", help: "only this teacher and student, e.g. vgg13-vgg8" },
  precision: { type: "string", choices: PRECISIONS, help: "only this precision" },
  method: { type: "string", help: "only this method, on resnet32x4-resnet8x4, e.g. at" },
  only: {
    type: "string",
    choices: [...PARTS, "methods", "own", "cohort", "cluster", "vit", "detection", "data"],
    help: "one part. Default: steps, runner and memory. With other flags: the steps",
  },
  rounds: {
    type: "integer",
    least: 1,
    help: "number of rounds, ours and PyTorch's two fastest ways in turn. Default: 3",
  },
  steps: { type: "integer", least: 1, help: "timed steps per round. Default: 15" },
  batches: { type: "integer", least: 1, help: "batches per epoch of the runner. Default: 100" },
  threads: {
    type: "integer",
    least: 1,
    help: "number of threads, also for PyTorch. Default: each framework's own",
  },
  profile: {
    type: "boolean",
    help:
      "show the time of one step of vgg13-vgg8, --pair, --method or --only vit or detection by op",
  },
  json: {
    type: "boolean",
    help: "print steps or methods as JSON: [{ pair or method, precision, ms, torch_ms, ratio, … }]",
  },
} as const satisfies Spec;

/** Measures the parts that the flags name. Rejects with a `Failure` that has the exit code. */
export async function main(
  args: readonly string[],
  print: (line: string) => void = console.log,
): Promise<void> {
  const given = parseFlags(args, FLAGS);
  if (given.help) return print(helpText("deno task bench", FLAGS));
  const { pair, precision, threads, rounds = 3, steps = 15, batches = 100 } = given;
  if (given._.length > 0) {
    throw new Failure(2, `deno task bench takes flags only, not ${given._[0]}`);
  }
  const parts = partsOf(given);
  const method = given.method === undefined ? undefined : methodOf(given.method);
  if (given.profile) {
    const computed = precision ?? PRECISIONS[0];
    const what: Case = method
      ? { method, precision: computed }
      : parts[0] === "vit"
      ? { vit: "deit", precision: computed }
      : parts[0] === "detection"
      ? { detector: "resnet18", precision: computed }
      : { pair: pair ?? PAIRS[0], precision: computed };
    print(`${Object.values(what).join(" ")}, milliseconds of kernels that may run side by side\n`);
    return print(profileTable(await profile(what, threads)));
  }
  const how = { steps, threads };
  const show = async (cases: readonly Compared[], peer?: string) => {
    const timed = await timeSteps(cases, rounds, how, peer);
    print(given.json ? JSON.stringify(timed, null, 2) : comparisonTable(timed));
  };
  for (const [i, part] of parts.entries()) {
    if (i > 0) print("");
    if (part === "steps") await show(cases(pair, precision));
    else if (part === "methods") await show(methodCases(method, precision));
    else if (part === "vit") await show(vitCases(precision));
    else if (part === "own") {
      print(ownTable(await ownCosts(precision ?? PRECISIONS[0], rounds, how)));
    } else if (part === "detection") {
      await show([{ detector: "resnet18", precision: PRECISIONS[0] }], "torchvision");
      print(`\n${memoryTable(await largeDetectors(threads))}`);
    } else if (part === "data") print(dataTable(await readers(rounds)));
    else if (part === "cohort") {
      const pairs = pair ? [cohortOf(pair)] : Object.keys(COHORTS).map(cohortOf);
      const { line } = status();
      const report = (what: Case, ms: number) => line(`${Object.values(what).join(" ")}: ${ms} ms`);
      print(
        cohortTable(await cohortCosts(pairs, precision ?? PRECISIONS[0], rounds, how, report)),
      );
    } else if (part === "cluster") {
      const pairs = pair ? [pair] : CLUSTER_PAIRS;
      const { line } = status();
      const costs = await clusterCosts(pairs, precision ?? PRECISIONS[0], rounds, steps, line);
      print(clusterTable(costs));
    } else if (part === "runner") print(costTable(await runnerCosts(batches, rounds, threads)));
    else {print(
        `memory grown over ${MEMORY.steps} steps of ${MEMORY.pair}, batch ${MEMORY.batch}: ` +
          `${await grown(threads)} MB`,
      );}
  }
}

/** Lists the parts to measure. Throws a `Failure` (exit 2) if flags conflict. */
function partsOf(
  { pair, method, precision, only, json, profile }: Flags<typeof FLAGS>,
): readonly string[] {
  const narrowed = json || pair !== undefined || precision !== undefined;
  const parts = only ? [only] : method ? ["methods"] : narrowed ? ["steps"] : PARTS;
  if (json && (profile || !["steps", "methods"].includes(parts[0]))) {
    throw new Failure(2, "--json prints steps or methods: omit --profile and other parts");
  }
  if (
    pair && !["steps", "cohort", "cluster"].includes(parts[0]) || method && parts[0] !== "methods"
  ) {
    throw new Failure(
      2,
      "--pair is for the steps, cohorts and clusters, --method for the methods, all on resnet32x4-resnet8x4",
    );
  }
  if (pair) kdOn(pair);
  return parts;
}

/** Lists the cases of pairs. Default: all pairs in all precisions. */
export function cases(pair?: string, precision?: string): PairCase[] {
  const precisions = precision ? [precision] : PRECISIONS;
  return (pair ? [pair] : PAIRS).flatMap((pair) =>
    precisions.map((precision) => ({ pair, precision }))
  );
}

/** Lists the cases of methods. Default: all methods in float32. */
export function methodCases(method?: Method, precision: string = PRECISIONS[0]): MethodCase[] {
  const methods = method ? [method] : Object.keys(METHODS).map(methodOf);
  return methods.map((method) => ({ method, precision }));
}

/** Lists the cases of transformers. Default: in all precisions. */
function vitCases(precision?: string): VitCase[] {
  const precisions = precision ? [precision] : PRECISIONS;
  return Object.keys(VITS).map(vitOf).flatMap((vit) =>
    precisions.map((precision) => ({ vit, precision }))
  );
}

/** Times the steps of all cases. Prints each round on stderr. */
async function timeSteps<C extends Compared>(
  all: readonly C[],
  rounds: number,
  how: Measure,
  peer?: string,
): Promise<Timed<C>[]> {
  const python = await findPeer(peer);
  const { line } = status();
  const report = <T extends WayTime>(what: C, who: string, time: T): T => {
    const took = "failed" in time ? time.failed : `${time.min_ms} ms`;
    line(`${Object.values(what).join(" ")} ${who}: ${took}`);
    return time;
  };
  const ours = async (what: C) => report(what, "ours", await timeOurs(what, how));
  const timed: Timed<C>[] = [];
  // New, so that each compiled way compiles for its first time.
  const cache = await Deno.makeTempDir();
  try {
    const torch: TimeWay<C> | undefined = python === undefined
      ? undefined
      : async (what, way, steps = how.steps) =>
        report(what, nameOf(way), await timeTorch(python, cache, what, way, { ...how, steps }));
    for (const what of all) timed.push(await compare(what, rounds, ours, torch));
  } finally {
    await Deno.remove(cache, { recursive: true });
  }
  return timed;
}

/** The readers with one worker, and with two beside a step. */
async function readers(rounds: number): Promise<DataRates[]> {
  const python = await findPeer("torchvision");
  const { line } = status();
  const folder = await Deno.makeTempDir();
  const read = (python?: string) => async (reading: Reading): Promise<Rates> => {
    const rates = await readFolder(folder, python, reading);
    line(`${python ? "torchvision" : "ours"} ${JSON.stringify({ ...reading, ...rates })}`);
    return rates;
  };
  try {
    await writePhotos(folder);
    const rates: DataRates[] = [];
    for (const reading of [{ workers: 1, steps: 0 }, { workers: 2, steps: 4 }]) {
      rates.push(await dataRates(reading, rounds, read(), python ? read(python) : undefined));
    }
    return rates;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

/** One step each of the detectors that are there for their memory. */
async function largeDetectors(threads?: number): Promise<(DetectorCase & OurStepTime)[]> {
  const measured = [];
  for (const detector of Object.keys(DETECTORS).map(detectorNamed)) {
    if (detector === "resnet18") continue;
    const what = { detector, precision: PRECISIONS[0] };
    measured.push({ ...what, ...await timeOurs(what, { steps: 1, threads }) });
  }
  return measured;
}

/** The Python to compare with. `undefined`, and a line on stderr, if it lacks this package. */
async function findPeer(name: string = "torch"): Promise<string | undefined> {
  const python = Deno.env.get("RETORT_PYTHON") || "python3";
  if (await hasPackage(python, name)) return python;
  status().line(`${python} has no ${name} to compare with. Set RETORT_PYTHON to another Python`);
}

async function grown(threads: number | undefined): Promise<string> {
  return (await memoryGrowth(MEMORY, { threads })).toFixed(1);
}

async function runnerCosts(
  batches: number,
  rounds: number,
  threads: number | undefined,
): Promise<RunnerCost[]> {
  const costs: RunnerCost[] = [];
  for (const network of RUNNER) costs.push(await runnerCost(network, batches, rounds, { threads }));
  return costs;
}

if (import.meta.main) await runCommand(() => main(Deno.args));
