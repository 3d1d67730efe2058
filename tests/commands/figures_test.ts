import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { decode } from "fast-png";
import { existsSync } from "node:fs";
import { correlation, correlationGap } from "../../lib/analysis/correlation.ts";
import { runFigures } from "../../lib/commands/figures.ts";
import { readFeatures } from "../../lib/evaluation/features.ts";
import { FIGURES } from "../../lib/figures/mod.ts";
import { studentSubject } from "../../lib/run/subjects.ts";
import { readTrainedStudent } from "../../lib/run/trained.ts";
import { status } from "../../lib/terminal/status.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { countIn } from "../support/svg.ts";
import { recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";
import { writeLog } from "../support/write_log.ts";

const DECLARED = `${PAIR}
const pair = { dataset, schedule, teacher: from(teacher), student: small };
export const slkd = experiment(import.meta, { ...pair, distiller: retort.slkd({ ce: 0.5, selfTeacher: 2 }) });
export const routed = experiment(import.meta, { ...pair, distiller: retort.sakd(fitnets({ guided: "block1", hint: "block1", weight: 1 })) });
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
    "divergence: none of these experiments has one teacher",
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
  has(accuracy, "top-1 accuracy over epochs", "top-1, test images (%)", "epoch", "student", "slkd");
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

await test("SLKD's distances are the terms without their weights, its teachers have percent", async (toys) => {
  await writeLog(toys, "slkd", {
    "train/loss/teacher": () => 0.5 * 8,
    "train/loss/self": () => 2 * 0.5 * 4,
    "train/report/self_top1": () => 0.75,
    "train/report/self1_top1": () => 0.5,
    "train/report/self2_top1": () => 0.25,
    "train/top1": () => 40,
  });
  const trajectory = await draw(toys, "trajectory");
  has(trajectory, "T² · KL divergence", "teacher, student", "SL-T, student");
  assertStringIncludes(trajectory, "T² · KL divergence: 8; between: teacher, student");
  assertStringIncludes(trajectory, "T² · KL divergence: 4; between: SL-T, student");
  const teachers = await draw(toys, "self-teachers");
  has(teachers, "fused", "SL-T 1", "SL-T 2", "student");
  assertStringIncludes(teachers, "top-1, training images (%): 75; network: fused");
  assertEquals(countIn(teachers, "point"), 12);
});

await test("SAKD's spots have the share of samples in percent", async (toys) => {
  await writeLog(toys, "routed", {
    "train/report/spot_block1": (epoch) => epoch / 4,
    "train/report/spot_logits": () => 1,
  });
  const spots = await draw(toys, "spots");
  has(spots, "samples (%)", "block1", "logits", "100");
  assertStringIncludes(spots, "samples (%): 75; spot: block1");
});

await test("recorded results give bars, points and sizes", async (toys) => {
  await recordToyTrial(toys.folder, "toy.ts#student", trial(1, 50));
  await recordToyTrial(toys.folder, "toy.ts#student", trial(2, 60));
  await recordToyTrial(toys.folder, "toy.ts#slkd", trial(1, 70));
  const gap = await draw(toys, "gap");
  has(gap, "KL divergence and top-1 accuracy (%)", "top-1 (%)", "teacher", "large");
  assertStringIncludes(gap, "1 to 2 trials each");
  assertEquals(countIn(gap, "point"), 2);
  const sizes = await draw(toys, "sizes");
  has(sizes, "parameters", "multiply-adds of an image", "small", "synthetic");
  assertEquals(countIn(sizes, "point"), 4);
  assertEquals(countIn(sizes, "rule mark"), 4);
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
  assertEquals(picturesIn(gap), [[20, 20]]);

  await printed(spec, "--figure", "grad-cam", "--images", "3,1");
  const seen = await Deno.readTextFile(toys.path("figures", "grad-cam.svg"));
  has(seen, "image", "student");
  assertMatch(seen, /<tspan>teacher<\/tspan><tspan[^>]*>large<\/tspan>/);
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

/** Width and height of each picture inside of an SVG. */
function picturesIn(svg: string): number[][] {
  const found = svg.matchAll(/href="data:image\/png;base64,([^"]+)"/g);
  return Array.from(found, ([, text]) => {
    const { width, height } = decode(Uint8Array.fromBase64(text));
    return [width, height];
  });
}
