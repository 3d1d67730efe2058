/** Data that change under a run, in whole runs. */
import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { encode } from "fast-png";
import { existsSync, renameSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { runEval } from "../../lib/commands/eval.ts";
import { runExport } from "../../lib/commands/export.ts";
import { dryRunAll } from "../../lib/run/dry_run.ts";
import { runTrials } from "../../lib/run/run.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { everything, needs } from "../support/needs.ts";
import { LOOKS, type Toys, toys } from "../support/toy_runs.ts";
import { writeFiles } from "../support/write_files.ts";

/**
 * A teacher, its student, one that starts from the teacher's weights, one of the teacher's second
 * trial, and students on other images: of more classes, and on the same files at another size.
 */
const FOLDER = `
const images8 = imageFolder({ folder: "set", size: 8, crop: 1 });
const parts = { dataset: images8, schedule };
export const teacher = experiment(import.meta, { ...parts, student: large, distiller: scratch() });
export const student = experiment(import.meta, { ...parts, teacher: from(teacher), student: small, distiller: kd() });
export const second = experiment(import.meta, { ...parts, student: from(teacher), distiller: scratch() });
export const third = experiment(import.meta, { ...parts, teacher: from(teacher, { seed: 2 }), student: small, distiller: kd() });
export const more = experiment(import.meta, { ...parts, dataset: synthetic({ ...images, ...images8.normalisation, classes: 3 }), teacher: from(teacher), student: small, distiller: kd() });
export const resized = experiment(import.meta, { ...parts, dataset: imageFolder({ folder: "set", size: 9, crop: 1 }), teacher: from(teacher), student: small, distiller: kd() });
`;

/** Noisy images of two classes, red ones and blue ones. */
function pictures(): Record<string, Uint8Array> {
  const random = stream(3, "pictures");
  const png = (label: number) =>
    encode({
      width: 8,
      height: 8,
      channels: 3,
      data: Uint8Array.from(
        { length: 192 },
        (_, i) => (i % 3 === 2 * label ? 150 : 50) + random.below(50),
      ),
    });
  const part = (name: string, n: number) =>
    ["cat", "dog"].flatMap((label, i) =>
      Array.from({ length: n }, (_, k) => [`${name}/${label}/${k}.png`, png(i)] as const)
    );
  return Object.fromEntries([...part("train", 16), ...part("test", 50)]);
}

/** Registers a test whose project has the images. */
const test = (name: string, use: (toys: Toys, set: string) => Promise<void>): Promise<void> =>
  needs(everything, `learned: ${name}`, () =>
    toys(FOLDER, async (toys) => {
      const set = toys.path("data", "set");
      writeFiles(set, pictures(), "directory");
      await use(toys, set);
    }));

/** Asserts that work is refused for changed data, by these words. */
async function assertRefused(work: () => Promise<unknown>, ...words: string[]): Promise<void> {
  const { exit, message } = await assertRejects(work, Failure);
  assertEquals(exit, 3, message);
  for (const word of words) assertStringIncludes(message, word);
}

/** Runs an experiment until its second epoch has begun. */
const runHalf = async (toys: Toys, name: string) => {
  let steps = 0;
  const { exit } = await assertRejects(
    () => toys.run(name, 1, { interrupted: () => ++steps > LOOKS + 2 }),
    Failure,
  );
  assertEquals(exit, 130);
};

const renameClass = (set: string, from: string, to: string) => {
  for (const part of ["train", "test"]) {
    renameSync(`${set}/${part}/${from}`, `${set}/${part}/${to}`);
  }
};

const swapClasses = (set: string) => {
  renameClass(set, "cat", "x");
  renameClass(set, "dog", "cat");
  renameClass(set, "x", "dog");
};

const RENAMED = "class 0 was cat, is ant; class 1 was dog, is cat";

await test(
  "a half-trained run does not go on with other data, and goes on with a copy",
  async (toys, set) => {
    await runHalf(toys, "teacher");
    toys.said();
    renameSync(`${set}/train/dog/3.png`, `${toys.folder}/3.png`);
    await assertRefused(
      () => toys.run("teacher"),
      "toy#teacher seed 1 learned from other data",
      "class dog has 15 training images, had 16",
      "--fresh",
    );
    await assertRefused(
      async () =>
        await dryRunAll(
          [{ experiment: await toys.experiment("teacher"), seed: 1 }],
          toys.settings(),
        ),
      "had 16",
    );
    renameSync(`${toys.folder}/3.png`, `${set}/train/dog/3.png`);
    writeFiles(toys.path("elsewhere", "set"), pictures(), "directory");
    await toys.run("teacher", 1, { data: toys.path("elsewhere") });
    assertStringIncludes(toys.said(), "goes on after epoch 1, batch 1");
  },
);

await test(
  "a renamed class is noticed by every command that uses a finished run",
  async (toys, set) => {
    const { data } = await toys.run("teacher");
    assert(/^[0-9a-f]{16}$/.test(String(data)), String(data));
    const spec = toys.path("toy.ts#teacher");
    const flags = ["--data", toys.path("data")];
    const out = toys.path("out");
    const exported = async () => {
      await runExport([spec, "--format", "safetensors", "--out", out, ...flags], () => {});
      const json = await Deno.readTextFile(`${out}/preprocessing.json`);
      return JSON.parse(json).classes;
    };
    assertEquals(await exported(), ["cat", "dog"]);
    renameClass(set, "dog", "ant");
    for (const name of ["teacher", "student", "second"]) {
      await assertRefused(() => toys.run(name), "toy#teacher seed 1 learned from", RENAMED);
    }
    assert(!existsSync(toys.of("student", 1)) && !existsSync(toys.of("second", 1)));
    await assertRefused(() => runEval([spec, ...flags], () => {}), RENAMED);
    await assertRefused(exported, RENAMED);

    toys.said();
    renameSync(set, toys.path("gone"));
    await toys.run("teacher");
    assertStringIncludes(toys.said(), "(its data are not there, so they could not be compared)");
    assertEquals(await exported(), ["cat", "dog"]);
  },
);

await test("two classes swapped on the disk are noticed", async (toys, set) => {
  await toys.run("teacher");
  swapClasses(set);
  await assertRefused(
    () => toys.run("student"),
    "class cat has the training images that class dog had",
  );
});

await test("of a teacher on other images the order of the classes is compared", async (toys) => {
  await toys.run("teacher");
  toys.said();
  await toys.run("resized");
  assertStringIncludes(
    toys.said(),
    "toy#resized: its teacher toy#teacher is trained on other images: imageFolder (folder set, " +
      "train train, test test, size 8), not imageFolder (folder set, train train, test test, size 9)",
  );
  const record = toys.of("teacher", 1, "data.json");
  const facts = JSON.parse(await Deno.readTextFile(record));
  await Deno.writeTextFile(record, JSON.stringify({ ...facts, classes: ["dog", "cat"] }));
  await assertRefused(
    () => toys.run("resized", 2),
    "toy#teacher seed 1 learned from other data",
    "class 0 was dog, is cat",
  );
});

await test("a teacher of fewer classes than the data set is refused", async (toys) => {
  await assertRefused(
    () => toys.run("more"),
    `${toys.of("teacher", 1, "last.safetensors")} knows 2 classes, and the data set has 3`,
  );
  assertStringIncludes(toys.said(), "its teacher toy#teacher is trained on other images");
  assert(!existsSync(toys.of("more", 1)));
});

await test(
  "a change is found before a trial that comes earlier in the queue is trained",
  async (toys, set) => {
    await toys.run("teacher");
    Deno.writeFileSync(`${set}/train/cat/0.png`, pictures()["train/cat/1.png"]);
    // A teacher trains first, although it is needed only by what is asked for later.
    for (const wanted of [[["teacher", 2], ["student", 1]], [["student", 1], ["third", 1]]]) {
      const asked = await Promise.all(
        wanted.map(async ([name, seed]) => ({
          experiment: await toys.experiment(String(name)),
          seed: Number(seed),
        })),
      );
      await assertRefused(
        () => runTrials(asked, toys.settings()),
        "training images of class cat have other contents",
      );
      assertEquals(existsSync(toys.of("teacher", 2)), false);
    }
  },
);

await test(
  "a run from before data were recorded goes on, and they are recorded",
  async (toys) => {
    // Two looks at a file just written are never the same.
    await delay(2_100);
    await toys.run("teacher");
    const record = toys.of("teacher", 1, "data.json");
    const before = await Deno.readTextFile(record);
    Deno.removeSync(record);
    await toys.run("teacher");
    assertEquals(await Deno.readTextFile(record), before);
    Deno.removeSync(record);
    await toys.run("student");
    assertEquals(await Deno.readTextFile(record), before);
    await Deno.writeTextFile(record, "{}");
    await assertRefused(() => toys.run("teacher"), record, "image is missing", "remove it");
  },
);

await test(
  "a teacher that no longer reaches what its run recorded stops the run",
  async (toys, set) => {
    const teacher = await toys.run("teacher");
    Deno.removeSync(toys.of("teacher", 1, "data.json"));
    assert(
      Number((teacher.metric.top1 as { last: number }).last) > 80,
      "the toy teacher has learned",
    );
    renameClass(set, "cat", "x");
    renameClass(set, "dog", "cat");
    renameClass(set, "x", "dog");
    await assertRefused(
      () => toys.run("student"),
      toys.of("teacher", 1, "last.safetensors"),
      "its own run recorded",
    );
    assert(!existsSync(toys.of("student", 1)));
  },
);
