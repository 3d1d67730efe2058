import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import * as tf from "@tensorflow/tfjs";
import { existsSync, readdirSync } from "node:fs";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { Failure } from "../../lib/values/failure.ts";
import { valueAt } from "../../lib/project/metric.ts";
import { readResult, type Trial } from "../../lib/project/result.ts";
import { runTrials } from "../../lib/run/run.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { needsDisk } from "../support/disk.ts";
import { failureMessage } from "../support/failure_message.ts";
import { everything, needs } from "../support/needs.ts";
import { LOOKS, PAIR, type Toys, toys, toysIn } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

/** Makes every run in this file repeatable bit for bit. */
const repeatable = { deterministic: true };

const test = (name: string, declared: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `run: ${name}`, () => toys(declared, use, repeatable));

const digest = async (path: string): Promise<string> => await sha256(await Deno.readFile(path));

/**
 * One image of the toy's test set, in percent: two ways to compute the same logits may classify
 * one image differently.
 */
const ONE_IMAGE = 100 / 32;

await test(
  "missing teachers are trained first, one after the other, and their weights teach",
  `
const grand = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const teacher = experiment(import.meta, { dataset, schedule, teacher: from(grand, { epoch: "best" }), student: large, distiller: kd() });
const student = experiment(import.meta, { dataset, schedule, teacher: from(teacher, { seed: 3, epoch: 2 }), student: small, distiller: kd() });
export default { grand, teacher, student };
`,
  async (toys) => {
    await tf.ready();
    const before = tf.memory().numTensors;
    const trial = await toys.run("student", 7);
    assertEquals(tf.memory().numTensors, before);

    const output = toys.said();
    const order = [
      "teacher toy#grand seed 1 is not trained yet; it is trained first",
      "toy#grand seed 1 ep 3/3",
    ];
    order.push(
      "teacher toy#teacher seed 3 is not trained yet; it is trained first",
      "toy#teacher seed 3 ep 3/3",
    );
    order.push("toy#student seed 7 ep 3/3");
    const places = order.map((text) => output.indexOf(text));
    assert(places.every((place, i) => place >= 0 && place > (places[i - 1] ?? -1)), output);

    const weights = toys.of("teacher", 3, "epoch-2.safetensors");
    const [record] = trial.teachers;
    assertEquals([record.id, record.seed, record.sha256], [
      "toy#teacher",
      3,
      await digest(weights),
    ]);
    assertAlmostEquals(
      record.score.top1,
      (await toys.log("teacher", 3))[1]["test/top1"],
      ONE_IMAGE,
    );
    const { teachers: [grand], metric } =
      (await readResult(toys.path("toy/teacher.json"), "toy#teacher"))!.trials[0];
    assertEquals(grand.sha256, await digest(toys.of("grand", 1, "best.safetensors")));
    const [best] = (await readResult(toys.path("toy/grand.json"), "toy#grand"))!.trials;
    assertAlmostEquals(grand.score.top1, accuracyOf(best).best, ONE_IMAGE);
    assert(Number(metric.kl) > 0 && Number(trial.metric.kl) > 0);
    assertEquals(best.metric.kl, undefined);

    assertEquals((await loadCheckpoint(weights)).metadata, {
      experiment: "toy#teacher",
      seed: 3,
      epoch: 2,
      image: [8, 8, 3],
    });
    const last = await loadCheckpoint(toys.of("student", 7, "last.safetensors"));
    const latest = await loadCheckpoint(toys.of("student", 7, "latest.safetensors"));
    for (const [name, { data }] of last.tensors) {
      assertEquals(data, latest.tensors.get(`student.${name}`)!.data);
    }
    assert(!existsSync(toys.of("grand", 1, "epoch-2.safetensors")));

    assertEquals(await toys.run("student", 7), trial);
    assertStringIncludes(toys.said(), "done before");
    assertEquals(
      await toys.run("student", 7, { fresh: true }).then(({ teachers }) => teachers),
      trial.teachers,
    );
    assertStringIncludes(toys.said(), "toy#student seed 7 is trained anew; the old run is kept in");
    assert(
      existsSync(toys.of("student", 7) + ".old-1") && !existsSync(toys.of("teacher", 3) + ".old-1"),
    );
  },
);

await test("the result beside the module has all members", PAIR, async (toys) => {
  await toys.run("student", 2);
  const trial = await toys.run("student", 1);
  const { experiment, trials } = JSON.parse(await Deno.readTextFile(toys.path("toy/student.json")));
  assertEquals(experiment, "toy#student");
  assertEquals(trials.map(({ seed }: Trial) => seed), [1, 2]);
  assertEquals(trials[0], trial);
  assertEquals(Object.keys(trials[0]), [
    ...[
      "seed",
      "declaration",
      "epochs",
      "metric",
      "bestEpoch",
      "teachers",
      "precision",
      "backend",
      "tensorflow",
    ],
    ...["holdout", "data", "seconds", "stepSeconds", "commit", "code", "quick"],
  ]);
  const log = await toys.log("student");
  const tops = log.map((line) => line["test/top1"]);
  assertEquals(trial.metric.top1, { last: tops[2], best: Math.max(...tops) });
  assertEquals(trial.bestEpoch, tops.indexOf(Math.max(...tops)) + 1);
  assertEquals(valueAt(trial.metric, "top5", "last"), 100);
  assertEquals([trial.epochs, trial.quick, trial.holdout, trial.commit], [3, false, null, null]);
  assertEquals([trial.precision, trial.backend, typeof trial.tensorflow], [
    "float32",
    "tensorflow",
    "string",
  ]);
  assertEquals(log.map(({ lr }) => +lr.toPrecision(6)), [0.05, 0.05, 0.005]);
  assertEquals(log.map(({ epoch }) => epoch), [1, 2, 3]);
  for (const line of log) {
    assertAlmostEquals(line["train/loss"], line["train/loss/task"] + line["train/loss/kd"], 1e-6);
    for (const tag of ["train/top1", "test/top5", "perf/images_per_second", "perf/data_seconds"]) {
      assert(Number.isFinite(line[tag]), tag);
    }
  }
  const declared = JSON.parse(await Deno.readTextFile(toys.of("student", 1, "declaration.json")));
  assertEquals(declared.hash, trial.declaration);
  assertEquals(declared.declaration.teachers[0].experiment.student.id, "large");
  assertEquals(declared.versions.tensorflow, trial.tensorflow);
});

await test(
  "a step's seconds are recorded, without evaluation; a quick run's too",
  `
const WAIT = 500;
const slow: typeof dataset = {
  ...dataset,
  async open(folder, log) {
    const opened = await dataset.open(folder, log);
    const read: typeof opened.test.read = async (indices) => {
      await new Promise((resolve) => setTimeout(resolve, WAIT));
      return opened.test.read(indices);
    };
    return { ...opened, test: { ...opened.test, read } };
  },
};
export const slowly = experiment(import.meta, { dataset: slow, schedule, student: small, distiller: scratch() });
`,
  async (toys) => {
    for (const [other, epochs, steps] of [[{}, 3, 4], [{ epochs: 2, limit: 3 }, 2, 3]] as const) {
      const { stepSeconds, seconds } = await toys.run("slowly", 1, other);
      const waited = 0.5 * epochs;
      assert(stepSeconds! > 0);
      // The seconds of a run are rounded to a tenth.
      assert(
        stepSeconds! * steps * epochs <= seconds - waited + 0.06,
        `${stepSeconds} of ${seconds} s`,
      );
    }
  },
);

await test(
  "a stale teacher is named and trained again; its old run is kept",
  PAIR,
  (old) =>
    toys(
      PAIR.replace(
        "student: large, distiller: scratch()",
        `student: toy("large", 3), distiller: scratch()`,
      ),
      async (toys) => {
        const before = await old.run("student");
        for (const name of ["teacher", "student"]) {
          await Deno.mkdir(toys.of(name, 1), { recursive: true });
          for await (const file of Deno.readDir(old.of(name, 1))) {
            await Deno.copyFile(old.of(name, 1, file.name), toys.of(name, 1, file.name));
          }
        }
        const after = await toys.run("student");
        const output = toys.said();
        assertStringIncludes(
          output,
          "teacher toy#teacher seed 1 is stale: its declaration has changed",
        );
        assertStringIncludes(output, "toy#student seed 1 is stale");
        assert(
          before.declaration !== after.declaration &&
            before.teachers[0].sha256 !== after.teachers[0].sha256,
        );
        assertEquals(
          await digest(toys.of("teacher", 1) + ".old-1/last.safetensors"),
          before.teachers[0].sha256,
        );
      },
      repeatable,
    ),
);

await test(
  "quick runs scale the drops, and their teachers are quick; a full teacher serves them too",
  `
const long = sgd({ epochs: 6, batch: 16, lr: 0.1, drops: { at: [2, 4], by: 0.1 } });
const teacher = experiment(import.meta, { dataset, schedule: long, student: large, distiller: scratch() });
const student = experiment(import.meta, { dataset, schedule: long, teacher: from(teacher, { epoch: 4 }), student: small, distiller: kd() });
export default { teacher, student };
`,
  async (toys) => {
    const quick = await toys.run("student", 1, { epochs: 3, limit: 2 });
    assertEquals([quick.quick, quick.epochs], [true, 3]);
    const folder = (name: string) => `${toys.of(name, 1)}-quick-3-2`;
    assert(!existsSync(toys.of("teacher", 1)) && !existsSync(toys.of("student", 1)));
    assertEquals(
      quick.teachers[0].sha256,
      await digest(`${folder("teacher")}/epoch-2.safetensors`),
    );
    const lines = (await Deno.readTextFile(`${folder("teacher")}/metrics.jsonl`)).trimEnd().split(
      "\n",
    ).map((line) => JSON.parse(line));
    assertEquals(lines.map(({ lr }) => +lr.toPrecision(6)), [0.1, 0.01, 0.001]);
    assertEquals(
      ((await loadCheckpoint(`${folder("student")}/latest.safetensors`)).metadata as {
        step: number;
      }).step,
      6,
    );
    const quickFile = toys.path("toy/teacher.quick.json");
    assert((await readResult(quickFile, "toy#teacher"))!.trials[0].quick);
    assert(!existsSync(toys.path("toy/teacher.json")));

    const full = await toys.run("student");
    assertEquals([full.quick, full.epochs], [false, 6]);
    assert(!existsSync(quickFile), "a full run removes the quick one's record");
    assertEquals(
      full.teachers[0].sha256,
      await digest(toys.of("teacher", 1, "epoch-4.safetensors")),
    );
    assert(
      (await readResult(toys.path("toy/teacher.json"), "toy#teacher"))!.trials.every(({ quick }) =>
        !quick
      ),
    );

    const other = await toys.run("student", 2, { epochs: 1 });
    assertEquals(other.teachers, full.teachers);
    assert(other.quick && !existsSync(`${toys.of("teacher", 1)}-quick-1-all`));

    await toys.run("student", 1, { epochs: 1, fresh: true });
    assert(!(await readResult(toys.path("toy/student.json"), "toy#student"))!.trials[0].quick);
  },
);

await test(
  "an epoch whose weights were not kept is trained again; one outside the schedule is an error",
  PAIR + `
export const early = experiment(import.meta, { dataset, schedule, teacher: from(teacher, { epoch: 1 }), student: small, distiller: kd() });
export const late = experiment(import.meta, { dataset, schedule, teacher: from(teacher, { epoch: 4 }), student: small, distiller: kd() });
`,
  async (toys) => {
    await toys.run("teacher", 1);
    await toys.run("early", 1);
    assertStringIncludes(
      toys.said(),
      "teacher toy#teacher seed 1 is lacking weights that are wanted now",
    );
    assert(existsSync(toys.of("teacher", 1, "epoch-1.safetensors")));
    const message = await failureMessage(toys.run("late"), 2);
    assertStringIncludes(message, "from(…, { epoch: 4 }): this teacher has the epochs 1 to 3");
  },
);

await test(
  "weights that another requested trial needs are kept at once; results are in the requested order",
  PAIR + `
export const early = experiment(import.meta, { dataset, schedule, teacher: from(teacher, { epoch: 1 }), student: small, distiller: kd() });
export const later = experiment(import.meta, { dataset, schedule, teacher: from(early), student: small, distiller: kd() });
`,
  async (toys) => {
    const [teacher, early, later] = await Promise.all(
      ["teacher", "early", "later"].map(toys.experiment),
    );
    const done = await runTrials([{ experiment: teacher, seed: 2 }, {
      experiment: teacher,
      seed: 1,
    }, {
      experiment: later,
      seed: 1,
    }], toys.settings());
    assertEquals(done.map(({ identity: { id }, seed }) => [id, seed]), [["toy#teacher", 2], [
      "toy#teacher",
      1,
    ], [
      "toy#later",
      1,
    ]]);
    assert(existsSync(toys.of("teacher", 1, "epoch-1.safetensors")));
    assert(!existsSync(toys.of("teacher", 2, "epoch-1.safetensors")));
    await runTrials([{ experiment: early, seed: 1 }], toys.settings());
    assert(!toys.said().includes("lacking"));
  },
);

await test(
  "the hold-out is recorded and chooses the best epoch; take changes the declaration",
  `
const fast = sgd({ epochs: 5, batch: 16, lr: 0.2 }), some = { ...images, train: 96 };
const of = (dataset: ReturnType<typeof synthetic>) => experiment(import.meta, { dataset, schedule: fast, student: small, distiller: scratch() });
export const held = of(synthetic({ ...some, holdout: 20, take: 84 }));
export const other = of(synthetic({ ...some, holdout: 20, take: 83 }));
export const greedy = of(synthetic({ ...some, holdout: 96 }));
`,
  async (toys) => {
    const trial = await toys.run("held");
    const log = await toys.log("held");
    assertEquals(trial.holdout, 20);
    const { holdout } = JSON.parse(await Deno.readTextFile(toys.of("held", 1, "declaration.json")));
    const { train } = await (await toys.experiment("held")).dataset.open("");
    assertEquals([new Set(holdout).size, Math.max(...holdout) < train.size, train.size], [
      20,
      true,
      84,
    ]);
    const perClass = [0, 1, 2, 3, 4].map((c) =>
      holdout.filter((i: number) => train.labels[i] === c).length
    );
    assertEquals(perClass, [4, 4, 4, 4, 4]);
    const chosen = log.map((line) => line["holdout/top1"]);
    const best = Math.max(...chosen);
    assertEquals(trial.bestEpoch, chosen.indexOf(best) + 1);
    assertEquals(accuracyOf(trial).best, log[trial.bestEpoch - 1]["test/top1"]);
    assertEquals(trial.metric.heldOut, { last: chosen.at(-1), best });
    assertEquals((await loadCheckpoint(toys.of("held", 1, "best.safetensors"))).metadata, {
      experiment: "toy#held",
      seed: 1,
      epoch: trial.bestEpoch,
      image: [8, 8, 3],
    });
    await toys.run("held", 2, { epochs: 1 });
    const again = JSON.parse(
      await Deno.readTextFile(`${toys.of("held", 2)}-quick-1-all/declaration.json`),
    );
    assert(String(again.holdout) !== String(holdout));
    const other = await toys.run("other", 1, { epochs: 1 });
    assert(other.declaration !== trial.declaration);
    assertStringIncludes(await failureMessage(toys.run("greedy"), 2), "no images left");
  },
);

/** A student whose optimiser only adds up the rates of its steps. */
const ADDING = `
const rate = retort.cosine({ every: "step", warmup: { epochs: 1.5, from: 0.01 } });
const byStep: typeof schedule = {
  ...sgd({ epochs: 3, batch: 16, lr: 0.05, rate }),
  optimizer(_, create) {
    const sum = create.variable("sum", [1], (size) => new Float32Array(size), { trainable: false });
    return { update: (_, rate) => [{ kind: "assign", variable: sum, value: sum.value.add(rate) }] };
  },
};
export const adding = experiment(import.meta, { dataset, schedule: byStep, student: small, distiller: scratch() });
`;

await test("each step has its own learning rate", ADDING, async (toys) => {
  await toys.run("adding");
  const { schedule: { rate } } = await toys.experiment("adding");
  const length = { steps: 4, total: 12 };
  const rates = [1, 2, 3].map((epoch) => [0, 1, 2, 3].map((step) => rate(epoch, step, length)));
  assertEquals(new Set(rates.flat()).size, 12);
  const { tensors } = await loadCheckpoint(toys.of("adding", 1, "latest.safetensors"));
  assertAlmostEquals(tensors.get("sum")!.data[0], rates.flat().reduce((a, b) => a + b), 1e-6);
  assertEquals((await toys.log("adding")).map(({ lr }) => lr), rates.map(([first]) => first));
});

/** A method whose term, or only its gradient, is not finite from the second epoch on. */
const DIVERGING = `
const sick = (id: string, gradient: boolean): ReturnType<typeof scratch> => ({
  id, options: { gradient },
  build: () => ({ student, task, epoch }) => {
    const well = epoch.less(2).cast("float32"), loss = task(student);
    return { task: [1, loss], sickly: [1, gradient ? loss.mul(0).add(well).sqrt() : loss.mul(0).add(1).div(well)] };
  },
});
export const term = experiment(import.meta, { dataset, schedule, student: small, distiller: sick("sick", false) });
export const gradient = experiment(import.meta, { dataset, schedule: sgd({ epochs: 3, batch: 64, lr: 0.01 }), student: small, distiller: sick("sick", true) });
export const steep = experiment(import.meta, { dataset, schedule: sgd({ epochs: 9, batch: 16, lr: 1e30 }), student: small, distiller: scratch() });
`;

await test(
  "a value that is not finite ends the run and is named; the last epoch is kept",
  DIVERGING,
  async (toys) => {
    const term = await failureMessage(toys.run("term"), 4);
    assertStringIncludes(
      term,
      "the term sickly is Infinity in epoch 2, step 4 (lr 0.05); epoch 1 is kept in",
    );
    const saved = await digest(toys.of("term", 1, "latest.safetensors"));
    await failureMessage(toys.run("term"), 4);
    assertStringIncludes(toys.said(), "goes on after epoch 1");
    assertEquals(await digest(toys.of("term", 1, "latest.safetensors")), saved);
    assertEquals((await toys.log("term")).length, 1);

    assertStringIncludes(
      await failureMessage(toys.run("gradient"), 4),
      "is not finite in epoch 2; epoch 1 is kept in",
    );
    const { tensors } = await loadCheckpoint(toys.of("gradient", 1, "latest.safetensors"));
    assert([...tensors.values()].every(({ data }) => data.every(Number.isFinite)));

    assertStringIncludes(await failureMessage(toys.run("steep"), 4), "in epoch 1");
    assert(!existsSync(toys.path("toy/steep.json")));
  },
);

await test(
  "damaged weights and another network's are errors that name the file; --fresh repairs them",
  PAIR,
  async (toys) => {
    await toys.run("student");
    const weights = toys.of("teacher", 1, "last.safetensors");
    const whole = await Deno.readFile(weights);
    await Deno.writeFile(weights, whole.subarray(0, whole.length - 1));
    const cut = await failureMessage(toys.run("student", 2), 3);
    assertStringIncludes(cut, `${weights} is damaged`);
    assertStringIncludes(cut, "its experiment with --fresh");

    const { tensors, metadata } = await loadCheckpoint(toys.of("teacher", 1, "best.safetensors"));
    const others = new Map([...tensors].filter(([name]) => name !== "logits.bias"));
    others.set("stem.0.weight", { shape: [3, 3, 3, 9], data: new Float32Array(243) });
    others.set("logits.weight", { shape: [8, 7], data: new Float32Array(56) });
    await saveCheckpoint(weights, others, metadata);
    const other = await failureMessage(toys.run("student", 2), 3);
    for (
      const named of [
        "missing: logits.bias [5]",
        "extra: stem.0.weight [3,3,3,9]",
        "logits.weight is [8,7], not [8,5]",
      ]
    ) {
      assertStringIncludes(other, named);
    }
    assert(
      !existsSync(toys.of("student", 2)) ||
        !existsSync(toys.of("student", 2, "latest.safetensors")),
    );

    const latest = toys.of("teacher", 1, "latest.safetensors");
    const state = await Deno.readFile(latest);
    await Deno.writeFile(latest, state.subarray(0, 100));
    assertStringIncludes(await failureMessage(toys.run("student", 2), 3), `${latest} is damaged`);
    await toys.run("teacher", 1, { fresh: true });
    const { teachers } = await toys.run("student", 2);
    assertEquals(teachers[0].sha256, await digest(weights));
  },
);

await test(
  "a run does not continue in another precision or with another backend",
  PAIR,
  async (toys) => {
    await assertRejects(() => toys.run("teacher", 1, { interrupted: after(5) }), Failure);
    const message = await failureMessage(toys.run("teacher", 1, { precision: "bfloat16" }), 2);
    assertStringIncludes(message, "is a run with --precision float32 --backend tensorflow");
    await toys.run("teacher");
    assertStringIncludes(
      await failureMessage(toys.run("teacher", 1, { backend: "cpu" }), 2),
      "run its experiment with --fresh to start again",
    );
    assertEquals(
      (await toys.run("teacher", 1, { fresh: true, precision: "bfloat16" })).precision,
      "bfloat16",
    );
  },
);

await test(
  "with keepPrecision a run goes on in the precision in which it began, and is done in any",
  PAIR,
  async (toys) => {
    const begun = { precision: "bfloat16", interrupted: after(5) } as const;
    await assertRejects(() => toys.run("teacher", 1, begun), Failure);
    const auto = { precision: "float32", keepPrecision: true } as const;
    assertEquals((await toys.run("teacher", 1, auto)).precision, "bfloat16");
    assertStringIncludes(toys.said(), "toy#teacher seed 1: goes on in bfloat16, in which it began");
    assertEquals((await toys.run("teacher", 1, auto)).precision, "bfloat16");
    assertStringIncludes(toys.said(), "toy#teacher seed 1: done before");
    assertEquals((await toys.run("student", 1, auto)).precision, "float32");
    assertEquals((await toys.run("teacher", 1, { ...auto, fresh: true })).precision, "float32");
  },
);

/** Interrupts a run after so many steps. */
const after = (steps: number) => () => --steps < -LOOKS;

await test("the cpu backend gives the same losses", PAIR, async (toys) => {
  const trial = await toys.run("student", 1, { backend: "cpu" });
  const cpu = await toys.log("student");
  assertEquals([trial.backend, trial.tensorflow, trial.teachers.length], ["cpu", null, 1]);
  // Signals arrive between its steps, as timers do.
  let looks = 0;
  let hasSignal = false;
  const interrupted = () => {
    if (++looks > LOOKS) setTimeout(() => hasSignal = true);
    return hasSignal;
  };
  assertStringIncludes(
    await failureMessage(toys.run("teacher", 2, { backend: "cpu", interrupted }), 130),
    "epoch 1 after batch 2",
  );
  const taught = await toys.log("teacher");
  await toys.run("teacher", 1, { fresh: true });
  const [theirs] = await toys.log("teacher");
  assertAlmostEquals(taught[0]["train/loss"], theirs["train/loss"], 1e-3);
  await toys.run("student", 1, { fresh: true });
  const [first] = await toys.log("student");
  for (const tag of ["train/loss", "train/loss/task", "train/loss/kd"]) {
    assertAlmostEquals(cpu[0][tag], first[tag], 1e-3);
  }
});

await test(
  "a missing tap that a cast hides from the compiler is an error before any training",
  PAIR + `
const guided = "blok2" as "block2";
export const wrong = experiment(import.meta, { dataset, schedule, teacher: from(teacher), student: small, distiller: fitnets({ guided }) });
`,
  async (toys) => {
    const message = await failureMessage(toys.run("wrong"), 2);
    const problem =
      "small has no tap blok2; it has stem, block1, block2, pooled, logits; did you mean block2?";
    assertEquals(message, `toy#wrong: ${problem}`);
    assert(!existsSync(toys.path("runs")), "its teacher is not trained before");
    await toys.run("teacher", 1);
    assertEquals(await failureMessage(toys.run("wrong"), 2), problem);
    assert(!existsSync(toys.of("wrong", 1)));
  },
);

await test(
  "gradient norms are measured once an epoch, logged and printed, and change no result",
  PAIR,
  async (toys) => {
    const { metric } = await toys.run("student", 1);
    toys.said();
    const again = await toys.run("student", 1, { gradNorms: true, fresh: true });
    assertEquals(again.metric, metric);
    const lines = toys.said().split("\n").filter((line) =>
      line.includes("student") && line.includes(" ep ")
    );
    assertEquals(lines.length, 3);
    const log = await toys.log("student");
    for (const [i, { "train/grad/task": task, "train/grad/kd": kd }] of log.entries()) {
      assert(task > 0 && kd > 0);
      assertStringIncludes(
        lines[i],
        ` grad (task ${task.toPrecision(3)}, kd ${kd.toPrecision(3)}) `,
      );
    }
    assertEquals(new Set(log.map((line) => line["train/grad/kd"])).size, 3);
    const folder = toys.of("student", 1);
    const [events] = readdirSync(folder).filter((name) => name.startsWith("events."));
    assertEquals(
      new TextDecoder("latin1").decode(await Deno.readFile(`${folder}/${events}`)).split(
        "train/grad/kd",
      ).length,
      4,
    );
  },
);

await test(
  "with two velocities and mixed images, an interrupted run ends like an uninterrupted one",
  `
const mixed = synthetic({ ...images, mix: retort.cutmix({ probability: 0.8 }) });
const dotted = sgd({ epochs: 2, batch: 16, lr: 0.05, nesterov: true, dot: 0.075 });
export const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
export const student = experiment(import.meta, { dataset: mixed, schedule: dotted, teacher: from(teacher), student: small, distiller: kd() });
`,
  async (toys) => {
    const whole = await toys.run("student", 1, { gradNorms: true });
    const log = await toys.log("student");
    const weights = await digest(toys.of("student", 1, "last.safetensors"));
    let steps = 0;
    const interrupted = () => ++steps === LOOKS + 6;
    await failureMessage(
      toys.run("student", 1, { gradNorms: true, fresh: true, interrupted }),
      130,
    );
    const { tensors } = await loadCheckpoint(toys.of("student", 1, "latest.safetensors"));
    for (const name of ["velocity.student.stem.weight", "velocity.others.student.stem.weight"]) {
      assert(tensors.get(name)!.data.some((value) => value !== 0), name);
    }
    const again = await toys.run("student", 1, { gradNorms: true });
    assertEquals(again.metric, whole.metric);
    assertEquals(await digest(toys.of("student", 1, "last.safetensors")), weights);
    const measured = (lines: Record<string, number>[]) =>
      lines.map((line) =>
        Object.fromEntries(Object.entries(line).filter(([tag]) => !tag.startsWith("perf/")))
      );
    assertEquals(measured(await toys.log("student")), measured(log));
  },
);

await needsDisk(
  everything,
  600_000,
  "run: a full disk and a read-only one lose no result",
  async (folder, readOnly) => {
    const toys = await toysIn(folder, PAIR, repeatable);
    const filler = toys.path("filler");
    let steps = 0;
    const fill = () => {
      if (++steps === LOOKS + 6) {
        try {
          Deno.writeFileSync(filler, new Uint8Array(600_000));
        } catch {
          // The disk is full, as intended.
        }
      }
      return false;
    };
    const message = await failureMessage(toys.run("teacher", 1, { interrupted: fill }), 3);
    assertStringIncludes(message, "cannot write");
    assertStringIncludes(message, "No space left on device; make room");
    assertEquals(
      ((await loadCheckpoint(toys.of("teacher", 1, "latest.safetensors"))).metadata as {
        epoch: number;
      }).epoch,
      1,
    );
    await Deno.remove(filler);
    await toys.run("teacher");
    assertStringIncludes(toys.said(), "goes on after epoch 1");
    assertEquals((await toys.log("teacher")).map(({ epoch }) => epoch), [1, 2, 3]);

    readOnly();
    assertStringIncludes(await failureMessage(toys.run("student"), 3), "Read-only file system");
  },
);

const bestOf = (log: readonly Record<string, number>[]): number =>
  Math.max(...log.map((line) => line["test/top1"]));

await needsDisk(
  everything,
  600_000,
  "run: a result that cannot be written is recorded by the same command later",
  async (folder, readOnly) => {
    const runs = await Deno.makeTempDir();
    try {
      let looks = 0;
      // Before the first step, all results can be written.
      const interrupted = () => {
        if (++looks === LOOKS + 1) readOnly();
        return false;
      };
      const toys = await toysIn(folder, PAIR, repeatable);
      await Deno.symlink(runs, toys.path("runs"));
      assertStringIncludes(
        await failureMessage(toys.run("teacher", 1, { interrupted }), 3),
        `cannot write ${toys.path("toy/teacher.json")}`,
      );
      const log = await toys.log("teacher");
      await toysIn(runs, PAIR, repeatable);
      await Deno.mkdir(`${runs}/runs`);
      await Deno.rename(`${runs}/toy#teacher`, `${runs}/runs/toy#teacher`);
      const later = await toysIn(runs, PAIR, repeatable);
      const trial = await later.run("teacher");
      assertEquals(trial.metric.top1, { last: log[2]["test/top1"], best: bestOf(log) });
      assertEquals(await later.log("teacher"), log, "nothing was trained again");
      const { trials } = (await readResult(later.path("toy/teacher.json"), "toy#teacher"))!;
      assertEquals(trials, [trial]);
    } finally {
      await Deno.remove(runs, { recursive: true });
    }
  },
);

await test(
  "a digit that was changed beside a module is put right by its run, and said",
  PAIR,
  async (toys) => {
    const trial = await toys.run("teacher");
    const path = toys.path("toy/teacher.json");
    const before = await Deno.readTextFile(path);
    toys.said();
    await toys.run("teacher");
    assert(!toys.said().includes("beside its module"));
    const { trials: [recorded] } = JSON.parse(before);
    const changed = before.replace(`"seconds": ${recorded.seconds}`, `"seconds": 12345`);
    assert(changed !== before);
    await Deno.writeTextFile(path, changed);
    assertEquals(await toys.run("teacher"), trial);
    assertStringIncludes(
      toys.said(),
      "toy#teacher seed 1: the result beside its module was not that of the run in " +
        `${toys.of("teacher", 1)}, which replaces it`,
    );
    assertEquals(await Deno.readTextFile(path), before);
  },
);
