import {
  assert,
  assertEquals,
  assertMatch,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { synthetic } from "../../datasets/synthetic.ts";
import { kd } from "../../lib/distillers/kd.ts";
import { scratch } from "../../lib/distillers/scratch.ts";
import { declarationHash } from "../../lib/experiment/declaration.ts";
import { experiment, from } from "../../lib/experiment/experiment.ts";
import { resnet20, resnet8 } from "../../lib/networks/resnet.ts";
import { sgd } from "../../lib/optimizers/sgd.ts";
import { thisHolder } from "../../lib/files/lease_holder.ts";
import {
  readResult,
  recordTrial,
  resultPath,
  type Trial,
  trialState,
} from "../../lib/project/result.ts";
import { Failure } from "../../lib/values/failure.ts";
import { stream } from "../../lib/values/random.ts";
import { needsDisk } from "../support/disk.ts";
import { needs } from "../support/needs.ts";
import { project } from "../support/toy_project.ts";
import { trial } from "../support/trial.ts";

const disk = ["read", "write"] as const;
const A = "a".repeat(64);
const B = "b".repeat(64);

Deno.test("resultPath: beside the module for its default export, in a folder of its name for others", () => {
  assertEquals(resultPath("/p", "experiments/kd"), join("/p", "experiments/kd.json"));
  assertEquals(
    resultPath("/p", "experiments/quickstart#kd"),
    join("/p", "experiments/quickstart/kd.json"),
  );
  assertEquals(resultPath("/p#1", "c#/sweep#lr=0.1"), join("/p#1", "c#/sweep/lr=0.1.json"));
});

Deno.test("trialState: a trial is measured, quick or stale", () => {
  const states = [
    trial(1, 1),
    trial(1, 1, { declaration: B }),
    trial(1, 1, { quick: true }),
    trial(1, 1, { quick: true, declaration: B }),
  ];
  assertEquals(states.map((one) => trialState(one, A)), ["measured", "stale", "quick", "quick"]);
});

Deno.test("declarationHash: covers the declaration with its teachers, but not its place", async () => {
  const hashOf = (epochs: number, lr: number, url: string) => {
    const dataset = synthetic();
    const teacher = experiment({ url }, {
      dataset,
      distiller: scratch(),
      student: resnet20,
      schedule: sgd({ epochs, batch: 4, lr: 0.1 }),
    });
    const schedule = sgd({ epochs: 2, batch: 4, lr });
    return declarationHash(
      experiment({ url }, {
        dataset,
        distiller: kd(),
        teacher: from(teacher),
        student: resnet8,
        schedule,
      }),
    );
  };
  const hash = await hashOf(3, 0.1, "file:///a.ts");
  assertMatch(hash, /^[0-9a-f]{64}$/);
  assertEquals(await hashOf(3, 0.1, "file:///b.ts"), hash);
  assertNotEquals(await hashOf(4, 0.1, "file:///a.ts"), hash);
  assertNotEquals(await hashOf(3, 0.2, "file:///a.ts"), hash);
});

await needs(
  disk,
  "recordTrial: a trial replaces the one of its seed, unless it is quick and the other counts",
  () =>
    project({}, async (folder) => {
      const path = resultPath(folder, "a#b");
      const put = (one: Trial) => recordTrial(path, "a#b", one);
      assertEquals(await readResult(path, "a#b"), undefined);
      const teacher = { id: "t", seed: 1, sha256: B, score: { top1: 80 } };
      const external = { ...teacher, id: "vgg13:a.pth", seed: null };
      const three = trial(3, 70, {
        teachers: [teacher, external],
        metric: { ...trial(3, 70).metric, kl: 0.3 },
        holdout: 500,
      });
      await put(three);
      await put(trial(1, 60, { quick: true }));
      assertEquals((await put(trial(2, 71))).trials.map(({ seed }) => seed), [1, 2, 3]);
      const cases: [Trial, boolean][] = [
        [trial(1, 61, { quick: true }), true],
        [trial(1, 62), true],
        [trial(1, 63, { quick: true }), false],
        [trial(1, 64), true],
        [trial(1, 65, { quick: true, declaration: B }), true],
        [trial(1, 66, { declaration: B }), true],
      ];
      for (const [next, taken] of cases) {
        const before = await readResult(path, "a#b");
        const after = await put(next);
        assertEquals(await readResult(path, "a#b"), after);
        assertEquals(after.trials[0], taken ? next : before!.trials[0]);
        assertEquals(after.trials.slice(1), [trial(2, 71), three]);
      }
    }),
);

await needs(
  disk,
  "recordTrial: the file has one order of members, whatever the trial's",
  () =>
    project({}, async (folder) => {
      const one = trial(1, 70);
      const reversed = Object.fromEntries(Object.entries(one).reverse()) as unknown as Trial;
      await recordTrial(join(folder, "a.json"), "a", one);
      await recordTrial(join(folder, "b.json"), "a", reversed);
      const text = await Deno.readTextFile(join(folder, "a.json"));
      assertEquals(await Deno.readTextFile(join(folder, "b.json")), text);
      assert(text.endsWith("}\n") && text.indexOf('"experiment"') < text.indexOf('"trials"'));
      assertEquals((await Array.fromAsync(Deno.readDir(folder))).map(({ name }) => name).sort(), [
        "a.json",
        "b.json",
        "deno.json",
      ]);
    }),
);

await needs(
  disk,
  "recordTrial: a step's seconds are kept if known; an older result without them reads",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      const timed = trial(1, 70, { stepSeconds: 0.0123 });
      await recordTrial(path, "a", timed);
      await recordTrial(path, "a", trial(2, 71));
      const { trials: [one, other] } = (await readResult(path, "a"))!;
      assertEquals([one.stepSeconds, other.stepSeconds], [0.0123, undefined]);
      assertEquals((await Deno.readTextFile(path)).match(/"stepSeconds"/g)!.length, 1);
    }),
);

await needs(
  disk,
  "readResult: in a file from before tasks, a teacher's top-1 becomes its score",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      const one = trial(1, 70);
      const teacher = { id: "t", seed: 1, sha256: B };
      const before = {
        experiment: "a",
        trials: [{ ...one, teachers: [{ ...teacher, top1: 88.3 }] }],
      };
      await Deno.writeTextFile(path, JSON.stringify(before));
      const read = { ...one, teachers: [{ ...teacher, score: { top1: 88.3 } }] };
      assertEquals((await readResult(path, "a"))!.trials, [read]);
      await recordTrial(path, "a", trial(2, 71));
      assertEquals((await readResult(path, "a"))!.trials, [read, trial(2, 71)]);
    }),
);

await needs(
  disk,
  "recordTrial: many calls at once lose no trial",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      await Promise.all(
        Array.from({ length: 20 }, (_, seed) => recordTrial(path, "a", trial(seed, seed))),
      );
      assertEquals(
        (await readResult(path, "a"))!.trials,
        Array.from({ length: 20 }, (_, seed) => trial(seed, seed)),
      );
    }),
);

await needs(
  [...disk, "run"],
  "recordTrial: eight processes at once lose no trial, nor those at the former path",
  () =>
    project({}, async (folder) => {
      const path = resultPath(folder, "a#b");
      const former = join(folder, "a#b.json");
      await Deno.writeTextFile(
        former,
        JSON.stringify({ experiment: "a#b", trials: [trial(80, 50)] }),
      );
      const lib = new URL("../../lib/project/result.ts", import.meta.url);
      const toy = new URL("../support/trial.ts", import.meta.url);
      const code = `import { recordTrial } from "${lib}"; import { trial } from "${toy}";
      const first = Number(Deno.args[0]);
      for (let i = 0; i < 10; i++) await recordTrial(${
        JSON.stringify(path)
      }, "a#b", trial(first + i, 50));`;
      await Deno.writeTextFile(join(folder, "writer.ts"), code);
      const writer = (first: number) =>
        new Deno.Command(Deno.execPath(), {
          args: [
            "run",
            "-A",
            "--no-check",
            "--config",
            new URL("../../deno.json", import.meta.url).pathname,
            join(folder, "writer.ts"),
            String(first),
          ],
        }).output();
      const ended = await Promise.all(Array.from({ length: 8 }, (_, i) => writer(10 * i)));
      for (const { code, stderr } of ended) assertEquals(code, 0, new TextDecoder().decode(stderr));
      const { trials } = (await readResult(path, "a#b"))!;
      assertEquals(trials.map(({ seed }) => seed), Array.from({ length: 81 }, (_, seed) => seed));
      const left = Array.from(Deno.readDirSync(join(folder, "a")), ({ name }) => name);
      assertEquals(left, ["b.json"]);
    }),
);

await needs(
  disk,
  "recordTrial: a folder that cannot be made, or a malformed trial, is an error and writes nothing",
  () =>
    project({ "no": "a file" }, async (folder) => {
      const failure = await assertRejects(
        () => recordTrial(join(folder, "no/a.json"), "no#a", trial(1, 70)),
        Failure,
        "cannot write",
      );
      assertEquals(failure.exit, 3);
      await assertRejects(
        () => recordTrial(join(folder, "a.json"), "a", trial(1, NaN)),
        TypeError,
        "trials[0].metric.top1.last",
      );
      assertEquals(await readResult(join(folder, "a.json"), "a"), undefined);
    }),
);

await needs(
  disk,
  "recordTrial: the lease of a process that died after it wrote the trial is removed",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      const written = await recordTrial(path, "a", trial(1, 70));
      const lock = `${path}.lock`;
      Deno.mkdirSync(lock);
      const { process, ...here } = thisHolder();
      // A number has another process by now if that began at another time.
      const dead = { ...here, process, started: "1" };
      Deno.writeTextFileSync(join(lock, "dead"), JSON.stringify(dead));
      assertEquals(await recordTrial(path, "a", trial(1, 70)), written);
      assert(!existsSync(lock));
    }),
);

await needs(
  disk,
  "readResult: reads a result at its former path; recordTrial moves it",
  () =>
    project({}, async (folder) => {
      const path = resultPath(folder, "a#b");
      const former = join(folder, "a#b.json");
      const one = trial(1, 70);
      const two = trial(2, 71);
      await Deno.writeTextFile(former, JSON.stringify({ experiment: "a#b", trials: [one] }));
      assertEquals((await readResult(path, "a#b"))!.trials, [one]);
      assert(existsSync(former) && !existsSync(path));

      await Promise.all([2, 3, 4].map((seed) => recordTrial(path, "a#b", trial(seed, 71))));
      assertEquals((await readResult(path, "a#b"))!.trials, [one, two, trial(3, 71), trial(4, 71)]);
      assert(!existsSync(former));

      const text = await Deno.readTextFile(path);
      await Deno.writeTextFile(
        former,
        JSON.stringify({ experiment: "a#b", trials: [trial(5, 72)] }),
      );
      for (const act of [() => readResult(path, "a#b"), () => recordTrial(path, "a#b", two)]) {
        const failure = await assertRejects(
          act,
          Failure,
          `a#b has two results, ${path} and, where it was before, ${former}`,
        );
        assertEquals(failure.exit, 3);
      }
      assertEquals(await Deno.readTextFile(path), text);
      assert(existsSync(former), "nothing is lost");
    }),
);

await needs(
  disk,
  "readResult: two experiments of one path, and a file that names another one, are failures that name both",
  () =>
    project({}, async (folder) => {
      const path = resultPath(folder, "a#b");
      const one = trial(1, 70);
      assertEquals(resultPath(folder, "a/b"), path);
      await recordTrial(path, "a#b", one);
      const text = await Deno.readTextFile(path);
      const cases: [id: string, message: string][] = [
        [
          "a/b",
          `${path} has the result of a#b, and that of a/b belongs there too: rename the module or the export`,
        ],
        [
          "a#c",
          `${path} names the experiment a#b, but the result of a#c belongs there: move it to a/b.json, or, if the ` +
          "experiment was renamed, write a#c into it",
        ],
      ];
      for (const [id, message] of cases) {
        for (const act of [() => readResult(path, id), () => recordTrial(path, id, trial(2, 71))]) {
          const failure = await assertRejects(act, Failure, message);
          assertEquals(failure.exit, 3);
        }
        assertEquals(await Deno.readTextFile(path), text);
      }
    }),
);

await needs(
  disk,
  "readResult: a malformed file is a failure that names it and the member",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      const good = JSON.parse(
        JSON.stringify({ experiment: "a", trials: [trial(1, 70), trial(2, 71)] }),
      );
      const teacher = { id: "t", seed: 1, sha256: B };
      const set = (change: (result: typeof good) => void) => {
        const copy = structuredClone(good);
        change(copy);
        return JSON.stringify(copy);
      };
      const cases: [string, string][] = [
        ["", "JSON"],
        ["[]", "all of it has to be an object"],
        ["null", "all of it has to be an object"],
        [set((r) => delete r.experiment), "experiment is missing"],
        [set((r) => r.trials = {}), "trials has to be a list"],
        [set((r) => r.more = 1), "more is unknown"],
        [set((r) => r.trials[1].sed = 1), "trials[1].sed is unknown"],
        [
          set((r) => r.trials[1].seed = "1"),
          'trials[1].seed has to be a whole number, 0 or more, not "1"',
        ],
        [set((r) => r.trials[1].seed = 1), "seed 1 is there twice"],
        [set((r) => r.trials[0].declaration = "abc"), "trials[0].declaration has to be a SHA-256"],
        [
          set((r) => r.trials[0].metric.top1.best = "70"),
          'trials[0].metric.top1.best has to be a number, not "70"',
        ],
        [set((r) => delete r.trials[0].metric.top5.last), "trials[0].metric.top5.last is missing"],
        [set((r) => r.trials[0].metric.kl = null), "trials[0].metric.kl has to be an object"],
        [
          set((r) => r.trials[0].metric.heldOut = 70),
          "trials[0].metric.heldOut has to be an object, not 70",
        ],
        [set((r) => r.trials[0].teachers = [{ id: "t" }]), "trials[0].teachers[0].seed is missing"],
        [
          set((r) => r.trials[0].teachers = [{ ...teacher, score: 80 }]),
          "trials[0].teachers[0].score has to be an object",
        ],
        [
          set((r) => r.trials[0].teachers = [{ ...teacher, top1: 101 }]),
          "teachers[0].top1 has to be a number from 0 to 100",
        ],
        [
          set((r) => r.trials[0].precision = "float16"),
          'trials[0].precision has to be "float32" or "bfloat16"',
        ],
        [set((r) => r.trials[0].stepSeconds = null), "trials[0].stepSeconds has to be a number"],
        [set((r) => r.trials[0].quick = 0), "trials[0].quick has to be true or false"],
      ];
      for (const [text, problem] of cases) {
        await Deno.writeTextFile(path, text);
        const failure = await assertRejects(() => readResult(path, "a"), Failure);
        assertEquals(failure.exit, 3);
        assertStringIncludes(failure.message, path);
        assertStringIncludes(failure.message, problem);
        await assertRejects(() => recordTrial(path, "a", trial(1, 70)), Failure, problem);
        assertEquals(await Deno.readTextFile(path), text, "a malformed file is left alone");
      }
    }),
);

await needs(
  disk,
  "readResult: a file cut off anywhere is a failure",
  () =>
    project({}, async (folder) => {
      const path = join(folder, "a.json");
      await recordTrial(path, "a", trial(1, 70));
      const text = (await Deno.readTextFile(path)).trimEnd();
      const random = stream(1, "cut");
      for (let i = 0; i < 50; i++) {
        await Deno.writeTextFile(path, text.slice(0, random.below(text.length)));
        await assertRejects(() => readResult(path, "a"), Failure, path);
      }
    }),
);

await needsDisk(
  ["read", "write"],
  1 << 20,
  "recordTrial: a trial that is there needs no writing, not even on a read-only disk",
  async (folder, readOnly) => {
    const path = join(folder, "a.json");
    const result = await recordTrial(path, "a", trial(1, 70));
    readOnly();
    assertEquals(await recordTrial(path, "a", trial(1, 70)), result);
    await assertRejects(() => recordTrial(path, "a", trial(1, 71)), Failure, "Read-only");
  },
);
