/** Trials that several processes on this machine train together. */
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { encode } from "fast-png";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { readResult, type Trial } from "../../lib/project/result.ts";
import { runTrials } from "../../lib/run/run.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { assertNear } from "../support/tolerance.ts";
import { type Ended, type Toys, toys, toysIn } from "../support/toy_runs.ts";
import { freeAddresses } from "../support/workers.ts";

/**
 * The allowed relative distance between what one process and what several compute: they add up the
 * same numbers in another order.
 */
const LIMIT = 1e-5;

/** Every process has one thread. */
const THREADS = ["--threads", "1"];

/** All experiments of this file: the types of one module are checked once. */
const DECLARED = `
const uneven = { dataset: synthetic({ ...images, train: 60 }), schedule };
const plain = retort.classifier("plain", {}, (classes) => ({
  stem: retort.stage(retort.conv(4, { bias: true }), retort.relu()),
  pooled: retort.stage(retort.globalAveragePool()),
  logits: retort.stage(retort.dense(classes)),
}));
export const teacher = experiment(import.meta, { ...uneven, student: large, distiller: scratch() });
const taught = { ...uneven, teacher: from(teacher), student: small };
export const student = experiment(import.meta, { ...taught, distiller: kd() });
export const hint = experiment(import.meta, { ...taught, distiller: fitnets({ hint: "block1", guided: "block1", weight: 1 }) });
export const plainest = experiment(import.meta, { ...uneven, student: plain, distiller: scratch() });
const mixing = synthetic({ ...images, mix: retort.mixup() });
export const mixed = experiment(import.meta, { ...uneven, dataset: mixing, student: small, distiller: scratch() });
const long = sgd({ epochs: 20, batch: 16, lr: 0.01 });
export const lasting = experiment(import.meta, { dataset, schedule: long, student: small, distiller: scratch() });
const jump = sgd({ epochs: 3, batch: 16, lr: 0.05, drops: { at: [1], by: 1e38 } });
export const sickly = experiment(import.meta, { dataset, schedule: jump, student: plain, distiller: scratch() });
export const remembering = experiment(import.meta, { ...taught, distiller: retort.crd({ negatives: 16 }) });
const few = synthetic({ ...images, train: 65 });
export const fewest = experiment(import.meta, { dataset: few, schedule, student: small, distiller: scratch() });
const pictures = imageFolder({ folder: "pictures", size: 8 });
export const pictured = experiment(import.meta, { dataset: pictures, schedule, student: small, distiller: scratch() });
`;

/** A worker's process. */
interface Worker {
  readonly process: Deno.ChildProcess;
  /** Resolves when its errors have this text, or rejects if they end without it. */
  until(text: string): Promise<void>;
  readonly outcome: Promise<Ended>;
}

/** Starts `exp` with flags of a cluster, or with this environment. */
function startWorker(
  toys: Toys,
  args: readonly string[],
  env: Record<string, string> = {},
): Worker {
  // Without colours, and as if no other test had set TensorFlow's level.
  const quiet = { NO_COLOR: "1", TF_CPP_MIN_LOG_LEVEL: "", ...env };
  const process = toys.start([...args, ...THREADS], quiet);
  const [told, kept] = process.stderr.tee();
  const until = async (text: string) => {
    let errors = "";
    for await (const part of told.pipeThrough(new TextDecoderStream())) {
      errors += part;
      if (errors.includes(text)) return;
    }
    throw new Error(`no "${text}" in ${errors}`);
  };
  const finish = async (): Promise<Ended> => {
    const [out, err, { code }] = await Promise.all([
      new Response(process.stdout).text(),
      new Response(kept).text(),
      process.status,
    ]);
    return { code, out, err };
  };
  return { process, until, outcome: finish() };
}

/**
 * Starts a worker in each of these projects, in the order of their ranks. Default of the
 * environments: nothing more.
 */
function startCluster(
  projects: readonly Toys[],
  args: readonly string[],
  environments: readonly Record<string, string>[] = [],
): Worker[] {
  const addresses = freeAddresses(projects.length);
  const flags = ["--cluster", addresses.join(), "--rank"];
  return projects.map((toys, rank) =>
    startWorker(toys, [...args, ...flags, `${rank}`], environments[rank])
  );
}

/** Runs a worker in each of these projects to its end. */
async function runCluster(projects: readonly Toys[], args: readonly string[]): Promise<Ended[]> {
  return await Promise.all(startCluster(projects, args).map(({ outcome }) => outcome));
}

/** Asserts the exit codes of workers, and returns the lines that each ended with. */
function lastLines(outcomes: readonly Ended[], codes: readonly number[]): string[] {
  const said = outcomes.map(({ err }, rank) => `worker ${rank}:\n${err}`).join("\n");
  assertEquals(outcomes.map(({ code }) => code), codes, said);
  return outcomes.map(({ err }) => err.trimEnd().split("\n").at(-1)!);
}

const asked = async (toys: Toys, names: readonly string[]) =>
  await Promise.all(
    names.map(async (name) => ({ experiment: await toys.experiment(name), seed: 1 })),
  );

/** What a run leaves: its recorded trial, its losses and its state. */
interface Remains {
  readonly trial: Trial;
  readonly losses: readonly number[];
  readonly state: ReadonlyMap<string, ArrayLike<number>>;
}

async function remains(toys: Toys, name: string): Promise<Remains> {
  const { trials } = (await readResult(toys.path(`toy/${name}.json`), `toy#${name}`))!;
  const { tensors } = await loadCheckpoint(toys.of(name, 1, "latest.safetensors"));
  const losses = (await toys.log(name)).map((line) => line["train/loss"]);
  const state = new Map(
    Array.from(tensors, ([name, { data }]) => [name, Float32Array.from(data, Number)] as const),
  );
  return { trial: trials[0], losses, state };
}

/** Asserts that a run is the same as in one process. */
function assertSame(name: string, ours: Remains, alone: Remains): void {
  assertNear(`the losses of ${name}`, ours.losses, alone.losses, LIMIT);
  assertEquals([...ours.state.keys()], [...alone.state.keys()]);
  // One vector: a bias before a norm stays around 0, where every distance is large.
  const all = ({ state }: Remains) => [...state.values()].flatMap((values) => Array.from(values));
  assertNear(`the state of ${name}`, all(ours), all(alone), LIMIT);
  assertEquals(ours.trial.epochs, alone.trial.epochs);
}

/** What is tested, by what it says. All of it is in one project. */
const claims: Readonly<Record<string, (toys: Toys) => Promise<void>>> = {
  "with --sync-norm, 2 and 3 processes train what one does, alone and as a cohort": async (
    toys,
  ) => {
    const names = ["teacher", "student", "hint"];
    await runTrials(await asked(toys, names), toys.settings());
    const alone = new Map<string, Remains>();
    for (const name of names) alone.set(name, await remains(toys, name));
    const assertWorkers = async (workers: number, names: readonly string[]) => {
      for (const name of names) {
        const ours = await remains(toys, name);
        assertSame(`${name} with ${workers} workers`, ours, alone.get(name)!);
        assertEquals([ours.trial.workers, ours.trial.syncNorm], [workers, true]);
      }
    };

    const args = (names: readonly string[]) => [
      ...names.map((name) => `toy.ts#${name}`),
      "--fresh",
      "--sync-norm",
    ];
    const two = await runCluster([toys, toys], args(names));
    lastLines(two, [0, 0]);
    await assertWorkers(2, names);
    assertStringIncludes(two[0].err, "2 trials of seed 1 train together");
    assertEquals(two[1].out, "", "worker 0 prints");
    assertMatch(two[1].err, /^worker 1 of 2 follows worker 0 \(\S+\), which prints and records/);

    const pair = names.slice(0, 2);
    const [chief, ...worker] = freeAddresses(3);
    const cluster = { chief: [chief], worker };
    const tasks = [["chief", 0], ["worker", 0], ["worker", 1]];
    const three = tasks.map(([type, index]) =>
      startWorker(toys, args(pair), {
        TF_CONFIG: JSON.stringify({ cluster, task: { type, index } }),
      })
    );
    lastLines(await Promise.all(three.map(({ outcome }) => outcome)), [0, 0, 0]);
    await assertWorkers(3, pair);
  },

  "without --sync-norm, a network without norms trains as in one process, a late worker is waited for, and only worker 0 writes":
    (toys) =>
      inTemporary(async (folder) => {
        const follower = await toysIn(folder, DECLARED);
        await toys.run("plainest");
        const alone = await remains(toys, "plainest");

        const args = ["toy.ts#plainest", "--fresh"];
        const addresses = freeAddresses(2);
        const flags = ["--cluster", addresses.join(), "--rank"];
        const leader = startWorker(toys, [...args, ...flags, "0"]);
        await new Promise((resolve) => setTimeout(resolve, 1500));
        const late = startWorker(follower, [...args, ...flags, "1"]);
        lastLines([await leader.outcome, await late.outcome], [0, 0]);
        const ours = await remains(toys, "plainest");
        assertSame("plainest", ours, alone);
        assertEquals([ours.trial.workers, ours.trial.syncNorm], [2, undefined]);
        const files = Array.from(Deno.readDirSync(folder), ({ name }) => name);
        assertEquals(files.sort(), ["deno.json", "toy.ts"]);
      }),

  "with --deterministic, the same workers repeat every bit, also of mixed images and in bfloat16":
    async (toys) => {
      const args = ["toy.ts#mixed", "--fresh", "--deterministic", "--precision", "bfloat16"];
      const runs: Remains[] = [];
      for (let i = 0; i < 2; i++) {
        lastLines(await runCluster([toys, toys], args), [0, 0]);
        runs.push(await remains(toys, "mixed"));
      }
      const [once, again] = runs.map(({ losses, state }) => ({ losses, state }));
      assertEquals(again, once);
    },

  "Ctrl-C at any worker saves and stops all, a killed one stops the others, and any number goes on":
    async (toys) => {
      await toys.run("lasting");
      const alone = await remains(toys, "lasting");
      await Deno.remove(toys.of("lasting", 1), { recursive: true });
      const args = ["toy.ts#lasting", "--sync-norm"];

      const two = startCluster([toys, toys], args);
      await two[0].until("ep 1/20");
      two[1].process.kill("SIGINT");
      const stopped = await Promise.all(two.map(({ outcome }) => outcome));
      for (const line of lastLines(stopped, [130, 130])) {
        assertMatch(
          line,
          /^toy#lasting seed 1: interrupted in epoch \d+ after batch \d; saved, the same command goes on$/,
        );
      }

      const three = startCluster([toys, toys, toys], args);
      await three[0].until("ep ");
      three[2].process.kill("SIGKILL");
      const [first, second] = await Promise.all(three.map(({ outcome }) => outcome));
      assertMatch(first.err, /toy#lasting seed 1: goes on after epoch \d+/);
      for (const line of lastLines([first, second], [1, 1])) {
        assertMatch(
          line,
          /^worker 2 \(\S+\) has ended: start all workers again, without --fresh, and the run goes on from its last save$/,
        );
      }
      assert(!existsSync(toys.of("lasting", 1, "trial.json")));

      const saved = toys.path("saved");
      await copyFolder(toys.of("lasting", 1), saved);
      await toys.run("lasting");
      await assertFinished();
      await Deno.remove(toys.of("lasting", 1), { recursive: true });
      await Deno.rename(saved, toys.of("lasting", 1));
      lastLines(await runCluster([toys, toys, toys], args), [0, 0, 0]);
      await assertFinished();

      async function assertFinished(): Promise<void> {
        const ours = await remains(toys, "lasting");
        assertSame("lasting", ours, alone);
        assertEquals([ours.trial.workers, ours.trial.syncNorm], [3, true], "the most at any time");
      }
    },

  "a divergence ends all workers, and the epochs before it are kept": async (toys) => {
    for (const line of lastLines(await runCluster([toys, toys], ["toy.ts#sickly"]), [4, 4])) {
      assertMatch(
        line,
        /^toy#sickly seed 1: the term task is \S+ in epoch 2, step 5 \(lr \S+\); epoch 1 is kept/,
      );
    }
    assertEquals((await toys.log("sickly")).length, 1);
  },

  "a method that remembers and a batch with fewer images than workers are refused": async (
    toys,
  ) => {
    await toys.run("teacher");
    const remembering = await runCluster([toys, toys], ["toy.ts#remembering"]);
    for (const line of lastLines(remembering, [2, 2])) {
      assertEquals(
        line,
        "toy#remembering seed 1: crd remembers earlier batches, of which each worker sees its " +
          "part only: train it in one process",
      );
    }
    for (const line of lastLines(await runCluster([toys, toys], ["toy.ts#fewest"]), [2, 2])) {
      assertStringIncludes(line, "the last batch has 1 images, too few for 2 workers");
    }
    assert(!existsSync(toys.of("remembering", 1)) && !existsSync(toys.of("fewest", 1)));
  },

  "a worker with other code or other weights of the teacher is refused": async (toys) => {
    await toys.run("teacher");
    const other = await toysIn(await Deno.makeTempDir(), DECLARED);
    try {
      const run = (name: string) => runCluster([toys, other], [`toy.ts#${name}`, "--fresh"]);
      await Deno.mkdir(other.path("runs", "toy#teacher"), { recursive: true });
      await copyFolder(toys.of("teacher", 1), other.of("teacher", 1));
      const path = other.of("teacher", 1, "last.safetensors");
      const { tensors } = await loadCheckpoint(path);
      await saveCheckpoint(path, tensors, "another file with the same weights");
      for (const line of lastLines(await run("student"), [2, 2])) {
        assertMatch(
          line,
          /^worker 1 \(\S+\) has another sha256 of weights for toy#student seed 1 than worker 0: \w{12}, not \w{12}; do all workers see the same project and data\?$/,
        );
      }
      const effect = `console.error("another effect");\n`;
      await Deno.writeTextFile(other.path("toy.ts"), effect, { append: true });
      for (const line of lastLines(await run("plainest"), [2, 2])) {
        assertMatch(
          line,
          /^worker 1 \(\S+\) has another code of toy#plainest seed 1 than worker 0: .*toy\.ts \w{12}, not .*toy\.ts \w{12};/,
        );
      }
    } finally {
      await Deno.remove(other.folder, { recursive: true });
    }
  },

  "a worker without the data ends the others, and one with other data is refused": async (toys) => {
    await writePictures(toys.path("data"), 8);
    const other = toys.path("other data");
    const args = ["toy.ts#pictured"];
    const start = () => startCluster([toys, toys], args, [{}, { RETORT_DATA: other }]);
    const run = () => Promise.all(start().map(({ outcome }) => outcome));
    const [leader, missing] = lastLines(await run(), [1, 3]);
    assertMatch(leader, /^worker 1 \(\S+\) has ended: /);
    assertStringIncludes(missing, other);

    await writePictures(other, 8, 101);
    for (const line of lastLines(await run(), [2, 2])) {
      assertMatch(line, /^worker 1 \(\S+\) has another digest of the data set than worker 0: /);
    }
    await Deno.remove(other, { recursive: true });
    await writePictures(other, 7);
    for (const line of lastLines(await run(), [2, 2])) {
      assertMatch(
        line,
        /^worker 1 \(\S+\) has another data set than worker 0: 14 images of 2 classes, not 16 images of 2 classes; do all workers see the same project and data\?$/,
      );
    }
  },
};

async function copyFolder(from: string, to: string): Promise<void> {
  await Deno.mkdir(to);
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(join(from, name), join(to, name));
  }
}

/** Writes a data set of two classes into a folder. */
async function writePictures(folder: string, images: number, grey = 100): Promise<void> {
  const png = encode({ width: 8, height: 8, channels: 3, data: new Uint8Array(192).fill(grey) });
  for (const name of ["train/cat", "train/dog", "test/cat", "test/dog"]) {
    const path = join(folder, "pictures", name);
    await Deno.mkdir(path, { recursive: true });
    for (let i = 0; i < images; i++) await Deno.writeFile(join(path, `${i}.png`), png);
  }
}

await needs(
  everything,
  "workers: several processes train together",
  (t) =>
    toys(DECLARED, async (toys) => {
      for (const [name, hold] of Object.entries(claims)) await t.step(name, () => hold(toys));
    }, { threads: 1 }),
);
