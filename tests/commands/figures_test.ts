import {
  assert,
  assertAlmostEquals,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { decode } from "fast-png";
import { existsSync } from "node:fs";
import { relative } from "node:path";
import { correlation, correlationGap } from "../../lib/analysis/correlation.ts";
import { runFigures } from "../../lib/commands/figures.ts";
import { readFeatures } from "../../lib/evaluation/features.ts";
import { FIGURES } from "../../lib/figures/mod.ts";
import { buildModel } from "../../lib/nn/network.ts";
import { type Variable, variables } from "../../lib/nn/variables.ts";
import type { Trial } from "../../lib/project/result.ts";
import { studentSubject } from "../../lib/run/subjects.ts";
import { readTrainedStudent } from "../../lib/run/trained.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { everything, needs } from "../support/needs.ts";
import { countIn, leftsIn } from "../support/svg.ts";
import { IMAGE } from "../support/toy.ts";
import { recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";
import { writeLog } from "../support/write_log.ts";
import { writeRun } from "../support/write_run.ts";

const DECLARED = `${PAIR}
const pair = { dataset, schedule, teacher: from(teacher), student: small };
export const slkd = experiment(import.meta, { ...pair, distiller: retort.slkd({ ce: 0.5, selfTeacher: 2 }) });
export const unweighted = experiment(import.meta, { ...pair, distiller: retort.slkd({ ce: 1 }) });
export const routed = experiment(import.meta, { ...pair, distiller: retort.sakd(fitnets({ guided: "block1", hint: "block1", weight: 1 })) });
const miou = { title: "mIoU", decimals: 2, isPercentage: false };
const segments = { ...dataset, id: "segments", task: { ...dataset.task, measures: { miou }, primary: "miou" } };
export const segmented = experiment(import.meta, { ...pair, dataset: segments, distiller: kd() });
`;

/** Students of a second teacher of the same network, of another data set, and of too few images. */
const OTHERS = `${PAIR}
const taughtOn = (dataset, teacher) => ({ dataset, schedule, teacher: from(teacher), student: small, distiller: kd() });
export const second = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });
export const pupil = experiment(import.meta, taughtOn(dataset, second));
const many = synthetic({ ...images, classes: 12 });
export const teacher12 = experiment(import.meta, { dataset: many, schedule, student: large, distiller: scratch() });
export const student12 = experiment(import.meta, taughtOn(many, teacher12));
export const few = experiment(import.meta, { dataset: synthetic({ ...images, test: 20 }), schedule, student: small, distiller: scratch() });
`;

const printed = async (...args: string[]): Promise<string[]> => {
  const out: string[] = [];
  await runFigures(args, (line) => out.push(line), undefined, skipTypeCheck);
  return out;
};

const failure = async (exit: number, ...args: string[]): Promise<string> => {
  const error = await assertRejects(() => printed(...args), Failure);
  assertEquals(error.exit, exit, error.message);
  return error.message;
};

const test = (name: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `figures: ${name}`, () => toys(DECLARED, use));

/** Draws a figure of the project's module, or of some of its experiments. */
async function draw(toys: Toys, figure: string, ...names: string[]): Promise<string> {
  const specs = names.length > 0
    ? names.map((name) => toys.path(`toy.ts#${name}`))
    : [toys.path("toy.ts")];
  await printed(...specs, "--figure", figure);
  return await Deno.readTextFile(toys.path("figures", `${figure}.svg`));
}

const has = (svg: string, ...texts: string[]) => {
  for (const text of texts) assertStringIncludes(svg, `>${text}</text>`);
};

await needs(
  ["read", "env"],
  "figures: --help lists every figure, and usage errors have exit code 2",
  async () => {
    const [help] = await printed("--help");
    assertStringIncludes(help, "usage: deno task figures <module.ts[#name] | folder>…");
    for (const [name, { about }] of Object.entries(FIGURES)) {
      assertStringIncludes(help, name);
      assertStringIncludes(help, about);
    }
    assertStringIncludes(await failure(2), "which experiments? deno task figures");
    assertStringIncludes(
      await failure(2, "a.ts", "--figure", "acuracy"),
      "there is no figure acuracy; there are accuracy, divergence",
    );
    assertStringIncludes(await failure(2, "a.ts", "--format", "pdf"), "--format can be svg or png");
  },
);

await test("what a figure lacks is said with the command that gets it", async (toys) => {
  const spec = toys.path("toy.ts#student");
  assertEquals(
    await failure(3, spec, "--figure", "accuracy"),
    `toy#student seed 1 has no log in ${toys.of("student", 1)}; ` +
      "`deno task exp toy#student --seed 1` trains it",
  );
  assertEquals(
    await failure(3, spec, "--figure", "gap"),
    "toy#student has no recorded trial; `deno task exp toy#student` trains one",
  );
  await writeLog(toys, "student", { "test/top1": () => 50 });
  assertEquals(
    await failure(3, spec, "--figure", "divergence"),
    "the log of toy#student seed 1 lacks the KL to its teacher; " +
      "`deno task exp toy#student --seed 1 --fresh` logs it",
  );
  assertStringIncludes(
    await failure(3, spec, "--figure", "gradients"),
    "`deno task exp toy#student --seed 1 --grad-norms --fresh` logs it",
  );
  assertEquals(
    await failure(2, spec, "--figure", "spots"),
    "spots: none of these experiments is SAKD's",
  );
  assertEquals(
    await failure(2, toys.path("toy.ts#teacher"), "--figure", "divergence"),
    "divergence: none of these experiments has one teacher and a KL to it",
  );
  await writeLog(toys, "student", { "train/loss/task": () => 1 });
  assertEquals(
    await failure(3, spec, "--figure", "accuracy"),
    "the log of toy#student seed 1 lacks the score on the test images; " +
      "`deno task exp toy#student --seed 1 --fresh` logs it",
  );
  await Deno.writeTextFile(toys.of("student", 1, "metrics.jsonl"), '{"epoch":1}\n{"epoch"\n{"e');
  assertStringIncludes(await failure(3, spec, "--figure", "accuracy"), "a line is not JSON");
});

await test("scores, KL, terms and norms over epochs are lines of their own", async (toys) => {
  const tags = {
    "train/loss/task": (epoch: number) => 3 - epoch / 2,
    "train/loss/kd": (epoch: number) => 9 / epoch,
    "train/loss": (epoch: number) => 12 / epoch,
    "train/grad/task": () => 1,
    "train/grad/own_teacher": () => 0,
    "train/kl": (epoch: number) => 1 / epoch,
    "test/top1": (epoch: number) => 20 * epoch,
  };
  await writeLog(toys, "student", tags);
  await writeLog(toys, "slkd", tags);
  const accuracy = await draw(toys, "accuracy");
  has(accuracy, "top-1 over epochs", "top-1, test images (%)", "epoch", "student", "slkd");
  assertEquals([countIn(accuracy, "line mark"), countIn(accuracy, "point")], [2, 6]);
  assertStringIncludes(accuracy, "small on synthetic");
  const divergence = await draw(toys, "divergence", "student");
  has(divergence, "KL divergence", "KL divergence from the teacher over epochs");
  assertEquals(countIn(divergence, "point"), 3);
  const losses = await draw(toys, "losses", "student");
  has(losses, "task", "kd", "weighted term");
  assertEquals(countIn(losses, "line mark"), 2);
  const gradients = await draw(toys, "gradients", "student");
  assertEquals(countIn(gradients, "line mark"), 1, "terms that never reach the student");
  assertStringIncludes(gradients, ">terms that never reach the student are left out<");
  assertEquals(await draw(toys, "accuracy"), accuracy, "the same bytes");
});

await test("captions and names are of what is drawn, not of what could be", async (toys) => {
  await Deno.copyFile(toys.path("toy.ts"), toys.path("other.ts"));
  await writeLog(toys, "student", { "train/loss/task": () => 1 });
  const losses = async () => {
    await printed(toys.path("toy.ts"), toys.path("other.ts"), "--figure", "losses");
    return await Deno.readTextFile(toys.path("figures", "losses.svg"));
  };
  const one = await losses();
  has(one, "student");
  assertStringIncludes(one, ">small on synthetic; seed 1<");
  const [from, to] = [toys.of("student", 1), toys.path("runs/other#student/seed-1")];
  await Deno.mkdir(to, { recursive: true });
  for await (const { name } of Deno.readDir(from)) {
    await Deno.copyFile(`${from}/${name}`, `${to}/${name}`);
  }
  has(await losses(), "toy#student", "other#student");
});

await test("a score has the title and the unit of its task's measure", async (toys) => {
  await writeLog(toys, "segmented", { "test/miou": () => 0.5 });
  has(await draw(toys, "accuracy", "segmented"), "mIoU over epochs", "mIoU, test images");
  await writeLog(toys, "student", { "test/top1": () => 50 });
  const both = await draw(toys, "accuracy", "student", "segmented");
  has(both, "top-1, mIoU over epochs", "small on synthetic", "small on segments");
  assertEquals(countIn(both, "point"), 6);
  await recordToyTrial(
    toys.folder,
    "toy.ts#segmented",
    trial(1, 50, { metric: { miou: { last: 0.5, best: 0.5 } } }),
  );
  const sizes = await draw(toys, "sizes", "segmented");
  has(sizes, "mIoU");
  assertStringIncludes(sizes, "mIoU: 0.5; ");
  assertEquals(
    await failure(2, toys.path("toy.ts#segmented"), "--figure", "gap"),
    "gap: none of these experiments has one teacher and a KL to it",
  );
});

await test("SLKD's distances are the terms without their weights, its teachers have percent", async (toys) => {
  await writeLog(toys, "slkd", {
    "train/loss/teacher": () => 0.5 * 8,
    "train/loss/self": () => 2 * 0.5 * 4,
    "train/loss/self1_teacher": () => 0.5 * 6,
    "train/loss/self2_teacher": () => 0.5 * 5,
    "train/report/self_top1": () => 0.75,
    "train/report/self1_top1": () => 0.5,
    "train/report/self2_top1": () => 0.25,
    "train/top1": () => 40,
  });
  const trajectory = await draw(toys, "trajectory");
  has(trajectory, "T² · KL divergence", "teacher, student", "SL-T, student");
  assertStringIncludes(trajectory, "T² · KL divergence: 8; between: teacher, student");
  assertStringIncludes(trajectory, "T² · KL divergence: 4; between: SL-T, student");
  assertStringIncludes(trajectory, "T² · KL divergence: 6; between: SL-T 1, teacher");
  assertStringIncludes(trajectory, "T² · KL divergence: 5; between: SL-T 2, teacher");
  const teachers = await draw(toys, "self-teachers");
  has(teachers, "fused", "SL-T 1", "SL-T 2", "student");
  assertStringIncludes(teachers, "top-1, training images (%): 75; network: fused");
  assertEquals(countIn(teachers, "point"), 12);
});

await test("terms of SLKD without weight have no distance", async (toys) => {
  const terms = ["teacher", "self", "self1_teacher", "self2_teacher"];
  const unweighted = Object.fromEntries(terms.map((term) => [`train/loss/${term}`, () => 0]));
  await writeLog(toys, "unweighted", unweighted);
  assertEquals(
    await failure(2, toys.path("toy.ts#unweighted"), "--figure", "trajectory"),
    "trajectory: the loss of toy#unweighted has no KL, so its log has no distance",
  );
  await writeLog(toys, "slkd", { "train/loss/self": () => 4 });
  const trajectory = await draw(toys, "trajectory", "slkd", "unweighted");
  assertEquals(countIn(trajectory, "point"), 3);
  assert(!trajectory.includes("unweighted"));
});

await test("SAKD's spots have the share of samples in percent", async (toys) => {
  await writeLog(toys, "routed", {
    "train/report/spot_block1": (epoch) => epoch / 4,
    "train/report/spot_logits": () => 1,
  });
  const spots = await draw(toys, "spots");
  has(spots, "samples (%)", "block1", "logits", "100");
  assertStringIncludes(spots, "samples (%): 75; spot: block1");
  assertEquals(
    Array.from(spots.matchAll(/="line mark"[^>]* stroke-dasharray="([^"]+)"/g), ([, dash]) => dash),
    ["16,0", "8,8"],
    "one shows through the other",
  );
});

await test("recorded results give bars, points and sizes", async (toys) => {
  assertStringIncludes(await recordedWithoutKl(toys), "was recorded without its KL to the teacher");
  await recordToyTrial(toys.folder, "toy.ts#student", scored(1, 50, 0.25));
  await recordToyTrial(toys.folder, "toy.ts#student", scored(2, 60, 0.25));
  await recordToyTrial(toys.folder, "toy.ts#slkd", scored(1, 70, 0.5));
  const gap = await draw(toys, "gap");
  has(gap, "KL divergence and top-1 (%)", "top-1 (%)", "teacher", "large");
  assertStringIncludes(gap, "1 to 2 trials each");
  assertEquals(barsIn(gap), [["slkd", 0.5, 1], ["student", 0.25, 0.5]]);
  const heights = Array.from(
    gap.matchAll(/="point" transform="translate\([\d.]+,([\d.]+)\)/g),
    ([, height]) => Number(height),
  );
  assertEquals(heights.length, 2);
  assert(heights.every((height) => height > 4 && height < 176), "no point is on the frame");
  assertEquals(leftsIn(gap, 240), [0, 310]);
  const sizes = await draw(toys, "sizes");
  assertEquals(leftsIn(sizes, 260), [0, 330]);
  has(sizes, "parameters", "multiply-adds of an image", "small", "synthetic");
  assertEquals(countIn(sizes, "point"), 4);
  assertEquals(countIn(sizes, "rule mark"), 4);
});

await test("bars of one method stand side by side, those of other teachers apart", async (toys) => {
  const teacher = `import { teacher } from "${toys.path("toy.ts")}";`;
  const text = (await Deno.readTextFile(toys.path("toy.ts"))).split("export")[0];
  const student = "export const student = experiment(import.meta, { dataset, schedule: " +
    "sgd({ epochs: 2, batch: 16, lr: 0.1 }), teacher: from(teacher), student: small, distiller: kd() });";
  await Deno.writeTextFile(toys.path("same.ts"), `${teacher}${text}${student}`);
  const own =
    "const teacher = experiment(import.meta, { dataset, schedule, student: large, distiller: scratch() });";
  await Deno.writeTextFile(toys.path("other.ts"), `${text}export ${own}${student}`);
  await recordToyTrial(toys.folder, "toy.ts#student", scored(1, 50, 0.25));
  await recordToyTrial(toys.folder, "same.ts#student", scored(1, 60, 0.125));
  await recordToyTrial(toys.folder, "other.ts#student", scored(1, 70, 0.5));
  const gapOf = async (...modules: string[]) => {
    await printed(...modules.map((name) => toys.path(name)), "--figure", "gap");
    return await Deno.readTextFile(toys.path("figures", "gap.svg"));
  };
  const same = await gapOf("toy.ts", "same.ts");
  assertEquals(barsIn(same), [["toy#student", 0.25, 1], ["same#student", 0.125, 0.5]]);
  has(same, "large");
  const other = await gapOf("toy.ts", "other.ts");
  assertEquals(barsIn(other), [["student", 0.25, 1], ["student", 0.5, 2]]);
  for (const name of ["toy#teacher", "other#teacher"]) {
    assertMatch(other, new RegExp(`<tspan>large</tspan><tspan[^>]*>\\(${name}\\)</tspan>`));
  }
});

await test("all that the runs allow is drawn, as PNG and elsewhere too", async (toys) => {
  await writeLog(toys, "student", { "test/top1": (epoch) => epoch, "train/loss/kd": () => 1 });
  const out = toys.path("elsewhere");
  const lines = await printed(toys.path("toy.ts"), "--format", "png", "--out", out);
  assertEquals(lines.filter((line) => !line.includes(" left out: ")).length, 2);
  for (const name of ["accuracy", "losses"]) {
    const { width, height } = decode(await Deno.readFile(`${out}/${name}.png`));
    assert(width > 400 && height > 300);
  }
  assert(!existsSync(toys.path("figures")));
  await Deno.remove(toys.path("runs"), { recursive: true });
  assertEquals(await failure(3, toys.path("toy.ts"), "--out", out), "no figure could be drawn");
});

await test("a run logs what the figures over epochs need", async (toys) => {
  await toys.run("slkd");
  const log = await toys.log("slkd");
  const shares = ["self_top1", "self1_top1", "self2_top1"].map((name) => `train/report/${name}`);
  for (const entry of log) {
    assert(entry["train/kl"] > 0);
    assert(shares.every((tag) => entry[tag] >= 0 && entry[tag] <= 1));
  }
  for (const figure of ["accuracy", "divergence", "trajectory", "self-teachers"]) {
    assert(countIn(await draw(toys, figure, "slkd"), "point") >= 3, figure);
  }
});

await test("what trained networks see is drawn for the student and its teacher", async (toys) => {
  const spec = toys.path("toy.ts#student");
  for (const figure of ["tsne", "correlation", "grad-cam"]) {
    assertStringIncludes(
      await failure(3, spec, "--figure", figure),
      "toy#student seed 1 is not trained yet; `deno task exp toy#student --seed 1` trains it",
    );
  }
  await toys.run("student");
  const scatter = async () => {
    await printed(spec, "--figure", "tsne");
    return await Deno.readTextFile(toys.path("figures", "tsne.svg"));
  };
  const tsne = await scatter();
  assertStringIncludes(tsne, "t-SNE of 32 test images, a colour for each of 5 classes");
  assertMatch(tsne, />student \(KL \d\.\d\d\)</);
  assertMatch(tsne, />teacher large \(KL \d\.\d\d\)</);
  assertEquals(
    tsne.match(/<g class="mark-symbol role-mark.*?<\/g>/g)?.map((marks) =>
      marks.match(/<path /g)?.length
    ),
    [32, 32],
  );
  assertEquals(await scatter(), tsne, "the same bytes");

  await printed(spec, "--figure", "correlation");
  const gap = await Deno.readTextFile(toys.path("figures", "correlation.svg"));
  const logits = async (name: string) => {
    const student = await readTrainedStudent(await toys.experiment(name), 1, "last");
    const settings = { data: toys.path("data"), status: status({ quiet: true }) };
    return correlation((await readFeatures(studentSubject(student), settings)).logits, 5);
  };
  const { mean } = correlationGap(await logits("student"), await logits("teacher"));
  assertStringIncludes(gap, `>student: mean ${mean.toFixed(4)}<`);
  assertEquals(picturesIn(gap), [[5, 5]]);
  assertStringIncludes(gap, "image-rendering: pixelated", "cells have edges");

  await printed(spec, "--figure", "grad-cam", "--images", "3,1");
  const seen = await Deno.readTextFile(toys.path("figures", "grad-cam.svg"));
  has(seen, "image", "student");
  const [, first, next] = seen.match(
    /translate\([\d.]+,(-[\d.]+)\)"[^>]*><tspan>teacher<\/tspan><tspan x="0" dy="([\d.]+)">large<\/tspan>/,
  )!;
  const tops = Array.from(
    seen.matchAll(/transform="translate\([\d.]+,([\d.]+)\)" width="84"/g),
    ([, top]) => Number(top),
  );
  assertEquals(tops.length, 6);
  assert(Number(first) + Number(next) < Math.min(...tops) - 3, "no letter is behind a picture");
  assertMatch(seen, />3: [^<]+<.*>1: /);
  assertEquals(picturesIn(seen), Array.from({ length: 6 }, () => [8, 8]));
  assertStringIncludes(
    await failure(2, spec, "--figure", "grad-cam", "--images", "99"),
    "has the test images 0 to 31, not 99",
  );
  assertEquals(
    await failure(2, spec, "--images", "1-3"),
    '--images needs indices such as 3,14,15, not "1-3"',
  );
});

await needs(
  everything,
  "figures: what trained networks see is of one data set, and names teachers apart",
  () =>
    toys(OTHERS, async (toys) => {
      const specs = (...names: string[]) => names.map((name) => toys.path(`toy.ts#${name}`));
      const classes = {
        teacher: 5,
        student: 5,
        second: 5,
        pupil: 5,
        teacher12: 12,
        student12: 12,
        few: 5,
      };
      for (const [name, count] of Object.entries(classes)) await saveUntrained(toys, name, count);
      const both = specs("student", "student12");
      for (const figure of ["tsne", "correlation", "grad-cam"]) {
        assertEquals(
          await failure(2, ...both, "--figure", figure),
          "these networks are of 2 data sets, synthetic (student) and synthetic (student12): " +
            "name experiments of one",
        );
      }
      const metrics = toys.of("student", 1, "metrics.jsonl");
      await Deno.writeTextFile(metrics, '{"epoch":1,"test/top1":50}\n');
      assertEquals(
        (await printed(...both)).filter((line) =>
          line.includes("accuracy") || line.includes("tsne")
        ),
        [
          relative(Deno.cwd(), toys.path("figures/accuracy.svg")),
          "tsne left out: these networks are of 2 data sets, synthetic (student) and synthetic " +
          "(student12): name experiments of one",
        ],
      );
      const pair = specs("student", "pupil");
      await printed(...pair, "--figure", "tsne");
      const tsne = await Deno.readTextFile(toys.path("figures/tsne.svg"));
      for (
        const label of ["student", "pupil", "teacher large (teacher)", "teacher large (second)"]
      ) {
        assertStringIncludes(tsne, `>${label} (KL `);
      }
      await printed(...pair, "--figure", "grad-cam", "--images", "1");
      const maps = await Deno.readTextFile(toys.path("figures/grad-cam.svg"));
      assertEquals(picturesIn(maps).length, 5);
      assertEquals(
        await failure(2, ...specs("few"), "--figure", "tsne"),
        "t-SNE needs 31 test images or more; synthetic has 20",
      );
      assertEquals(
        await failure(2, ...specs("student"), "--points", "30"),
        '--points needs a whole number of at least 31, not "30"',
      );
    }),
);

await needs(
  everything,
  "figures: a KL and what networks see are of classifiers",
  () =>
    toys(
      `import { filed } from "${new URL("../support/second_task.ts", import.meta.url)}";
export const numbers = experiment(import.meta, { dataset: filed(images), schedule, student: large, distiller: scratch() });
export const pupil = experiment(import.meta, { dataset: filed(images), schedule, teacher: from(numbers), student: small, distiller: kd() });
`,
      async (toys) => {
        const spec = toys.path("toy.ts#pupil");
        assertEquals(
          await failure(2, spec, "--figure", "divergence"),
          "divergence: none of these experiments has one teacher and a KL to it",
        );
        for (const figure of ["tsne", "correlation", "grad-cam"]) {
          assertEquals(
            await failure(2, spec, "--figure", figure),
            "toy#pupil: its task is numbers, and this figure is of classifiers",
          );
        }
      },
    ),
);

/** A trial with a KL to its teacher. */
function scored(seed: number, top1: number, kl: number): Trial {
  const { metric } = trial(seed, top1);
  return trial(seed, top1, { metric: { ...metric, kl } });
}

/** What `gap` says of a trial without a KL. */
async function recordedWithoutKl(toys: Toys): Promise<string> {
  await recordToyTrial(toys.folder, "toy.ts#student", trial(1, 50));
  return await failure(3, toys.path("toy.ts#student"), "--figure", "gap");
}

/** The method, the KL and the height of each bar, in heights of the first. */
function barsIn(svg: string): [method: string, kl: number, height: number][] {
  const bars = svg.matchAll(
    /KL divergence: ([\d.]+); method: ([^"]+)"[^>]*="bar" d="M[\d.]+,([\d.]+)h[\d.]+v([\d.]+)h/g,
  );
  const found = Array.from(bars, ([, kl, method, top, height]) => {
    assertAlmostEquals(Number(top) + Number(height), 180, 1e-9, "it starts at 0");
    return { method, kl: Number(kl), height: Number(height) };
  });
  return found.map(({ method, kl, height }) => [method, kl, height / found[0].height]);
}

/** Writes a run whose weights are those before the first step. */
async function saveUntrained(toys: Toys, name: string, classes: number): Promise<void> {
  await writeRun(toys, name, 1, ["last"]);
  const collected = new Map<string, Variable>();
  const { student } = await toys.experiment(name);
  buildModel(student, variables({ seed: name.length, collected }), IMAGE, classes);
  const weights = Array.from(
    collected,
    ([name, { shape, initial }]) => [name, { shape, data: initial() }] as const,
  );
  await saveCheckpoint(toys.of(name, 1, "last.safetensors"), new Map(weights), {});
}

/** Width and height of each picture inside of an SVG. */
function picturesIn(svg: string): number[][] {
  const found = svg.matchAll(/href="data:image\/png;base64,([^"]+)"/g);
  return Array.from(found, ([, text]) => {
    const { width, height } = decode(Uint8Array.fromBase64(text));
    return [width, height];
  });
}
