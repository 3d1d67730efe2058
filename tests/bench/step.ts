/**
 * Times one of our steps in its own process: the step of `torch_step.py` on a pair, a step of
 * `torch_methods.py` or `torch_vit.py`, a step of the comparison of the papers' own methods, or the
 * step of a cohort. Also measures the time from the start of the process to the end of the first
 * step. Prints one line of JSON.
 *
 * deno run -A tests/bench/step.ts --pair vgg13-vgg8|--method at|--vit deit|--detector resnet18|--own "slkd vgg13-vgg8"|
 * --cohort vgg13-vgg8 [--member kd] [--batch 64] [--steps 15] [--precision float32|bfloat16] [--threads N]
 * [--cluster host:port,host:port --rank 0]
 *
 * @module
 */
import { runCommand } from "../../lib/terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../../lib/terminal/flags.ts";
import { clusterOf } from "../../lib/engine/cluster.ts";
import { openCluster } from "../../lib/engine/open_cluster.ts";
import { openEngine } from "../../lib/engine/open_engine.ts";
import type { Share } from "../../lib/values/share.ts";
import { experimentStep } from "../support/experiment_step.ts";
import { batchOf, type Case, experimentsOf } from "./case.ts";
import { cohortOf, memberOf } from "./cohort.ts";
import { detectorNamed } from "./detectors.ts";
import { methodOf } from "./methods.ts";
import { ownStepOf } from "./own_steps.ts";
import { vitOf } from "./vits.ts";

/** The measurement of one process. */
export interface StepTime {
  /** `retort`, or `torch` and its version. */
  readonly framework: string;
  /** Images per step. */
  readonly batch: number;
  /** Milliseconds of the fastest step. */
  readonly min_ms: number;
  /** Milliseconds of the median step. */
  readonly median_ms: number;
}

/** The measurement of one of our processes. */
export interface OurStepTime extends StepTime {
  /**
   * Milliseconds from the start of the process to the end of the first step, loading and tracing
   * included.
   */
  readonly first_ms: number;
  /** The most memory that the process had, in megabytes. `null` if the system does not tell. */
  readonly peak_mb?: number | null;
}

const FLAGS = {
  pair: { type: "string", help: "teacher and student of plain KD. Default: vgg13-vgg8" },
  method: { type: "string", help: "a method on resnet32x4-resnet8x4, instead of a pair" },
  vit: { type: "string", help: "a vision transformer, instead of a pair" },
  detector: { type: "string", help: "a detector, instead of a pair" },
  cohort: { type: "string", help: "a pair whose cohort of five methods trains together" },
  member: { type: "string", help: "only this method of the cohort, alone" },
  own: {
    type: "string",
    help: "a step of the comparison of the papers' own methods, instead of both",
  },
  batch: {
    type: "integer",
    least: 1,
    help: "images per step, of all workers. Default: 64, of a detector its schedule's",
  },
  cluster: { type: "string", help: "workers that share each batch. Default: one alone" },
  rank: { type: "integer", least: 0, help: "number of this worker in --cluster" },
  steps: { type: "integer", least: 1, help: "timed steps, after three others. Default: 15" },
  precision: {
    type: "string",
    choices: ["float32", "bfloat16"],
    help: "number format of convolutions. Default: float32",
  },
  threads: { type: "integer", least: 1, help: "number of threads. Default: all cores" },
  since: {
    type: "number",
    help: "start of the process in milliseconds since 1970. Default: Deno's time origin",
  },
} as const satisfies Spec;

/** Steps before the timed ones, as many as PyTorch's. */
const WARM = 3;

async function main(args: readonly string[]): Promise<void> {
  const given = parseFlags(args, FLAGS);
  if (given.help) return console.log(helpText("deno run -A tests/bench/step.ts", FLAGS));
  const {
    pair = "vgg13-vgg8",
    method,
    vit,
    detector,
    own,
    cohort,
    member,
    steps = 15,
    precision = "float32",
    threads,
  } = given;
  const { since = performance.timeOrigin } = given;
  const what: Case = own
    ? { own: ownStepOf(own), precision }
    : vit
    ? { vit: vitOf(vit), precision }
    : detector
    ? { detector: detectorNamed(detector), precision }
    : method
    ? { method: methodOf(method), precision }
    : cohort
    ? { cohort: cohortOf(cohort), ...member ? { member: memberOf(member) } : {}, precision }
    : { pair, precision };
  const experiments = experimentsOf(what);
  const { batch = batchOf(what) } = given;
  const cluster = clusterOf({ cluster: given.cluster, rank: given.rank }, undefined);
  using open = cluster && await openCluster(cluster, { agreement: {}, threads });
  const { engine } = await openEngine({ precision, threads, cluster: open });
  const share: Share = { rank: cluster?.rank ?? 0, workers: cluster?.addresses.length ?? 1 };
  const { step } = await experimentStep(
    engine,
    experiments,
    batch / share.workers,
    undefined,
    { share, syncNorm: false, name: "bench" },
  );
  const times: number[] = [];
  let first = 0;
  for (let i = 0; i < WARM + steps; i++) {
    const start = performance.now();
    await step();
    if (i === 0) first = performance.timeOrigin + performance.now() - since;
    if (i >= WARM) times.push(performance.now() - start);
  }
  await open?.calls.leave();
  engine.close();
  times.sort((a, b) => a - b);
  const [min_ms, median_ms, first_ms] = [times[0], times[times.length >> 1], first].map((ms) =>
    +ms.toFixed(1)
  );
  const time: Case & OurStepTime = {
    framework: "retort",
    ...what,
    batch,
    min_ms,
    median_ms,
    first_ms,
    peak_mb: peakMemory(),
  };
  console.log(JSON.stringify(time));
}

/** The most memory that this process had, in megabytes. `null` if the system does not tell. */
function peakMemory(): number | null {
  try {
    const [, kilobytes] = /VmHWM:\s*(\d+) kB/.exec(Deno.readTextFileSync("/proc/self/status")) ??
      [];
    return kilobytes === undefined ? null : Math.round(Number(kilobytes) / 1000);
  } catch {
    return null;
  }
}

if (import.meta.main) await runCommand(() => main(Deno.args));
