import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { dryRunAll } from "../../lib/run/dry_run.ts";
import type { Settings } from "../../lib/run/settings.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { RunProgress } from "../../lib/run/run_folder.ts";
import { loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { IMAGE } from "../support/toy.ts";
import { PAIR, type Toys, toys, toysIn } from "../support/toy_runs.ts";

/** Every run of this file is repeatable bit for bit. */
const repeating = { deterministic: true };

/** Students of 2 and of 4 epochs, with memories, an own method and a teacher. */
const LENGTHS = PAIR + `
const over = (epochs: number, rate = retort.steps({ at: [1], by: 0.1 })) => sgd({ epochs, batch: 16, lr: 0.05, rate });
const two = over(2), four = over(4);
const pair = { dataset, teacher: from(teacher), student: small, distiller: retort.combine(kd(), retort.crd({ student: "pooled", teacher: "pooled", negatives: 8 })) };
export const short = experiment(import.meta, { ...pair, schedule: two });
export const long = experiment(import.meta, { ...pair, schedule: four });
const alone = { dataset, student: small, distiller: scratch() };
export const cosine2 = experiment(import.meta, { ...alone, schedule: over(2, retort.cosine()) });
export const cosine4 = experiment(import.meta, { ...alone, schedule: over(4, retort.cosine()) });
export const constant = experiment(import.meta, { ...alone, schedule: sgd({ epochs: 4, batch: 16, lr: 0.05 }) });
export const plain2 = experiment(import.meta, { ...alone, schedule: two });
export const plain4 = experiment(import.meta, { ...alone, schedule: four });
const total = { id: "total", options: {}, build: () => ({ student, task, epochs }: { student: never; task: (o: never) => never; epochs: number }) => ({ task: [1 / epochs, task(student)] as const }) };
export const total2 = experiment(import.meta, { ...alone, distiller: total, schedule: two });
export const total4 = experiment(import.meta, { ...alone, distiller: total, schedule: four });
export const ending = experiment(import.meta, { ...alone, schedule: sgd({ epochs: 2, iterations: 6, batch: 16, lr: 0.05 }) });
const averaging = sgd({ epochs: 2, batch: 16, lr: 0.05, ema: 0.5 });
export const averaged = experiment(import.meta, { ...alone, schedule: averaging });
export const pupil = experiment(import.meta, { ...alone, schedule: two, teacher: from(averaged, { epoch: 1, average: true }), distiller: kd() });
export const early = experiment(import.meta, { ...alone, schedule: two, teacher: from(long, { epoch: 1 }), distiller: kd() });
`;

/** What a run leaves, without times. */
async function leavings(toys: Toys, name: string) {
  const result = JSON.parse(await Deno.readTextFile(toys.path(`toy/${name}.json`)));
  const { trials: [{ seconds: _, stepSeconds: __, ...trial }] } = result;
  const files = ["best", "last", "latest"].map((file) => toys.of(name, 1, `${file}.safetensors`));
  const log = (await toys.log(name)).map((line) =>
    Object.fromEntries(Object.entries(line).filter(([tag]) => !tag.startsWith("perf/")))
  );
  const [best, last, { tensors }] = await Promise.all(files.map(loadCheckpoint));
  return { trial, log, best, last, tensors };
}

const filesOf = async (folder: string) =>
  new Map(
    await Promise.all(
      Array.from(Deno.readDirSync(folder), async ({ name }) =>
        [name, await Deno.readFile(join(folder, name))] as const).sort(),
    ),
  );

await needs(
  everything,
  "shorter: a run goes on from a finished and from a begun one as if it had trained from the start",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("long", 1);
      const whole = await leavings(toys, "long");
      const begin = async () => {
        await Deno.remove(toys.of("long", 1), { recursive: true });
        await Deno.remove(toys.path("toy/long.json"));
        toys.said();
      };
      const goOn = async () => {
        const before = await filesOf(toys.of("short", 1));
        await toys.run("long", 1);
        assertEquals(await leavings(toys, "long"), whole);
        assertEquals(await filesOf(toys.of("short", 1)), before);
        assertEquals(existsSync(`${toys.of("short", 1)}.claim`), false);
        return toys.said();
      };

      let looks = 0;
      await toys.run("short", 1, { interrupted: () => ++looks > 8 }).catch((error) => {
        if (!(error instanceof Failure && error.exit === 130)) throw error;
      });
      await begin();
      const lines = await dryRunAll(
        [{ experiment: await toys.experiment("long"), seed: 1 }],
        toys.settings(),
      );
      const begun = await goOn();
      const from = `goes on from the run of 2 epochs in ${
        toys.of("short", 1)
      } after epoch 1, batch`;
      assertStringIncludes(begun, `toy#long seed 1 ${from}`);
      assertStringIncludes(lines.join("\n"), from);
      assertEquals(begun.includes("toy#long seed 1 ep 1/4"), false);

      await toys.run("short", 1);
      await begin();
      const done = await goOn();
      assertStringIncludes(done, "after epoch 2, which is the same up to there");
      assertEquals(done.includes("toy#long seed 1 ep 2/4"), false);

      await toys.run("long", 1, { fresh: true });
      assertEquals(toys.said().includes("goes on"), false);
    }, repeating),
);

await needs(
  everything,
  "shorter: claims and caches are not searched; folders that vanish or cannot be read are passed over",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("plain2");
      const other = (...names: string[]) => toys.path("runs", ...names);
      for (const place of ["toy#x/seed-1.claim", ".cache/package", "toy#y", "lost+found"]) {
        await Deno.mkdir(other(place), { recursive: true });
      }
      const searched: string[] = [];
      const { readDirSync } = Deno;
      Deno.readDirSync = (path) => {
        searched.push(String(path));
        // As another process does between two looks.
        if (path === other("toy#y")) Deno.removeSync(path);
        if (path === other("lost+found")) throw new Deno.errors.PermissionDenied();
        return readDirSync(path);
      };
      try {
        toys.said();
        await toys.run("plain4");
      } finally {
        Deno.readDirSync = readDirSync;
      }
      assertStringIncludes(toys.said(), "toy#plain4 seed 1 goes on from the run of 2 epochs");
      for (const name of ["toy#y", "lost+found"]) assert(searched.includes(other(name)), name);
      assertEquals(searched.filter((path) => /toy#x.*claim|\.cache/.test(path)), []);
    }, repeating),
);

await needs(
  everything,
  "shorter: a declaration with more epochs goes on from the run that it makes stale",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("short");
      const edited = LENGTHS.replace("two = over(2)", "two = over(3)");
      const longer = await toysIn(await Deno.makeTempDir(), edited, repeating);
      try {
        Deno.renameSync(toys.path("runs"), longer.path("runs"));
        await longer.run("short");
        const said = longer.said();
        assertStringIncludes(said, "the old run is kept in");
        assertStringIncludes(
          said,
          `goes on from the run of 2 epochs in ${longer.of("short", 1)}.old-1`,
        );
        assertEquals((await longer.log("short")).map(({ epoch }) => epoch), [1, 2, 3]);
      } finally {
        await Deno.remove(longer.folder, { recursive: true });
      }
    }, repeating),
);

await needs(
  everything,
  "shorter: weights that a student of an epoch needs come along, their average and image size too",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("pupil");
      const edited = LENGTHS.replace("averaging = sgd({ epochs: 2", "averaging = sgd({ epochs: 4");
      const longer = await toysIn(await Deno.makeTempDir(), edited, repeating);
      try {
        Deno.renameSync(toys.path("runs"), longer.path("runs"));
        await longer.run("pupil");
        const [of, to] = [`${longer.of("averaged", 1)}.old-1`, longer.of("averaged", 1)];
        assertStringIncludes(longer.said(), `goes on from the run of 2 epochs in ${of}`);
        for (const kind of ["", ".average"]) {
          const name = `epoch-1${kind}.safetensors`;
          const [old, own] = await Promise.all(
            [of, to].map((at) => loadCheckpoint(join(at, name))),
          );
          assertEquals(own, old);
          assertEquals((own.metadata as { image?: unknown }).image, [...IMAGE]);
        }
        await Deno.remove(to, { recursive: true });
        await Deno.remove(join(of, "epoch-1.average.safetensors"));
        await longer.run("pupil", 1, { fresh: true });
        assertStringIncludes(longer.said(), "it has not kept the weights of epoch 1");
      } finally {
        await Deno.remove(longer.folder, { recursive: true });
      }
    }, repeating),
);

await needs(
  everything,
  "shorter: a run that would differ says why it starts anew",
  () =>
    toys(LENGTHS, async (toys) => {
      const start = async (name: string, other: Partial<Settings> = {}) => {
        toys.said();
        await toys.run(name, 1, other);
        return toys.said();
      };
      await toys.run("cosine2");
      assertMatch(
        await start("cosine4"),
        /toy#cosine4 seed 1 does not go on from the run of 2 epochs in \S+ after epoch 2: its learning rate in epoch 2 is 0\.025, and would be 0\.04\d+; it starts anew/,
      );
      await toys.run("total2");
      assertStringIncludes(await start("total4"), "total reads the number of epochs or steps; it");
      // A quick run of a constant rate is one; drops move, and a limit is another training.
      await toys.run("constant", 1, { epochs: 1, limit: 2 });
      assertEquals((await start("constant", { epochs: 1 })).includes("go on"), false);
      assertStringIncludes(await start("constant", { epochs: 2 }), "of 1 epoch in");
      assertStringIncludes(await start("constant"), "goes on from the run of 2 epochs in");
      await toys.run("short", 1);
      await toys.run("long", 1, { epochs: 2, limit: 1 });
      assertStringIncludes(
        await start("early", { fresh: true }),
        "toy#long seed 1 does not go on from the run of 2 epochs in " +
          `${toys.of("short", 1)} after epoch 2: it has not kept the weights of epoch 1`,
      );
    }, repeating),
);

await needs(
  everything,
  "shorter: a run whose last epoch is cut short can be continued until that epoch ends, not after it",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("ending", 1, { epochs: 1 });
      toys.said();
      await toys.run("ending");
      assertStringIncludes(toys.said(), "goes on from the run of 1 epoch in");
      await Deno.remove(`${toys.of("ending", 1)}-quick-1-all`, { recursive: true });
      await toys.run("ending", 1, { epochs: 3 });
      assertMatch(
        toys.said(),
        /not go on from the run of 2 epochs in \S+ after epoch 2: its epoch 2 has 2 steps, and would have 4; it starts anew/,
      );
      await Deno.remove(toys.path("runs"), { recursive: true });
      let looks = 0;
      const interrupted = () => ++looks > 7;
      await toys.run("ending", 1, { interrupted }).catch((error) => {
        if (!(error instanceof Failure && error.exit === 130)) throw error;
      });
      toys.said();
      await toys.run("ending", 1, { epochs: 3 });
      assertStringIncludes(toys.said(), "after epoch 1, batch 2, which is the same up to there");
    }, repeating),
);

await needs(
  everything,
  "shorter: what a run is made from decides, whatever the state in which it was left",
  () =>
    toys(LENGTHS, async (toys) => {
      await toys.run("plain2");
      const path = toys.of("plain2", 1, "latest.safetensors");
      const { tensors, metadata } = await loadCheckpoint(path);
      const progress = metadata as unknown as RunProgress;
      const origin = progress.origin!;
      assertEquals(progress.readsLength, false);
      assertEquals(origin.weights, []);
      const reason = async (change: Partial<RunProgress>, settings: Partial<Settings> = {}) => {
        await saveCheckpoint(path, tensors, { ...progress, ...change });
        const trial = { experiment: await toys.experiment("plain4"), seed: 1 };
        const lines = await dryRunAll([trial], toys.settings(settings));
        return lines.find((line) => line.startsWith("start"))?.match(/: (.*); it/)?.[1];
      };
      assertEquals(await reason({}), undefined);
      const known = "an earlier version trained some of it, or its code or its teachers changed";
      assertStringIncludes(await reason({ origin: undefined }) ?? "", known);
      assertStringIncludes(await reason({ readsLength: undefined }) ?? "", known);
      const functions = { ...origin.functions, "gone.ts": "0".repeat(64) };
      for (
        const [change, expected] of [
          [{ functions }, "code has changed since: gone.ts"],
          [{ weights: ["0"] }, "its teachers or first stages have other weights"],
          [{ deterministic: false }, "it is not --deterministic"],
          [{ tensorflow: "2.0.0" }, "it was trained with tensorflow 2.0.0"],
        ] as const
      ) {
        assertEquals(await reason({ origin: { ...origin, ...change } }), expected);
      }
      assertEquals(
        await reason({ precision: "bfloat16" }),
        "it is a run with --precision bfloat16 --backend tensorflow",
      );
      assertEquals(await reason({ workers: 2 }), "other workers share its batches");
      await saveCheckpoint(path, tensors, progress);
      await Deno.writeTextFile(toys.of("plain2", 1, "best.safetensors"), "damaged");
      toys.said();
      await toys.run("plain4");
      assertMatch(
        toys.said(),
        /plain4 seed 1 does not go on from .*best\.safetensors.*; it starts anew/,
      );
      assertEquals((await toys.log("plain4")).length, 4);
      await Deno.remove(toys.of("plain2", 1, "best.safetensors"));
      await toys.run("plain4", 1, { fresh: true });
      await Deno.remove(toys.of("plain4", 1), { recursive: true });
      await Deno.remove(`${toys.of("plain4", 1)}.old-1`, { recursive: true });
      assertStringIncludes(await reason({}) ?? "", "it has not kept the weights of epoch best");
    }, repeating),
);
