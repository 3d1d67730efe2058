import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { runExp } from "../../lib/commands/exp.ts";
import { Failure } from "../../lib/values/failure.ts";
import type { Trial } from "../../lib/project/result.ts";
import { everything, needs } from "../support/needs.ts";
import { skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, toys } from "../support/toy_runs.ts";

const outputOf = async (...args: string[]): Promise<string[]> => {
  const lines: string[] = [];
  await runExp(args, (line) => lines.push(line), skipTypeCheck);
  return lines;
};

const failureOf = async (exit: number, ...args: string[]): Promise<string> => {
  const failure = await assertRejects(() => runExp(args, undefined, skipTypeCheck), Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

/** The path, the size and the modification time of every entry below a folder. */
async function snapshot(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const { name, isDirectory } of Deno.readDir(folder)) {
    const path = `${folder}/${name}`;
    const { size, mtime } = await Deno.stat(path);
    found.push(`${path} ${size} ${mtime?.getTime()}`);
    if (isDirectory) found.push(...await snapshot(path));
  }
  return found.sort();
}

await needs(["read", "env"], "exp: usage errors have exit code 2 and a hint", async () => {
  assertEquals(await failureOf(2), "which experiment? deno task exp experiments/quickstart.ts");
  assertEquals(
    await failureOf(2, "x.ts", "--epoch", "3"),
    "unknown flag --epoch; did you mean --epochs?",
  );
  assertEquals(
    await failureOf(2, "x.ts", "--epochs", "0"),
    '--epochs needs a whole number of at least 1, not "0"',
  );
  assertStringIncludes(
    await failureOf(2, "x.ts", "--precision", "float16"),
    "--precision can be float32 or bfloat16 or auto",
  );
  for (const time of ["0", "10", "0s", "0.5s", "10 m", "-1m", "1d", "never"]) {
    assertEquals(
      await failureOf(2, "x.ts", `--save-every=${time}`),
      `--save-every ${time}: give a time of at least a second, such as 30s, 10m or 2h, or off`,
    );
  }
  for (const cohort of ["0", "1.5", "many"]) {
    assertEquals(
      await failureOf(2, "x.ts", "--cohort", cohort),
      `--cohort ${cohort}: give auto, off or a number of trials, at least 1`,
    );
  }
  assertStringIncludes((await outputOf("--help"))[0], "usage: deno task exp <module>[#name]");
});

await needs(
  everything,
  "exp: a module without experiments or with type errors has exit code 2",
  async () => {
    await toys("export const pair = { dataset, schedule };", async (toys) => {
      const { code, out, err } = await toys.command(["toy.ts"]);
      assertEquals([code, out], [2, ""]);
      assertStringIncludes(
        err,
        "toy.ts exports no experiment: `export default experiment(import.meta, { … })`",
      );
    });
    const typo = PAIR.replace("distiller: kd()", "distiller: kd({ temprature: 3 })") +
      'imageFolder("cifar");';
    await toys(typo, async (toys) => {
      const { exit, message } = await assertRejects(
        () => runExp([toys.path("toy.ts#teacher")]),
        Failure,
      );
      assertEquals(exit, 2, message);
      assertStringIncludes(message, "this does not compile:");
      assertStringIncludes(
        message,
        "'temprature' does not exist in type 'KdOptions'. Did you mean to write 'temperature'?",
      );
      assertStringIncludes(
        message,
        "Argument of type 'string' is not assignable to parameter of type 'ImageFolderOptions<undefined, never>'",
      );
      assertStringIncludes(message, "toy.ts:");
      assert(!message.includes("\x1b") && !message.includes("Type checking failed"));
      assert(!existsSync(toys.path("runs")));
    });
  },
);

/** An experiment on data to download, and one with another learning rate in each epoch. */
const OTHERS = `
const rate = retort.cosine({ minimum: 0.001, warmup: { epochs: 3, from: 0.002 } });
export const waning = experiment(import.meta, { dataset, schedule: sgd({ epochs: 20, batch: 16, lr: 0.05, rate }), student: small, distiller: scratch() });
import { cifar10 } from "${new URL("../../datasets/cifar.ts", import.meta.url)}";
export const absent = experiment(import.meta, { dataset: cifar10(), schedule, student: small, distiller: scratch() });
`;

await needs(
  everything,
  "exp: a dry run prints everything and writes nothing",
  () =>
    toys(PAIR + OTHERS, async (toys) => {
      const before = await snapshot(toys.folder);
      const spec = toys.path("toy.ts#student");
      const lines = await outputOf(spec, "--dry-run", "--epochs", "6", "--limit", "2");
      assertEquals(await snapshot(toys.folder), before);
      const rows = Object.fromEntries(
        lines.map((line) => [line.slice(0, 11).trim(), line.slice(12)]),
      );
      assertEquals(lines.slice(0, 3), [
        "queue       1. toy#teacher seed 1: missing, quick-6-2, 6 epochs, teacher of toy#student seed 1",
        "queue       2. toy#student seed 1: missing, quick-6-2, 6 epochs, asked for",
        "experiment  toy#student seed 1: missing, quick-6-2",
      ]);
      assertEquals(rows.data, "synthetic: 64 train, 32 test, 5 classes, 8×8×3");
      assertEquals(rows.schedule, "6 epochs of 2 batches of 16, lr 0.05, 0.005 from 5");
      const waning = await outputOf(toys.path("toy.ts#waning"), "--dry-run");
      assertStringIncludes(
        waning.join("\n"),
        "20 epochs of 4 batches of 16, lr 0.002 … 0.0473297 from 4 … 0.00130164 from 20\n",
      );
      const size = /^(\w+), ([\d,]+) parameters, ([\d,]+) multiply-adds/;
      const [, student, parameters] = rows.student.match(size)!;
      const [, teacher, more] = rows.teacher.match(size)!;
      assertEquals([student, teacher], ["small", "large"]);
      assert(Number(parameters.replace(",", "")) < Number(more.replace(",", "")));
      assertStringIncludes(
        rows.teacher,
        "toy#teacher seed 1, last: missing, would be trained first",
      );
      assert(/^task \d+\.\d{4}, kd \d+\.\d{4}$/.test(rows.terms), rows.terms);
      assert(/^00:00:0\d without evaluation and teachers$/.test(rows["in all"]), rows["in all"]);

      const away = ["--dry-run", "--data", toys.path("away", "data")];
      const absent = toys.path("toy.ts#absent");
      assertStringIncludes(
        await failureOf(3, absent, ...away),
        "away/data/cifar-10-batches-bin: a run downloads ",
      );
      assertEquals(await snapshot(toys.folder), before);

      await toys.run("teacher");
      const trained = await snapshot(toys.folder);
      const [ready] = (await outputOf(spec, "--dry-run", "--fresh")).filter((line) =>
        line.startsWith("teacher")
      );
      assertStringIncludes(ready, "toy#teacher seed 1, last: ready");
      const [nothing] = await outputOf(toys.path("toy.ts#teacher"), "--dry-run");
      assertEquals(nothing, "queue       nothing has to be trained");
      assertEquals(await snapshot(toys.folder), trained);
    }),
);

await needs(
  everything,
  "exp: --json prints one object per trial, also of an experiment that is named twice, and --quiet nothing else",
  () =>
    toys(PAIR, async (toys) => {
      const args = [
        "toy.ts#teacher",
        "./toy.ts#teacher",
        "--seed",
        "3",
        "--trials",
        "2",
        "--epochs",
        "1",
        "--limit",
        "1",
      ];
      const { code, out, err } = await toys.command([...args, "--json", "--quiet"]);
      assertEquals([code, err.replace(/^(WARNING|I0000).*\n/gm, "")], [0, ""]);
      const trials: (Trial & { experiment: string })[] = out.trimEnd().split("\n").map((line) =>
        JSON.parse(line)
      );
      assertEquals(trials.map(({ seed, epochs, quick }) => [seed, epochs, quick]), [[3, 1, true], [
        4,
        1,
        true,
      ]]);
      const { experiment, trials: recorded } = JSON.parse(
        await Deno.readTextFile(toys.path("toy/teacher.quick.json")),
      );
      assertEquals(trials, recorded.map((trial: Trial) => ({ experiment, ...trial })));

      const colourless = await toys.command(args, { NO_COLOR: "1" });
      assertEquals(colourless.code, 0);
      assert(
        /^(toy#teacher seed [34]: top-1 \d+\.\d\d last, \d+\.\d\d best \(epoch 1\), quick\n){2}$/
          .test(colourless.out),
      );
      assertStringIncludes(colourless.err, "toy#teacher seed 3 (quick-1-1): done before");
      assert(!colourless.err.includes("\x1b"));
    }),
);

await needs(
  everything,
  "exp: missing data and a wrong TensorFlow have exit code 3 and a hint",
  () =>
    toys(
      PAIR + `
const folder = imageFolder({ folder: "nowhere", size: 8 });
export const absent = experiment(import.meta, { dataset: folder, schedule, student: small, distiller: scratch() });
`,
      async (toys) => {
        assertStringIncludes(
          await failureOf(3, toys.path("toy.ts#absent"), "--data", toys.path("data"), "--quiet"),
          "--data DIR",
        );
        await Deno.writeTextFile(toys.path("libtensorflow.so.2"), "not a library");
        const { code, err } = await toys.command(["toy.ts#teacher"], {
          RETORT_TENSORFLOW: toys.path("libtensorflow.so.2"),
        });
        assertEquals(code, 3, err);
        assertStringIncludes(err, "is not a TensorFlow library that can be used here");
        assertStringIncludes(err, "--backend cpu");
        assert(!existsSync(toys.of("teacher", 1)));
      },
    ),
);
