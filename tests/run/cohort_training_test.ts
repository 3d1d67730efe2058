import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { readResult, type Trial } from "../../lib/project/result.ts";
import { type FinishedTrial, runTrials } from "../../lib/run/run.ts";
import type { RunProgress } from "../../lib/run/run_folder.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { Failure } from "../../lib/values/failure.ts";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { LOOKS, PAIR, type Toys, toys } from "../support/toy_runs.ts";

/** Trials of one teacher, with other methods, rates, memories and numbers of teachers. */
const COLUMN = `${PAIR}
const pair = { dataset, schedule, teacher: from(teacher), student: small };
const slow = sgd({ epochs: 3, batch: 16, lr: 0.02 });
const twoTeachers = retort.ensemble(from(teacher), from(teacher, { epoch: "best" }));
export const hint = experiment(import.meta, { ...pair, distiller: fitnets({ hint: "block1", guided: "block1" }) });
export const shake = experiment(import.meta, { ...pair, schedule: slow, student: toy("other", 3), distiller: retort.shake() });
export const crd = experiment(import.meta, { ...pair, distiller: retort.crd({ negatives: 16 }) });
export const aver = experiment(import.meta, { ...pair, teacher: twoTeachers, distiller: retort.aver() });
export const scratched = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
export const one = experiment(import.meta, { dataset, schedule, student: small, distiller: retort.one() });
`;

const NAMES = ["student", "hint", "shake", "crd", "aver", "scratched", "one"];

/** Runs experiments of the module together. */
async function runAll(
  toys: Toys,
  names: readonly string[],
  other: Partial<Settings> = {},
): Promise<FinishedTrial[]> {
  const asked = [];
  for (const name of names) asked.push({ experiment: await toys.experiment(name), seed: 1 });
  return await runTrials(asked, toys.settings(other));
}

/** Everything that a run leaves except for times. */
async function remains(toys: Toys, name: string) {
  const { trials: [trial] } = (await readResult(toys.path(`toy/${name}.json`), `toy#${name}`))!;
  const { tensors } = await loadCheckpoint(toys.of(name, 1, "latest.safetensors"));
  const [best, last] = await Promise.all(
    ["best", "last"].map((file) => Deno.readFile(toys.of(name, 1, `${file}.safetensors`))),
  );
  const log = (await toys.log(name)).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([tag]) => !tag.startsWith("perf/")))
  );
  const declaration = await Deno.readTextFile(toys.of(name, 1, "declaration.json"));
  return { trial: withoutTimes(trial), tensors, best, last, log, declaration };
}

function withoutTimes({ seconds: _, stepSeconds: __, ...trial }: Trial) {
  return trial;
}

const test = (
  name: string,
  declared: string,
  use: (toys: Toys) => Promise<void>,
  settings: Partial<Settings> = {},
) => needs(everything, `cohort: ${name}`, () => toys(declared, use, settings));

/** Every run of this file is repeatable bit for bit. */
const repeating = { deterministic: true };

await test(
  "each trial is the trial that it would be alone, bit for bit, in files, log and result",
  COLUMN,
  async (toys) => {
    await runAll(toys, NAMES, { cohort: 1 });
    const alone = new Map<string, Awaited<ReturnType<typeof remains>>>();
    for (const name of NAMES) alone.set(name, await remains(toys, name));
    assert(!toys.said().includes("train together"));
    const finished = await runAll(toys, NAMES, { fresh: true });
    assertStringIncludes(toys.said(), "7 trials of seed 1 train together");
    for (const [i, name] of NAMES.entries()) {
      assertEquals(await remains(toys, name), alone.get(name), name);
      assertEquals(withoutTimes(finished[i].trial), alone.get(name)!.trial);
    }
  },
  repeating,
);

await test(
  "an interrupted cohort goes on with each of its trials, and one that is behind catches up",
  COLUMN,
  async (toys) => {
    const names = NAMES.slice(0, 3);
    await runAll(toys, names);
    const whole = new Map<string, unknown>();
    for (const name of names) whole.set(name, await remains(toys, name));

    let steps = 0;
    const message = await failed(
      runAll(toys, names, { fresh: true, interrupted: () => ++steps === LOOKS + 6 }),
      130,
    );
    assertEquals(
      message,
      "3 trials: interrupted in epoch 2 after batch 2; saved, the same command without --fresh goes on, " +
        "but trains no finished run again",
    );
    // As if a crash had come before the first trial ever saved.
    await Deno.remove(toys.of("student", 1, "latest.safetensors"));
    toys.said();
    await runAll(toys, names);
    const said = toys.said();
    for (const name of ["hint", "shake"]) {
      assertStringIncludes(said, `toy#${name} seed 1: goes on after epoch 1, batch 2`);
    }
    const epochs = [...said.matchAll(/toy#(\w+) seed 1 ep (\d)/g)].map(([, name, ep]) => name + ep);
    assertEquals(epochs, [
      ...["student1", "student2"],
      ...["hint2", "shake2"],
      ...["student3", "hint3", "shake3"],
    ]);
    for (const name of names) assertEquals(await remains(toys, name), whole.get(name), name);
  },
  repeating,
);

await test(
  "with keepPrecision trials that began in other precisions train apart",
  COLUMN,
  async (toys) => {
    await runAll(toys, ["teacher"]);
    let steps = 0;
    const interrupted = () => ++steps === LOOKS + 6;
    await failed(runAll(toys, ["hint"], { precision: "bfloat16", interrupted }), 130);
    toys.said();
    const finished = await runAll(toys, ["student", "hint", "one"], { keepPrecision: true });
    assertEquals(finished.map(({ trial }) => trial.precision), ["float32", "bfloat16", "float32"]);
    assertStringIncludes(toys.said(), "toy#hint seed 1: goes on in bfloat16, in which it began");
  },
  repeating,
);

/** A trial whose term is infinite in the second epoch, and one that builds on it. */
const SICK = `${PAIR}
const sick = () => ({
  id: "sick",
  options: {},
  build: () => ({ student, task, epoch }) => {
    const loss = task(student);
    return { task: [1, loss], sickly: [1, loss.mul(0).add(1).div(epoch.less(2).cast("float32"))] };
  },
});
const pair = { dataset, schedule, teacher: from(teacher), student: small };
export const sickly = experiment(import.meta, { ...pair, distiller: sick() });
export const hint = experiment(import.meta, { ...pair, distiller: fitnets({ hint: "block1", guided: "block1" }) });
export const follower = experiment(import.meta, { ...pair, teacher: from(sickly), distiller: kd() });
`;

await test(
  "one that diverges leaves and is named at the end, the others go on, its followers do not start",
  SICK,
  async (toys) => {
    await runAll(toys, ["student", "hint"], { cohort: 1 });
    const alone = [await remains(toys, "student"), await remains(toys, "hint")];
    toys.said();
    const message = await failed(
      runAll(toys, ["follower", "student", "sickly", "hint"], { fresh: true }),
      4,
    );
    assertStringIncludes(
      message,
      "toy#sickly seed 1: the term sickly is Infinity in epoch 2, step 4 (lr 0.05); epoch 1 is kept",
    );
    const said = toys.said();
    assertStringIncludes(said, "3 trials of seed 1 train together");
    assertStringIncludes(
      said,
      "toy#follower seed 1 is not trained: it builds on toy#sickly seed 1",
    );
    assertEquals([await remains(toys, "student"), await remains(toys, "hint")], alone);
    assert(!existsSync(toys.path("toy/sickly.json")));
    assertEquals((await toys.log("sickly")).length, 1);
  },
  repeating,
);

/** A trial whose term is infinite in the third step of the second epoch. */
const LATE = `${SICK}
const late = () => ({
  id: "late",
  options: {},
  build: ({ create }) => {
    const steps = create.memory("steps", [], (size) => new Float32Array(size));
    return ({ student, task, live }) => {
      const loss = task(student), done = live.read(steps);
      const sickly = loss.mul(0).add(1).div(done.less(6).cast("float32"));
      return { terms: { task: [1, loss], sickly: [1, sickly] }, writes: [[steps, done.add(1)]] };
    };
  },
});
export const third = experiment(import.meta, { ...pair, distiller: late() });
`;

await test(
  "when one diverges, the time until then stays in the records of the others",
  LATE,
  async (toys) => {
    await runAll(toys, ["teacher"]);
    // Three seconds a step, and no time beside.
    let now = 0;
    const interrupted = () => {
      now += 3000;
      return false;
    };
    performance.now = () => now;
    try {
      const message = await failed(runAll(toys, ["student", "third", "hint"], { interrupted }), 4);
      assertStringIncludes(message, "Infinity in epoch 2, step 6");
    } finally {
      Reflect.deleteProperty(performance, "now");
    }
    for (const name of ["student", "hint"]) {
      const log = await toys.log(name);
      // The third step of the second epoch is that of the divergence, which takes no time here.
      assertEquals(log.map((line) => line["perf/seconds"]), [12, 9, 12]);
      const rates = log.map((line) => line["perf/images_per_second"]);
      assertEquals(rates, [64 / 12, 64 / 9, 64 / 12]);
      const { trials: [trial] } = (await readResult(toys.path(`toy/${name}.json`), `toy#${name}`))!;
      assertEquals(trial.seconds, 12 / 3 + 6 / 3 + 3 / 2 + 12 / 2);
    }
  },
  repeating,
);

/** Students by two optimisers over parts of batches, one with an average and clipped gradients. */
const AVERAGING = `
const { adamw } = retort;
const parts = { epochs: 1, batch: 32, lr: 0.01, accumulate: 3 };
const teacher = experiment(import.meta, { dataset, schedule: sgd({ epochs: 1, batch: 32, lr: 0.1 }), student: large, distiller: scratch() });
const pair = { dataset, teacher: from(teacher), student: small, distiller: kd() };
export const adam = experiment(import.meta, { ...pair, schedule: adamw({ ...parts, clip: 1, ema: 0.7 }) });
export const plain = experiment(import.meta, { ...pair, schedule: sgd(parts) });
export const wild = experiment(import.meta, { ...pair, schedule: adamw({ ...parts, lr: 1e38, ema: 0.7 }) });
export { teacher };
`;

await test(
  "averages, clipping and parts of a batch are each trial's own",
  AVERAGING,
  async (toys) => {
    const names = ["plain", "adam"];
    const settings = { gradNorms: true, precision: "bfloat16" } as const;
    await runAll(toys, names, { ...settings, cohort: 1 });
    const alone = await Promise.all(names.map((name) => remains(toys, name)));
    toys.said();
    await runAll(toys, names, { ...settings, fresh: true });
    assertStringIncludes(toys.said(), "2 trials of seed 1 train together");
    assertEquals(await Promise.all(names.map((name) => remains(toys, name))), alone);
    const [[plain], [adam]] = await Promise.all(names.map((name) => toys.log(name)));
    assertEquals(["average/top1" in plain, "average/top1" in adam], [false, true]);
    assert(adam["train/grad/kd"] > 0);
    const message = await failed(runAll(toys, ["wild"], settings), 4);
    assertStringIncludes(message, "toy#wild seed 1: ");
  },
  repeating,
);

await test(
  "gradient norms are measured for each trial, and change no result",
  COLUMN,
  async (toys) => {
    const names = ["student", "hint"];
    const [{ trial: plain }] = await runAll(toys, names);
    const [{ trial }] = await runAll(toys, names, { fresh: true, gradNorms: true });
    assertEquals(trial.metric, plain.metric);
    const norms = (line: Record<string, number>) =>
      Object.keys(line).filter((tag) => tag.startsWith("train/grad/"));
    for (const line of await toys.log("student")) {
      assertEquals(norms(line), ["train/grad/task", "train/grad/kd"]);
    }
    for (const line of await toys.log("hint")) {
      assertEquals(norms(line), ["train/grad/task", "train/grad/hint"]);
    }
  },
  repeating,
);

await test(
  "the time of a step is shared by the trials of a cohort",
  COLUMN,
  async (toys) => {
    const finished = await runAll(toys, NAMES);
    const shares = finished.map(({ trial }) => trial.stepSeconds);
    assertEquals(new Set(shares).size, 1, "all have the same share");
    const lines = await toys.log("student");
    assert(lines.every((line) => line["perf/seconds"] > 0));
    assertEquals(lines.map((line) => line["perf/trials"]), lines.map(() => NAMES.length));
  },
  repeating,
);

async function failed(run: Promise<unknown>, exit: number): Promise<string> {
  const failure = await assertRejects(() => run, Failure);
  assertEquals(failure.exit, exit);
  return failure.message;
}

await test(
  "a state that is saved within an epoch, in time or on request, is where a killed run goes on",
  COLUMN,
  async (toys) => {
    const names = NAMES.slice(0, 2);
    await runAll(toys, names);
    const whole = new Map<string, unknown>();
    for (const name of names) whole.set(name, await remains(toys, name));

    const killed = async (other: Partial<Settings>) => {
      let steps = 0;
      const interrupted = () => {
        if (++steps < LOOKS + 7) return false;
        throw new Error("the power is gone");
      };
      toys.said();
      const run = runAll(toys, names, { fresh: true, interrupted, ...other });
      await assertRejects(() => run, Error, "the power is gone");
      const saved = toys.said();
      await runAll(toys, names);
      for (const name of names) assertEquals(await remains(toys, name), whole.get(name), name);
      return [saved, toys.said()];
    };
    const [, resumed] = await killed({ saveEvery: 0 });
    for (const name of names) {
      assertStringIncludes(resumed, `toy#${name} seed 1: goes on after epoch 1, batch 2`);
    }
    let steps = 0;
    const [saved, again] = await killed({ saveRequested: () => ++steps === 5 });
    for (const name of names) {
      assertStringIncludes(saved, `toy#${name} seed 1: saved in epoch 2 after batch 1`);
      assertStringIncludes(again, `toy#${name} seed 1: goes on after epoch 1, batch 1`);
    }
    const [, off] = await killed({ saveEvery: Infinity });
    assertStringIncludes(off, "toy#student seed 1: goes on after epoch 1\n");
  },
  repeating,
);

/** A pair whose data set has a test image that cannot be read in the second evaluation, once. */
const BROKEN = `
let evaluations = 0;
const breaking: typeof dataset = {
  ...dataset,
  async open(folder, log) {
    const opened = await dataset.open(folder, log), { test } = opened;
    const read: typeof test.read = (indices) => {
      // The fingerprint reads image by image.
      if (indices.length > 1 && ++evaluations === Number(Deno.env.get("TOY_BROKEN"))) throw new Error("a broken image");
      return test.read(indices);
    };
    return { ...opened, test: { ...test, read } };
  },
};
export const student = experiment(import.meta, { dataset: breaking, schedule, student: small, distiller: scratch() });
`;

await test(
  "an evaluation that fails or is interrupted costs no training: the next run begins with it",
  BROKEN,
  async (toys) => {
    const whole = await toys.run("student").then(() => remains(toys, "student"));
    const perf = (await toys.log("student")).map((line) => Object.keys(line));
    const assertResumes = async () => {
      toys.said();
      let steps = 0;
      const trial = await toys.run("student", 1, { interrupted: () => ++steps > LOOKS + 4 });
      const said = toys.said();
      assertStringIncludes(said, "goes on after epoch 2, with its evaluation");
      assertEquals(steps, LOOKS + 4);
      assertEquals(await remains(toys, "student"), whole);
      const log = await toys.log("student");
      assertEquals(log.map((line) => Object.keys(line)), perf);
      assert(log[1]["perf/images_per_second"] > 0);
      assert(trial.stepSeconds! > 0);
    };
    // The first run has evaluated the test images three times.
    Deno.env.set("TOY_BROKEN", "5");
    await assertRejects(() => toys.run("student", 1, { fresh: true }), Error, "a broken image");
    Deno.env.delete("TOY_BROKEN");
    await assertResumes();

    // Four batches of an evaluation have three places between them.
    let looks = 0;
    const interrupted = () => ++looks === LOOKS + 4 + 3 + 4 + 1;
    assertEquals(
      await failed(toys.run("student", 1, { fresh: true, evalBatch: 8, interrupted }), 130),
      "toy#student seed 1: interrupted in the evaluation of epoch 2; saved, the same command " +
        "without --fresh goes on, but trains no finished run again",
    );
    await assertResumes();
  },
  repeating,
);

/**
 * A student of ten iterations, of which the third epoch has two, a teacher, and students whose
 * iterations need fewer or more epochs. One has an optimiser that only adds up its steps' rates.
 */
const ENDING = `${PAIR}
const warmup = { iterations: 4, factor: 0.1 };
const rate = retort.stepsByIteration({ at: [6, 9], by: 0.1, warmup });
const ending = (epochs: number) => sgd({ epochs, iterations: 10, batch: 16, lr: 0.05, rate });
const taught = { dataset, teacher: from(teacher), student: small, distiller: kd() };
export const brief = experiment(import.meta, { ...taught, schedule: ending(3) });
export const hint = experiment(import.meta, { ...taught, schedule: ending(3), distiller: fitnets({ hint: "block1", guided: "block1" }) });
export const tooFew = experiment(import.meta, { ...taught, schedule: ending(2) });
export const tooMany = experiment(import.meta, { dataset, student: small, distiller: scratch(), schedule: ending(4) });
const counting: typeof schedule = {
  ...ending(3),
  optimizer(_, create) {
    const sum = create.variable("sum", [2], (size) => new Float32Array(size), { trainable: false });
    return { update: (_, rate) => [{ kind: "assign", variable: sum, value: sum.value.add(rate.mul([1, 0])).add([0, 1]) }] };
  },
};
export const adding = experiment(import.meta, { dataset, student: small, distiller: scratch(), schedule: counting });
`;

const progressOf = async (folder: string) => {
  const { metadata } = await loadCheckpoint(`${folder}/latest.safetensors`);
  return metadata as unknown as RunProgress;
};

await test(
  "a training of iterations ends within its last epoch, evaluates, records, and resumes in it",
  ENDING,
  async (toys) => {
    const [{ trial }] = await runAll(toys, ["brief"]);
    assertEquals(trial.epochs, 3);
    const said = toys.said();
    assertStringIncludes(said, "toy#brief seed 1 ep 3/3 lr 0.005 ");
    const { epoch, batch, step } = await progressOf(toys.of("brief", 1));
    assertEquals([epoch, batch, step], [3, 0, 10]);
    const log = await toys.log("brief");
    const expected = [0.005, 0.05, 0.005];
    log.forEach(({ lr }, i) => assertAlmostEquals(lr, expected[i], 1e-15));
    assertEquals(log.length, 3);
    const whole = await remains(toys, "brief");

    for (
      const [steps, place, goesOn] of [
        [9, "in epoch 3 after batch 1", "after epoch 2, batch 1"],
        [10, "in epoch 3 after batch 2", "after epoch 3, with its evaluation"],
      ] as const
    ) {
      let looks = 0;
      const interrupted = () => ++looks === LOOKS + steps;
      const message = await failed(toys.run("brief", 1, { fresh: true, interrupted }), 130);
      assertStringIncludes(message, place);
      toys.said();
      await toys.run("brief");
      assertStringIncludes(toys.said(), `toy#brief seed 1: goes on ${goesOn}`);
      assertEquals(await remains(toys, "brief"), whole);
    }
    await runAll(toys, ["brief", "hint"], { fresh: true });
    assertStringIncludes(toys.said(), "2 trials of seed 1 train together");
    assertEquals(await remains(toys, "brief"), whole);
  },
  repeating,
);

await test(
  "a training of iterations takes the declared steps at their rates, a quick one fewer",
  ENDING,
  async (toys) => {
    const sums = async (folder: string) =>
      (await loadCheckpoint(`${folder}/latest.safetensors`)).tensors.get("sum")!.data;
    const check = async (folder: string, rates: readonly number[]) => {
      const [rate, steps] = await sums(folder);
      assertEquals(steps, rates.length);
      assertAlmostEquals(rate, 0.05 * rates.reduce((a, b) => a + b), 1e-7);
    };
    await toys.run("adding");
    const all = [0.1, 0.325, 0.55, 0.775, 1, 1, 0.1, 0.1, 0.1, 0.01];
    await check(toys.of("adding", 1), all);
    await toys.run("adding", 1, { limit: 2 });
    await check(`${toys.of("adding", 1)}-quick-3-2`, [0.1, 0.55, 1, 0.1, 0.1]);
    await toys.run("adding", 1, { epochs: 1, limit: 2 });
    assertEquals((await progressOf(`${toys.of("adding", 1)}-quick-1-2`)).step, 2);
  },
  repeating,
);

await test(
  "iterations that need other epochs are refused before any training, that of a teacher too",
  ENDING,
  async (toys) => {
    // What does not train first is named.
    const cases = [["tooFew", 2, "toy#tooFew: "], ["tooMany", 4, ""]] as const;
    for (const [name, epochs, title] of cases) {
      assertEquals(
        await failed(runAll(toys, [name]), 2),
        `${title}sgd: 10 iterations begin 3 epochs of 4 steps (64 images in batches of 16), ` +
          `and \`epochs\` is ${epochs}: declare 3`,
      );
    }
    assertEquals(existsSync(toys.of("teacher", 1)), false);
    await runAll(toys, ["tooFew"], { epochs: 1, limit: 1 });
  },
  repeating,
);
