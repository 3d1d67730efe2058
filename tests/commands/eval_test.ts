import {
  assert,
  assertEquals,
  assertNotEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { join } from "node:path";
import { synthetic } from "../../datasets/synthetic.ts";
import { Confusion } from "../../lib/tasks/confusion.ts";
import { runEval } from "../../lib/commands/eval.ts";
import { examinationJson, examinationReport } from "../../lib/evaluation/report.ts";
import type { Examination } from "../../lib/evaluation/examine.ts";
import { Failure } from "../../lib/values/failure.ts";
import { valueAt } from "../../lib/project/metric.ts";
import { sha256 } from "../../lib/values/sha256.ts";
import { classFindings } from "../../lib/tasks/class_findings.ts";
import { classification } from "../../lib/tasks/classification.ts";
import { readWeights } from "../../lib/weights/weights_file.ts";
import { everything, needs } from "../support/needs.ts";
import { dict, floats, storage, tensor, zipFile } from "../support/torch_file.ts";
import { AVERAGED, PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { accuracyOf } from "../support/trial.ts";

const outputOf = async (...args: string[]): Promise<string[]> => {
  const lines: string[] = [];
  await runEval(args, (line) => lines.push(line));
  return lines;
};

const evalJson = async (...args: string[]) => JSON.parse((await outputOf(...args, "--json"))[0]);

const failureOf = async (exit: number, ...args: string[]): Promise<string> => {
  const failure = await assertRejects(() => runEval(args), Failure);
  assertEquals(failure.exit, exit, failure.message);
  return failure.message;
};

/** The printed lines of a classifier after its score. */
interface Details {
  readonly confusion: readonly (readonly number[])[];
  readonly perClass: readonly {
    readonly class: string;
    readonly images: number;
    readonly top1: number | null;
  }[];
}

const total = (row: readonly number[]): number => row.reduce((a, b) => a + b, 0);

await needs(["read", "env"], "eval: usage errors have exit code 2", async () => {
  assertEquals(await failureOf(2), "which experiment? deno task eval experiments/quickstart.ts#kd");
  assertStringIncludes(await failureOf(2, "a.ts", "b.ts"), "there is no a.ts");
  assertStringIncludes(await failureOf(2, "a.ts", "--network", "vgg8"), "--network needs --as");
  assertStringIncludes(
    await failureOf(2, "a.pth", "--as", "a.ts", "--seed", "2"),
    "--seed is for an experiment's own",
  );
  assertStringIncludes(
    await failureOf(2, "a.ts", "--epoch", "first"),
    "--epoch can be last or best",
  );
  assertStringIncludes(await failureOf(2, "nowhere.ts"), "there is no nowhere.ts");
  assertStringIncludes((await outputOf("--help"))[0], "usage: deno task eval");
});

const test = (name: string, declared: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `eval: ${name}`, () => toys(declared, use));

await test(
  "the moving average of a student's weights has the score that its run recorded",
  AVERAGED,
  async (toys) => {
    const { metric } = await toys.run("averaged");
    const spec = toys.path("toy.ts#averaged");
    for (const epoch of ["last", "best"] as const) {
      const found = await evalJson(spec, "--average", "--epoch", epoch);
      const path = toys.of("averaged", 1, `${epoch}.average.safetensors`);
      assertEquals([found.average, found.weights.path], [true, path]);
      assertEquals(found.top1, metric.average![epoch]);
    }
    assertStringIncludes(
      await failureOf(2, toys.path("toy.ts#plain"), "--average"),
      "--average: the experiment has no average of its weights",
    );
    assertStringIncludes(
      await failureOf(2, toys.of("averaged", 1, "last.safetensors"), "--as", spec, "--average"),
      "--average is for an experiment's own weights",
    );
  },
);

await test(
  "training images are measured with --split train",
  `export const fitted = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });`,
  async (toys) => {
    await toys.run("fitted");
    const spec = toys.path("toy.ts#fitted");
    const [train, test] = [await evalJson(spec, "--split", "train"), await evalJson(spec)];
    assertEquals([train.split, train.images, test.split, test.images], ["train", 64, "test", 32]);
    assertEquals(train.confusion.flat().reduce((a: number, b: number) => a + b), 64);
    assertStringIncludes((await outputOf(spec, "--split", "train"))[0], "on 64 train images of");
    assertStringIncludes(
      await failureOf(2, spec, "--split", "val"),
      "--split can be train or test",
    );
  },
);

await test(
  "a trained student has the score that its run recorded",
  PAIR,
  async (toys) => {
    const spec = toys.path("toy.ts#student");
    assertStringIncludes(
      await failureOf(3, spec),
      "toy#student seed 1 is not trained yet; `deno task exp toy#student",
    );
    const trial = await toys.run("student");
    const { test } = await synthetic({ size: 8, train: 64, test: 32, classes: 5 })
      .open("");
    for (const epoch of ["last", "best"] as const) {
      const found = await evalJson(spec, "--epoch", epoch);
      const path = toys.of("student", 1, `${epoch}.safetensors`);
      assertEquals([found.id, found.seed, found.epoch, found.network], [
        "toy#student",
        1,
        epoch,
        "small",
      ]);
      assertEquals(found.weights, { path, sha256: await sha256(await Deno.readFile(path)) });
      assertEquals([found.top1, found.top5, found.images], [
        ...["top1", "top5"].map((one) => valueAt(trial.metric, one, epoch)),
        32,
      ]);
      const { confusion, perClass }: Details = found;
      assertEquals(
        confusion.map(total),
        [0, 1, 2, 3, 4].map((c) => test.labels.filter((label) => label === c).length),
      );
      assertEquals(100 * total(confusion.map((row, i) => row[i])) / 32, found.top1);
      assertEquals(perClass.map(({ images }) => images), confusion.map(total));
      for (const [i, { top1, images }] of perClass.entries()) {
        assertEquals(
          top1,
          100 * confusion[i][i] / images,
        );
      }
      assertEquals(perClass.map((one) => one.class), ["0a", "0b", "1a", "1b", "2a"]);
      const { batch1, batch250 } = found.latency;
      assert(
        batch1.median_ms > 0 && batch1.p95_ms >= batch1.median_ms && batch250.images_per_second > 0,
      );
    }

    const [title, text] = await outputOf(spec, "--backend", "cpu");
    assertEquals(title, "toy#student seed 1, last: small on 32 test images of synthetic");
    assertStringIncludes(text, `\n\ntop-1              ${accuracyOf(trial).last.toFixed(2)}\n`);
    assertStringIncludes(text, "\nclass  images");
    assertStringIncludes((await outputOf(spec, "--confusion"))[1], "class \\ taken for  0");
  },
);

await test(
  "a weights file is measured as an experiment's student, or as another network",
  PAIR,
  async (toys) => {
    const trial = await toys.run("student");
    const as = toys.path("toy.ts#student");
    const own = toys.of("student", 1, "last.safetensors");
    const teacher = toys.of("teacher", 1, "last.safetensors");
    const { id, weights, top1, seed } = await evalJson(own, "--as", as);
    assertEquals([id, weights.path, top1, seed], [
      "toy#student",
      own,
      accuracyOf(trial).last,
      undefined,
    ]);

    assertStringIncludes(await failureOf(2, own), "last.safetensors needs --as <experiment>");
    assertStringIncludes(
      await failureOf(2, own, "--as", toys.path("toy.ts")),
      "is several experiments: name one",
    );
    assertStringIncludes(await failureOf(3, toys.path("absent.pth"), "--as", as), "absent.pth");
    const strange = await failureOf(3, teacher, "--as", as);
    assertStringIncludes(strange, "stem.weight");
    await Deno.writeTextFile(
      toys.path("own.ts"),
      `import { toy } from "${new URL(
        "../support/toy.ts",
        import.meta.url,
      )}"; export const wide = toy("wide", 4);`,
    );
    const found = await evalJson(teacher, "--as", as, "--network", toys.path("own.ts#wide"));
    assertEquals([found.network, found.top1], ["wide", trial.teachers[0].score.top1]);
    assertStringIncludes(
      await failureOf(2, teacher, "--as", as, "--network", "vgg9"),
      "did you mean vgg8?",
    );

    await Deno.writeFile(own, (await Deno.readFile(own)).subarray(0, 500));
    assertStringIncludes(await failureOf(3, as), "last.safetensors is damaged");
    assertStringIncludes(await failureOf(3, own, "--as", as), "last.safetensors");
  },
);

await test(
  "--key and --prefix name the part of a weights file",
  PAIR,
  async (toys) => {
    const trial = await toys.run("teacher");
    const as = toys.path("toy.ts#teacher");
    const own = await readWeights(toys.of("teacher", 1, "last.safetensors"));
    const tensors = [...own.tensors];
    const storages = tensors.flatMap(([, { data }], i) => [
      [`trained${i}`, floats(...data)],
      [`zero${i}`, floats(...data.map(() => 0))],
    ]);
    const stateDict = (kind: "trained" | "zero") =>
      dict(Object.fromEntries(tensors.map(([name, { data, shape }], i) => [
        `teacher.${name}`,
        tensor(storage(`${kind}${i}`, data.length), shape),
      ])));
    const path = toys.path("two.pth");
    const value = dict({ state_dict: stateDict("zero"), state_dict_ema: stateDict("trained") });
    await Deno.writeFile(path, zipFile(value, Object.fromEntries(storages)));
    const prefix = ["--prefix", "teacher.", "--as", as];
    const { last } = accuracyOf(trial);
    assertEquals((await evalJson(path, ...prefix, "--key", "state_dict_ema")).top1, last);
    assertNotEquals((await evalJson(path, ...prefix)).top1, last, "of a network of zeros");
    const absent = await failureOf(3, path, ...prefix, "--key", "model");
    assertStringIncludes(absent, "state_dict_ema");
    assertStringIncludes(await failureOf(2, as, "--key", "model"), "--key needs --as");
  },
);

await test(
  "missing data have exit code 3",
  PAIR + `
const nowhere = imageFolder({ folder: "nowhere", size: 8 });
export const absent = experiment(import.meta, { dataset: nowhere, schedule, student: small, distiller: scratch() });
`,
  async (toys) => {
    await toys.run("teacher", 1, { epochs: 1, limit: 1 });
    const file = toys.path("runs", "toy#teacher", "seed-1-quick-1-1", "last.safetensors");
    const message = await failureOf(
      3,
      file,
      "--as",
      toys.path("toy.ts#absent"),
      "--data",
      toys.path("data"),
    );
    assertStringIncludes(message, "--data DIR");
    assertEquals(
      (await evalJson(toys.path("toy.ts#teacher"), "--epochs", "1", "--limit", "1")).images,
      32,
    );
  },
);

await test(
  "the files of a task are written beside the weights, or where --out says",
  `import { filed } from "${new URL("../support/second_task.ts", import.meta.url)}";
const short = sgd({ epochs: 1, batch: 16, lr: 0.05 });
export const numbers = experiment(import.meta, { dataset: filed(images), schedule: short, student: small, distiller: scratch() });
export const plain = experiment(import.meta, { dataset, schedule: short, student: small, distiller: scratch() });
`,
  async (toys) => {
    const spec = toys.path("toy.ts#numbers");
    await toys.run("numbers");
    const beside = toys.of("numbers", 1, "last.evaluation");
    const linesIn = async (folder: string) =>
      (await Deno.readTextFile(join(folder, "guesses.csv"))).split("\n");

    const { folder, ...found } = await evalJson(spec);
    assertEquals(folder, beside);
    const { files, ...recorded } = JSON.parse(
      await Deno.readTextFile(join(beside, "evaluation.json")),
    );
    assertEquals(Object.keys(files), ["guesses.csv"]);
    assertEquals(recorded, found);
    const lines = await linesIn(beside);
    assertEquals(lines.length, 12);
    const { test } = await synthetic({ size: 8, train: 64, test: 32, classes: 5 }).open("");
    const pixels = await test.read(Int32Array.from(lines.keys()));
    assertEquals(lines.map((line) => Number(line.split(",")[1])), [
      ...pixels.filter((_, i) => i % (8 * 8 * 3) === 0),
    ]);

    const out = toys.path("elsewhere");
    const printed = await outputOf(spec, "--pictures", "3", "--out", out);
    assertEquals(printed.at(-1), `${out}: guesses.csv\n`);
    assertEquals((await linesIn(out)).length, 3);

    const copy = toys.path("copy.v1.safetensors");
    await Deno.copyFile(toys.of("numbers", 1, "last.safetensors"), copy);
    assertEquals((await evalJson(copy, "--as", spec)).folder, toys.path("copy.v1.evaluation"));

    await Deno.writeTextFile(join(beside, "notes.txt"), "the third one looks odd");
    assertStringIncludes(
      await failureOf(2, spec),
      "has notes.txt, which no evaluation wrote, and an evaluation replaces only an evaluation: --out",
    );
    await toys.run("plain");
    const plain = toys.path("toy.ts#plain");
    assertStringIncludes(
      await failureOf(2, plain, "--pictures", "1"),
      "--pictures: an evaluation of toy#plain writes no files: its task is classification",
    );
    assertStringIncludes(
      await failureOf(2, spec, spec, "--out", out),
      "--out is one folder, for one of the 2 to measure",
    );
    const converted = toys.path("copy.v1.st");
    await Deno.copyFile(copy, converted);
    assertStringIncludes(
      await failureOf(2, copy, converted, "--as", spec),
      `${copy} and ${converted} have one folder, ${toys.path("copy.v1.evaluation")}: measure one`,
    );
  },
);

/**
 * An examination in which class `i` has one correct image and `i` images with the prediction
 * `i + 1`.
 */
function examination(classes: number): Examination {
  const pairs = Array.from({ length: classes }, (_, label) => [
    [label, label],
    ...new Array(label).fill([label, (label + 1) % classes]),
  ]).flat();
  const confusion = new Confusion(classes);
  const logits = pairs.flatMap(([, predicted]) =>
    Array.from({ length: classes }, (_, i) => Number(i === predicted))
  );
  confusion.add(Float32Array.from(logits), Int32Array.from(pairs, ([label]) => label));
  const names = Array.from({ length: classes }, (_, label) => `c${label}`);
  return {
    images: confusion.images,
    findings: classFindings(confusion, names, classification.measures),
    latency: {
      batch1: { median_ms: 1.5, p95_ms: 2 },
      inBatches: { size: 250, images_per_second: 1234.5 },
    },
  };
}

Deno.test("eval report: a few classes are all shown, with the most frequent confusions", () => {
  assertEquals(
    examinationReport(classification, examination(3), false),
    `
top-1              50.00
top-5              100.00
one image          1.50 ms (95th percentile 2.00 ms)
in batches of 250  1235 images per second

class  images   top-1
c0          1  100.00
c1          2   50.00
c2          3   33.33

most frequent confusions  taken for  images
c2                        c0              2
c1                        c2              1`.slice(1),
  );
});

Deno.test("eval report: JSON has the latency by batch size", () => {
  const found = examination(3);
  const { latency } = found;
  const of = (size: number) =>
    examinationJson({
      ...found,
      latency: { ...latency, inBatches: { ...latency.inBatches, size } },
    });
  assertEquals(Object.keys(of(250)), [
    "images",
    "top1",
    "top5",
    "perClass",
    "confusion",
    "latency",
  ]);
  assertEquals(of(250).latency, {
    batch1: latency.batch1,
    batch250: { images_per_second: 1234.5 },
  });
  assertEquals(of(1).latency, { batch1: latency.batch1 });
});

Deno.test("eval report: many classes are cut to the best and the worst, --confusion prints the matrix", () => {
  const text = examinationReport(classification, examination(30), false);
  const lines = text.split("\n");
  const after = (title: string) => {
    const start = lines.findIndex((line) => line.startsWith(title)) + 1;
    return lines.slice(start, start + 10).map((line) => line.split(" ")[0]);
  };
  assertEquals(after("best 10 classes"), Array.from({ length: 10 }, (_, i) => `c${i}`));
  assertEquals(after("worst 10 classes"), Array.from({ length: 10 }, (_, i) => `c${29 - i}`));
  assertEquals(
    after("most frequent confusions"),
    Array.from({ length: 10 }, (_, i) => `c${29 - i}`),
  );
  const matrix = examinationReport(classification, examination(30), true).split("\n\n").at(-1)!
    .split("\n");
  assertEquals(matrix.length, 31);
  assertEquals(matrix[30].trim().split(/\s+/).slice(0, 3), ["29", "c29", "29"]);
});
