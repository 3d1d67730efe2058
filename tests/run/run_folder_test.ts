import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { NO_SUMS } from "../../lib/run/epoch_sums.ts";
import { Failure } from "../../lib/values/failure.ts";
import { RunFolder, type RunProgress } from "../../lib/run/run_folder.ts";
import { needs } from "../support/needs.ts";
import { inTemporary } from "../support/temporary.ts";
import { saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { trial } from "../support/trial.ts";

Deno.test("run folder: is below runs, by experiment and seed; quick runs have their own", () => {
  const folder = new RunFolder("/p", "experiments/a#b", 2, undefined);
  assertEquals(folder.path, "/p/runs/experiments/a#b/seed-2");
  assertEquals(new RunFolder("/p", "a", 2, "quick-1-all").path, "/p/runs/a/seed-2-quick-1-all");
  const names = (["last", "best", 7] as const).map((epoch) =>
    folder.weights(epoch).slice(folder.path.length)
  );
  assertEquals(names, ["/last.safetensors", "/best.safetensors", "/epoch-7.safetensors"]);
});

await needs(
  ["read", "write"],
  "run folder: old runs are kept aside; an incomplete result counts as missing",
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = new RunFolder(root, "a/b", 1, undefined);
      assertEquals([await folder.putAside(), await folder.trial(), await folder.latest()], [
        undefined,
        undefined,
        undefined,
      ]);
      for (const n of [1, 2, 3]) {
        await folder.make();
        await folder.writeTrial(trial(n, 50));
        assertEquals(await folder.trial(), trial(n, 50));
        assertEquals(await folder.putAside(), `${folder.path}.old-${n}`);
      }
      for (const n of [1, 2, 3]) {
        assertEquals(
          JSON.parse(await Deno.readTextFile(`${folder.path}.old-${n}/trial.json`)).seed,
          n,
        );
      }
      await folder.make();
      await folder.writeTrial(trial(1, 50));
      const written = await Deno.readTextFile(folder.file("trial.json"));
      for (
        const changed of [written.replace('"seed": 1', '"seed": 2'), written.replace("50", "51")]
      ) {
        assert(changed !== written);
        await Deno.writeTextFile(folder.file("trial.json"), changed);
        assertEquals(await folder.trial(), undefined, changed);
      }
      const { bestEpoch: _, ...older } = trial(1, 50);
      for (const text of ['{"seed": 1, "decl', "", "null", "{}", JSON.stringify(older)]) {
        await Deno.writeTextFile(folder.file("trial.json"), text);
        assertEquals(await folder.trial(), undefined, text);
        const gone = await assertRejects(
          () => folder.requireTrial(),
          Failure,
          "trial.json is missing",
        );
        assertEquals(gone.exit, 3);
      }
      const teacher = { id: "t", seed: 1, sha256: "b".repeat(64) };
      const taught = (score: object) =>
        JSON.stringify(trial(1, 50, { teachers: [{ ...teacher, ...score }] as never }));
      await Deno.writeTextFile(folder.file("trial.json"), taught({ top1: 88.3 }));
      assertEquals(JSON.stringify(await folder.trial()), taught({ score: { top1: 88.3 } }));

      await Deno.writeTextFile(`${root}/runs/file`, "");
      const failure = await assertRejects(
        () => new RunFolder(root, "file", 1, undefined).make(),
        Failure,
        "cannot write",
      );
      assertEquals(failure.exit, 3);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

await needs(
  ["read", "write"],
  "run folder: progress is read as it was saved; a missing member is named",
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = new RunFolder(root, "a", 1, undefined);
      const path = folder.file("latest.safetensors");
      const begun: RunProgress = {
        declaration: "a".repeat(64),
        precision: "float32",
        backend: "cpu",
        epoch: 0,
        batch: 3,
        step: 3,
        sums: { images: 12, loss: 4.5, terms: { kd: 4.5 }, reports: {}, measures: { top1: 7 } },
        seconds: 1.5,
      };
      const score = { top1: 50, top5: 90 };
      const best = { epoch: 1, chosen: 50, score };
      const done: RunProgress = {
        ...begun,
        epoch: 2,
        batch: 0,
        sums: NO_SUMS,
        best,
        last: score,
        held: score,
        stepSeconds: 0.1,
      };
      await folder.make();
      for (const progress of [begun, done]) {
        await saveCheckpoint(path, new Map(), progress);
        assertEquals((await folder.latest())!.progress, progress);
      }
      // The sums as earlier versions saved them.
      for (const sums of [{ images: 12, loss: 4.5, "loss/kd": 4.5, correct: 7 }, {}]) {
        await saveCheckpoint(path, new Map(), { ...begun, sums });
        const { progress } = (await folder.latest())!;
        assertEquals(progress, {
          ...begun,
          sums: Object.keys(sums).length > 0 ? begun.sums : NO_SUMS,
        });
      }
      const cases = [
        [{ ...begun, step: undefined }, "step is missing"],
        [{ ...begun, sums: { ...NO_SUMS, loss: "1" } }, 'sums.loss has to be a number, not "1"'],
        [{ ...begun, batch: -1 }, "batch has to be a whole number, 0 or more, not -1"],
        [{ ...done, best: undefined }, "best is missing"],
        [{ ...done, last: undefined }, "last is missing"],
        [{ ...done, best: { epoch: 1, chosen: 50 } }, "best.score is missing"],
        [{ ...done, held: 50 }, "held has to be an object, not 50"],
        [[], "all of it has to be an object"],
      ] as const;
      for (const [progress, problem] of cases) {
        await saveCheckpoint(path, new Map(), progress);
        const failure = await assertRejects(() => folder.latest(), Failure);
        assertEquals(failure.exit, 3);
        for (const part of [path, problem, "--fresh to start again"]) {
          assertStringIncludes(failure.message, part);
        }
      }
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

await needs(
  ["read", "write"],
  "run folder: a code.json that is not what was written is damaged, one of an older version is read",
  () =>
    inTemporary(async (root) => {
      const folder = new RunFolder(root, "a", 1, undefined);
      const code = { "x.ts": "0".repeat(64) };
      await folder.make();
      assertEquals(await folder.code(), undefined);
      await folder.writeCode(code);
      assertEquals(await folder.code(), code);
      const path = folder.file("code.json");
      const written = await Deno.readTextFile(path);
      for (const other of [written.replace("0".repeat(64), "1".repeat(64)), "[", '"x"']) {
        await Deno.writeTextFile(path, other);
        const failure = await assertRejects(() => folder.code(), Failure, `${path} is damaged: `);
        assertEquals(failure.exit, 3);
      }
      await Deno.writeTextFile(path, JSON.stringify(code));
      assertEquals(await folder.code(), code);
    }),
);
