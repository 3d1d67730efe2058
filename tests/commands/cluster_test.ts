import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { delimiter, dirname, join, relative } from "node:path";
import { parse } from "@std/yaml";
import { runCluster } from "../../lib/commands/cluster.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { skipTypeCheck } from "../support/toy_project.ts";
import { EXP, PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { waitUntil } from "../support/wait_until.ts";

/** What the command prints in a toy project. */
async function outputOf({ folder }: Pick<Toys, "folder">, ...args: string[]): Promise<string> {
  const lines: string[] = [];
  await runCluster(args, (line) => lines.push(line), folder, skipTypeCheck);
  return `${lines.join("\n")}\n`;
}

const LONG = `
const long = sgd({ epochs: 2000, batch: 16, lr: 0.05 });
export const endless = experiment(import.meta, { dataset, schedule: long, student: small, distiller: scratch() });`;

/**
 * Starts the task `index` of an array as Slurm does. `srun` runs its command, `scontrol` writes its
 * arguments into a file.
 */
function startTask(toys: Toys, index: number): Deno.ChildProcess {
  const path = [toys.path("bin"), dirname(Deno.execPath()), Deno.env.get("PATH")];
  return new Deno.Command("bash", {
    args: ["job.sh"],
    cwd: toys.folder,
    env: {
      PATH: path.join(delimiter),
      SLURM_ARRAY_JOB_ID: "7",
      SLURM_ARRAY_TASK_ID: String(index),
    },
    stdout: "piped",
    stderr: "piped",
  }).spawn();
}

/** Waits for the end of a task. Returns its exit code and what it printed. */
async function finish(task: Deno.ChildProcess): Promise<readonly [code: number, text: string]> {
  const { code, stdout, stderr } = await task.output();
  const decoder = new TextDecoder();
  return [code, decoder.decode(stdout) + decoder.decode(stderr)];
}

/** Gives a toy project the task `exp`, Slurm's programs and the job of some experiments. */
async function submit(toys: Toys, ...experiments: string[]): Promise<void> {
  const config = { tasks: { exp: `deno run -A ${EXP}` } };
  await Deno.writeTextFile(toys.path("deno.json"), JSON.stringify(config));
  await Deno.mkdir(toys.path("bin"));
  const programs = {
    scontrol: '#!/bin/sh\necho "$@" >> requeued\n',
    srun: '#!/bin/sh\n[ "$1" = --cpus-per-task=1 ] || exit 9\nshift\nexec "$@"\n',
  };
  for (const [name, text] of Object.entries(programs)) {
    await Deno.writeTextFile(toys.path("bin", name), text, { mode: 0o755 });
  }
  const script = await outputOf(toys, "slurm", ...experiments, "--cpus", "1");
  await Deno.writeTextFile(toys.path("job.sh"), script);
}

await needs(
  everything,
  "cluster slurm: the tasks of an array train each trial once",
  () =>
    toys(PAIR, async (toys) => {
      await submit(toys, toys.path("toy.ts#student"), "--trials", "2");
      const tasks = await Promise.all([0, 1].map((index) => finish(startTask(toys, index))));
      const text = tasks.map(([, text]) => text).join("\n");
      assertEquals(tasks.map(([code]) => code), [0, 0], text);
      for (const trial of ["teacher seed 1", "student seed 1", "student seed 2"]) {
        assertEquals(text.split(`toy#${trial} ep 1/3`).length - 1, 1, `${trial}: ${text}`);
      }
      assert(existsSync(toys.path("toy", "student.json")), text);
      assertEquals(existsSync(toys.path("requeued")), false);
    }),
);

await needs(
  everything,
  "cluster slurm: the signal before the time limit saves the trial and queues the task again",
  () =>
    toys(LONG, async (toys) => {
      await submit(toys, toys.path("toy.ts#endless"));
      const log = toys.of("endless", 1, "metrics.jsonl");
      const epochs = () => existsSync(log) ? Deno.readTextFileSync(log).split("\n").length - 1 : 0;
      for (const [i, told] of ["requeue 7_3\n", "requeue 7_3\nrequeue 7_3\n"].entries()) {
        const before = epochs();
        const task = startTask(toys, 3);
        await waitUntil(() => epochs() > before, task);
        task.kill("SIGUSR1");
        const [code, text] = await finish(task);
        assertEquals(code, 130, text);
        assertStringIncludes(text, "interrupted: it stops as soon as");
        assertEquals(await Deno.readTextFile(toys.path("requeued")), told, `turn ${i + 1}`);
      }
      const lines = (await Deno.readTextFile(log)).trimEnd().split("\n");
      assertEquals(lines.map((line) => JSON.parse(line).epoch), lines.map((_, i) => i + 1));
    }),
);

await needs(
  ["read", "write", "env"],
  "cluster: the flags reach the job and its command",
  () =>
    toys(PAIR, async (toys) => {
      const flags = ["--seed", "2", "--trials", "3", "--precision", "bfloat16", "--tasks", "2"];
      const limits = ["--memory", "8", "--time", "2:30:00", "--partition", "short"];
      const module = toys.path("toy.ts#student");
      const script = await outputOf(toys, "slurm", module, ...flags, ...limits);
      assertStringIncludes(
        script,
        "\nsrun --cpus-per-task=4 deno task exp toy#student --seed 2 --trials 3 --cohort 1 --precision bfloat16 --threads 4 --pending &\n",
      );
      for (const limit of ["array=0-1", "mem=8G", "time=2:30:00", "partition=short"]) {
        assertStringIncludes(script, `\n#SBATCH --${limit}\n`);
      }
      const pod = ["--image", "a", "--gpus", "1", "--memory", "8", "--volume", "ours"];
      const manifest = await outputOf(toys, "k8s", toys.path("toy.ts"), ...pod);
      const { spec: { template: { spec } } } = parse(manifest) as {
        spec: { template: { spec: { containers: unknown[]; volumes: unknown[] } } };
      };
      assertEquals(spec.volumes, [{
        name: "project",
        persistentVolumeClaim: { claimName: "ours" },
      }]);
      assertStringIncludes(JSON.stringify(spec.containers), '"memory":"8Gi"');
      assertStringIncludes(
        JSON.stringify(spec.containers),
        '"toy#student","toy#teacher","--cohort","1","--threads","4","--pending"',
      );
    }),
);

/** The value of a flag in the command of Slurm's job. */
async function flagOf(toys: Toys, flag: string, ...args: string[]): Promise<string | undefined> {
  const script = await outputOf(toys, "slurm", toys.path("toy.ts"), ...args);
  return new RegExp(` --${flag} (\\S+)`).exec(script)?.[1];
}

await needs(
  ["read", "write", "env"],
  "cluster: a cohort is a task's part of all trials, at most those of one seed",
  () =>
    toys(PAIR, async (toys) => {
      const cohort = (...args: string[]) => flagOf(toys, "cohort", ...args);
      assertEquals(await cohort("--trials", "8", "--tasks", "2"), "2");
      assertEquals(await cohort("--trials", "2", "--tasks", "4"), "1");
      assertEquals(await cohort("--tasks", "1"), "2");
      assertEquals(await cohort("--tasks", "1", "--cohort", "auto"), "auto");
      assertEquals(await cohort("--tasks", "1", "--cohort", "off"), "off");
    }),
);

await needs(
  ["read", "write", "env"],
  "cluster: the data are found from the project's folder, where the job runs",
  () =>
    toys(PAIR, async (toys) => {
      const data = (path: string) => flagOf(toys, "data", "--data", path);
      const here = (path: string) => relative(Deno.cwd(), path);
      const outside = join(dirname(toys.folder), "data");
      assertEquals(await data(here(toys.path("images/cifar"))), "images/cifar");
      assertEquals(await data(toys.path("images")), "images");
      assertEquals(await data(here(outside)), outside);
      assertEquals(await data("/scratch/data"), "/scratch/data");
      assertEquals(await data(here(toys.folder)), ".");
      assertEquals(await flagOf(toys, "data"), undefined);

      const k8s = (path: string) =>
        outputOf(toys, "k8s", toys.path("toy.ts"), "--image", "a", "--data", path);
      assertMatch(await k8s(here(toys.path("images"))), /- --data\n +- images\n/);
      assertMatch(await k8s(toys.folder), /- --data\n +- \.\n/);
      assertMatch(await k8s("/mnt/data"), /- --data\n +- \/mnt\/data\n/);
      const { exit, message } = await assertRejects(() => k8s(here(outside)), Failure);
      assertEquals(exit, 2);
      assertStringIncludes(message, "is outside of the project, which is all that a pod sees");
    }),
);

await needs(
  ["read", "write", "env"],
  "cluster: what is missing or wrong is named",
  () =>
    toys(PAIR, async (toys) => {
      const module = toys.path("toy.ts");
      await Deno.mkdir(toys.path("empty"));
      await Deno.writeTextFile(
        toys.path("empty", "tables.ts"),
        `import { tables } from "${new URL("../../mod.ts", import.meta.url)}";
export default tables({ title: "T", tables: [{ id: "t", title: "T", rows: {} }] });
`,
      );
      for (
        const [args, message] of [
          [[], "which scheduler? deno task cluster slurm experiments/quickstart.ts, or k8s"],
          [["pbs", module], "which scheduler?"],
          [["slurm"], "which experiments?"],
          [["slurm", toys.path("empty")], "empty: no experiment fills these tables"],
          [["slurm", `${module}#techer`], "no experiment called techer"],
          [["slurm", module, "--image", "a"], "unknown flag --image"],
          [["slurm", module, "--partition", "a\nb"], "Slurm takes letters"],
          [["slurm", module, "--cohort", "many"], "--cohort many: give auto, off or a number of"],
          [["slurm", module, "--tasks", "0"], "--tasks needs a whole number of at least 1"],
          [["k8s", module], "--image names a container's image"],
        ] as const
      ) {
        const failure = await assertRejects(() => outputOf(toys, ...args), Failure);
        assertEquals(failure.exit, 2);
        assertStringIncludes(failure.message, message);
      }
      for (const flag of ["--help", "-h"]) {
        assertStringIncludes(await outputOf(toys, flag), "sbatch job.sh");
      }
      assertStringIncludes(await outputOf(toys, "slurm", "--help"), "--partition");
      assertStringIncludes(await outputOf(toys, "k8s", "--help"), "--image");
    }),
);
