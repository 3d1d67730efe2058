/**
 * `deno task cluster slurm <module>[#name] …`, `deno task cluster k8s …`: prints a job that trains
 * experiments on many machines.
 *
 * @module
 */
import { isAbsolute, relative, resolve } from "node:path";
import { staysInside } from "../files/path_safety.ts";
import { identify, projectRoot } from "../project/identify.ts";
import { kubernetesJob } from "../schedulers/kubernetes_job.ts";
import type { Job } from "../schedulers/job.ts";
import { slurmScript } from "../schedulers/slurm_script.ts";
import { runCommand } from "../terminal/command.ts";
import { type Flags, helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { checkTypes } from "../project/check_types.ts";
import { Failure } from "../values/failure.ts";
import { userFolder, userPath } from "../files/user_path.ts";
import { ENGINE_FLAGS } from "./engine_flags.ts";
import { namedExperiments } from "./named_experiments.ts";
import { parseCohort, RUN_FLAGS } from "./run_flags.ts";

/** The flags that `deno task exp` gets from the job. */
const TRIAL_FLAGS = {
  "seed": RUN_FLAGS.seed,
  "trials": RUN_FLAGS.trials,
  "cohort": {
    type: "string",
    help: "how many trials train together, never more than fit into main memory: auto (all that " +
      "fit), off, or the largest number. Default: a task's share of all trials, at most those of one seed",
  },
  "precision": ENGINE_FLAGS.precision,
  "data": ENGINE_FLAGS.data,
} as const satisfies Spec;

const JOB_FLAGS = {
  ...TRIAL_FLAGS,
  "tasks": { type: "integer", least: 1, help: "number of tasks at a time. Default: 4" },
  "cpus": { type: "integer", least: 1, help: "processor cores of a task. Default: 4" },
  "memory": { type: "integer", least: 1, help: "main memory of a task, in GiB. Default: 16" },
  "gpus": { type: "integer", least: 0, help: "GPUs of a task. Default: 0" },
} as const satisfies Spec;

const SLURM_FLAGS = {
  ...JOB_FLAGS,
  "time": {
    type: "string",
    help: "time limit of a task, which is saved and queued again shortly before. Default: 24:00:00",
  },
  "partition": { type: "string", help: "partition. Default: the cluster's own" },
} as const satisfies Spec;

const K8S_FLAGS = {
  ...JOB_FLAGS,
  "image": {
    type: "string",
    help: "image of the containers, with Deno, and with Python and pip or TensorFlow. Required",
  },
  "volume": {
    type: "string",
    help: "persistent volume claim with the project, which all pods can write. Default: retort",
  },
} as const satisfies Spec;

const SLURM = "deno task cluster slurm <module>[#name]|<folder> …";
const K8S = "deno task cluster k8s <module>[#name]|<folder> … --image <string>";

const HELP = `usage: ${SLURM}
       ${K8S}

Prints a job whose tasks share the trials of these experiments (of a folder: of its tables):
\`deno task exp … --pending\`. Each task takes trials that no other one has taken, teachers first,
until none is left. The project has to be on a file system that all machines share. Where a
machine fails, another task takes its trials over. Kubernetes has to be 1.29 or newer.

  deno task cluster slurm experiments/quickstart.ts > job.sh && sbatch job.sh
  deno task cluster k8s experiments/quickstart.ts --image mine | kubectl create -f -

Flags: deno task cluster slurm --help, deno task cluster k8s --help`;

/**
 * Prints the job that the arguments ask for; see `--help`. `check` checks the types of the modules.
 * Rejects with a `Failure` that has the exit code.
 */
export async function runCluster(
  args: readonly string[],
  print: (text: string) => void = console.log,
  within: string = userFolder(),
  check: typeof checkTypes = checkTypes,
): Promise<void> {
  const [scheduler, ...rest] = args;
  const jobOf = (options: Flags<typeof JOB_FLAGS>, seesAll: boolean) =>
    readJob(options, seesAll, within, check);
  if (scheduler === "slurm") {
    const options = parseFlags(rest, SLURM_FLAGS);
    if (options.help) return print(helpText(SLURM, SLURM_FLAGS));
    const { time = "24:00:00", partition } = options;
    checkSlurm("time", time);
    if (partition !== undefined) checkSlurm("partition", partition);
    return print(slurmScript({ ...await jobOf(options, true), time, partition }).trimEnd());
  }
  if (scheduler === "k8s") {
    const options = parseFlags(rest, K8S_FLAGS);
    if (options.help) return print(helpText(K8S, K8S_FLAGS));
    const { image, volume = "retort" } = options;
    const job = await jobOf(options, false);
    if (image === undefined) {
      throw new Failure(2, "--image names a container's image with Deno, and Python with pip");
    }
    return print(kubernetesJob({ ...job, image, volume }).trimEnd());
  }
  if (scheduler === "--help" || scheduler === "-h") return print(HELP);
  throw new Failure(
    2,
    "which scheduler? deno task cluster slurm experiments/quickstart.ts, or k8s",
  );
}

/**
 * The job of experiments, each of which is checked to exist. `seesAll`: whether its tasks see more
 * of this file system than the project.
 */
async function readJob(
  { tasks = 4, cpus = 4, memory = 16, gpus = 0, ...options }: Flags<typeof JOB_FLAGS>,
  seesAll: boolean,
  within: string,
  check: typeof checkTypes,
): Promise<Job> {
  if (options._.length === 0) {
    throw new Failure(2, "which experiments? deno task cluster slurm experiments/quickstart.ts");
  }
  // A wrong one would fail in the job only.
  parseCohort(options.cohort);
  const experiments = await namedExperiments(options._, within, check);
  if (experiments.length === 0) {
    throw new Failure(2, `${options._.join(", ")}: no experiment fills these tables`);
  }
  const ids = await Promise.all(experiments.map(async (one) => (await identify(one)).id));
  const { trials = 1, data } = options;
  // A task that trained all that fits into its memory would leave nothing to the others.
  const part = Math.min(experiments.length, Math.ceil(experiments.length * trials / tasks));
  const { cohort = String(part) } = options;
  const root = projectRoot(experiments[0].url);
  const flags = { ...options, cohort, data: data && dataPath(data, root, seesAll) };
  const given = Object.keys(TRIAL_FLAGS).flatMap((name) => {
    const value = flags[name as keyof typeof TRIAL_FLAGS];
    return value === undefined ? [] : [`--${name}`, String(value)];
  });
  const threads = ["--threads", String(cpus)];
  const command = ["deno", "task", "exp", ...ids, ...given, ...threads, "--pending"];
  return { command, tasks, cpus, memory, gpus };
}

/**
 * The path of a data folder in a job, which runs in the project's folder `root`. Throws a `Failure`
 * (exit 2) if it leads out of there and tasks do not see it.
 */
function dataPath(data: string, root: string, seesAll: boolean): string {
  const path = resolve(userPath(data));
  const inside = relative(root, path) || ".";
  if (staysInside(inside)) return inside;
  if (seesAll || isAbsolute(data)) return path;
  throw new Failure(
    2,
    `--data ${data} is outside of the project, which is all that a pod sees: take a folder in the ` +
      "project, or give the absolute path that it has in a pod",
  );
}

/** Throws a `Failure` (exit 2) if a text cannot stand in a line of `#SBATCH`. */
function checkSlurm(flag: string, text: string): void {
  if (/^[\w:.,-]+$/.test(text)) return;
  throw new Failure(2, `--${flag} "${text}": Slurm takes letters, digits and - : . , _ here`);
}

if (import.meta.main) await runCommand(() => runCluster(Deno.args));
