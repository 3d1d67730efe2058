/**
 * First stages in whole runs: a student that starts from another one, and modules that another
 * method trained.
 */
import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { loadCheckpoint } from "../../lib/weights/checkpoint.ts";
import { Failure } from "../../lib/values/failure.ts";
import { dryRun } from "../../lib/run/dry_run.ts";
import { runTrials } from "../../lib/run/run.ts";
import { resolveRun } from "../../lib/run/resolve.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { everything, needs } from "../support/needs.ts";
import { LOOKS, type Toys, toys, trialsOf } from "../support/toy_runs.ts";

const FT = `
const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const pair = { dataset, schedule, teacher: from(teacher), student: small };
const init = experiment(import.meta, { ...pair, distiller: retort.ftInit() });
const { paraphraser } = from(init, { seed: 2 }).trainedModules;
const main = experiment(import.meta, { ...pair, distiller: retort.ft({ paraphraser, weight: 10 }) });
export default { teacher, init, main };
`;

const AB = `
const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
const pair = { dataset, schedule, teacher: from(teacher) };
const init = experiment(import.meta, { ...pair, student: small, distiller: retort.abInit() });
const main = experiment(import.meta, { ...pair, student: from(init), distiller: retort.ab() });
const anew = experiment(import.meta, { ...pair, student: small, distiller: retort.ab() });
const still = sgd({ epochs: 1, batch: 16, lr: 0 });
const kept = experiment(import.meta, { ...pair, schedule: still, student: from(init, { epoch: "best" }), distiller: retort.ab() });
export default { teacher, init, main, anew, kept };
`;

/** Makes every run in this file repeatable bit for bit. */
const repeatable = { deterministic: true };

const test = (name: string, declared: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `first stages: ${name}`, () => toys(declared, use, repeatable));

const digest = async (path: string): Promise<string> => await sha256(await Deno.readFile(path));

const failureMessage = async (work: Promise<unknown>, exit: number): Promise<string> => {
  const failure = await assertRejects(() => work, Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

const stagesOf = async (toys: Toys, name: string) =>
  JSON.parse(await Deno.readTextFile(toys.of(name, 1, "declaration.json"))).stages;

/** The values of a file of weights, by name. */
async function weights(toys: Toys, name: string, seed: number, file: string) {
  const { tensors } = await loadCheckpoint(toys.of(name, seed, `${file}.safetensors`));
  return new Map(Array.from(tensors, ([name, { data }]) => [name, data]));
}

/** What a dry run says of a trial. */
const dryText = async (toys: Toys, name: string, seed: number) =>
  (await dryRun([{ experiment: await toys.experiment(name), seed }], toys.settings())).join("\n");

await test(
  "the paraphraser of ft is trained first, then used, and stays as it was",
  FT,
  async (toys) => {
    const dry = await dryText(toys, "main", 1);
    assertStringIncludes(
      dry,
      "first stage paraphraser of toy#init seed 2, last: missing, would be trained first",
    );
    assertStringIncludes(dry, "without evaluation and teachers and first stages");
    assert(!existsSync(toys.path("runs")));

    const trial = await toys.run("main");
    const output = toys.said();
    const order = [
      "teacher toy#teacher seed 1 is not trained yet",
      "first stage toy#init seed 2 is not trained yet",
    ];
    order.push("toy#init seed 2 ep 3/3", "toy#main seed 1 ep 3/3");
    const places = order.map((text) => output.indexOf(text));
    assert(places.every((place, i) => place >= 0 && place > (places[i - 1] ?? -1)), output);
    assertEquals(trial.teachers.map(({ id }) => id), ["toy#teacher"]);

    const extras = toys.of("init", 2, "last.extras.safetensors");
    assertEquals(await stagesOf(toys, "main"), [
      { id: "toy#init", seed: 2, taken: "paraphraser", sha256: await digest(extras) },
    ]);
    const { metadata } = await loadCheckpoint(extras);
    assertEquals(metadata, { experiment: "toy#init", seed: 2, epoch: 3, image: [8, 8, 3] });
    const last = await weights(toys, "init", 2, "last.extras");
    const names = [...last.keys()];
    assertEquals(names.every((name) => name.startsWith("paraphraser.")), true);
    assertEquals([names.length, names[0]], [6, "paraphraser.0.0.weight"]);
    const latest = await weights(toys, "init", 2, "latest");
    for (const [name, value] of last) {
      assertEquals(
        value,
        latest.get(name.replace("paraphraser.", "distiller.paraphraser.0.")),
        name,
      );
    }
    assertEquals(
      [...await weights(toys, "main", 1, "latest")].some(([name]) => name.includes("paraphraser")),
      false,
    );
    assert(!existsSync(toys.of("main", 1, "last.extras.safetensors")));

    const log = await toys.log("init", 2);
    assert(log[2]["train/loss/reconstruction"] < log[0]["train/loss/reconstruction"]);
    assertEquals(
      log.map((line) => line["test/top1"]),
      Array(3).fill(log[0]["test/top1"]),
      "the student does not change",
    );
    const ready = await dryText(toys, "main", 3);
    assertStringIncludes(ready, "first stage paraphraser of toy#init seed 2, last: ready");
  },
);

await test(
  "a lost paraphraser of ft is written again, one of another shape is an error",
  FT,
  async (toys) => {
    await toys.run("main");
    const file = toys.of("init", 2, "last.extras.safetensors");
    const kept = await Deno.readFile(file);
    await Deno.remove(file);
    assertEquals(
      (await resolveRun(await toys.experiment("init"), 2, toys.settings(), ["last"])).state,
      "begun",
    );
    await toys.run("main", 2);
    assertStringIncludes(
      toys.said(),
      "first stage toy#init seed 2 is half trained; it is trained first",
    );
    assertEquals(await Deno.readFile(file), kept, "written from the saved state");

    await Deno.writeTextFile(
      toys.path("toy.ts"),
      (await Deno.readTextFile(toys.path("toy.ts"))).replace("weight: 10", 'teacher: "block1"'),
    );
    const { code, err } = await toys.command(["toy.ts#main", "--seed", "3"]);
    assertEquals(code, 3, err);
    assertStringIncludes(err, "another shape: 0.0.weight");
  },
);

await test(
  "a student of ab starts with the last weights of its first stage",
  AB,
  async (toys) => {
    await toys.run("main");
    const output = toys.said();
    assertStringIncludes(
      output,
      "first stage toy#init seed 1 is not trained yet; it is trained first",
    );
    assertEquals(await stagesOf(toys, "main"), [
      {
        id: "toy#init",
        seed: 1,
        taken: "student",
        sha256: await digest(toys.of("init", 1, "last.safetensors")),
      },
    ]);
    assert(!existsSync(toys.of("init", 1, "last.extras.safetensors")));

    await toys.run("kept");
    const start = await weights(toys, "init", 1, "best");
    const end = await weights(toys, "kept", 1, "last");
    assertEquals([...end.keys()], [...start.keys()]);
    const learned = Array.from(start).filter(([name]) => !/\.(mean|variance)$/.test(name));
    for (const [name, value] of learned) assertEquals(end.get(name), value, name);

    await toys.run("anew");
    const [first] = await toys.log("main");
    const [other] = await toys.log("anew");
    assertNotEquals(first["train/loss"], other["train/loss"]);
    const declared = async (name: string) =>
      (await resolveRun(await toys.experiment(name), 1, toys.settings())).declaration;
    assertEquals(
      new Set([await declared("main"), await declared("anew"), await declared("kept")]).size,
      3,
    );
  },
);

await test(
  "quick ones serve quick runs, and an interruption of one ends the run",
  AB,
  async (toys) => {
    await toys.run("main", 1, { epochs: 1, limit: 2 });
    for (const name of ["teacher", "init", "main"]) {
      assert(
        existsSync(`${toys.of(name, 1)}-quick-1-2`),
        name,
      );
    }
    assert(!existsSync(toys.of("init", 1)));
    await toys.run("teacher");
    let steps = 0;
    const message = await failureMessage(
      toys.run("main", 1, { interrupted: () => ++steps === LOOKS + 2 }),
      130,
    );
    assertStringIncludes(message, "toy#init seed 1: interrupted in epoch 1 after batch 2");
    await toys.run("main");
    assertStringIncludes(
      toys.said(),
      "first stage toy#init seed 1 is half trained; it is trained first",
    );
  },
);

await test(
  "one that does not train the student has gradient norms of 0",
  FT,
  async (toys) => {
    await toys.run("init", 1, { gradNorms: true, epochs: 1 });
    const [line] = (await Deno.readTextFile(`${toys.of("init", 1)}-quick-1-all/metrics.jsonl`))
      .split("\n");
    assertEquals(JSON.parse(line)["train/grad/reconstruction"], 0);
  },
);

await test(
  "one whose declaration changed is trained again, and so are its followers",
  AB,
  async (toys) => {
    await toys.run("main");
    const module = await Deno.readTextFile(toys.path("toy.ts"));
    await Deno.writeTextFile(
      toys.path("toy.ts"),
      module.replace("retort.abInit()", "retort.abInit({ margin: 2 })"),
    );
    const { code, err } = await toys.command(["toy.ts#main"]);
    assertEquals(code, 0, err);
    assertStringIncludes(err, "toy#main seed 1 is stale");
    assertStringIncludes(err, "first stage toy#init seed 1 is stale");
  },
);

const LATER = `
export const base = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
const other = sgd({ epochs: 2, batch: 16, lr: 0.02 });
export const first = experiment(import.meta, { dataset, schedule, student: from(base), distiller: scratch() });
export const begun = experiment(import.meta, { dataset, schedule: other, student: from(base, { epoch: "best" }), distiller: scratch() });
export const taught = experiment(import.meta, { dataset, schedule: other, student: small, teacher: from(base, { epoch: "best" }), distiller: kd() });
`;

for (const second of ["begun", "taught"]) {
  await test(
    `weights that another process has begun anew are not taken, as those of ${second}`,
    LATER,
    async (toys) => {
      await toys.run("base");
      const [done, half] = [toys.of("base", 1), toys.path("half")];
      await Deno.rename(done, toys.path("whole"));
      let looks = 0;
      // Ends in the second epoch.
      const interrupted = () => ++looks > LOOKS + 6;
      await assertRejects(() => toys.run("base", 1, { interrupted }), Failure);
      await Deno.rename(done, half);
      await Deno.rename(toys.path("whole"), done);
      const asked = await trialsOf(toys, ["first", 1], [second, 1]);
      const replaced = () => {
        if (!existsSync(half) || !existsSync(toys.of("first", 1, "trial.json"))) return false;
        Deno.renameSync(done, toys.path("whole"));
        Deno.renameSync(half, done);
        return false;
      };
      const failure = await assertRejects(
        () => runTrials(asked, toys.settings({ interrupted: replaced, cohort: 1 })),
        Failure,
      );
      assertEquals(failure.exit, 3);
      assertStringIncludes(failure.message, "toy#base seed 1 is half trained");
      assertEquals(existsSync(toys.path(`toy/${second}.json`)), false);
    },
  );
}

const FROZEN = `
const own = () => ({
  id: "own",
  options: {},
  trainedModules: { helper: retort.frozenConvNorm(2, { kernel: 1 }) },
  build({ create, student }) {
    const helper = create.trainedModule("helper", student.shapes.block1);
    return ({ student, task, live }) => ({
      task: [1, task(student)],
      own: [0.1, retort.mse(helper(student.taps.block1, live), student.taps.block1)],
    });
  },
});
export const main = experiment(import.meta, { dataset, schedule, student: small, distiller: own() });
`;

await test(
  "a module with frozen variables is saved with them",
  FROZEN,
  async (toys) => {
    await toys.run("main");
    const path = toys.of("main", 1, "last.extras.safetensors");
    const { tensors } = await loadCheckpoint(path);
    assert([...tensors.keys()].some((name) => name.endsWith("mean")), [...tensors.keys()].join());
  },
);
