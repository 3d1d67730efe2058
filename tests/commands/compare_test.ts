import { assert, assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { runCompare } from "../../lib/commands/compare.ts";
import type { TeacherRecord, Trial } from "../../lib/project/result.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { recordToyTrial, skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";
import { trial } from "../support/trial.ts";
import { writeLog } from "../support/write_log.ts";

const task = new URL("../support/second_task.ts", import.meta.url).href;

const DECLARED = `${PAIR}
import { numbered } from "${task}";
const { sakd } = retort;
const pair = { dataset, schedule, teacher: from(teacher), student: small };
export const twin = experiment(import.meta, { ...pair, distiller: kd() });
export const hot = experiment(import.meta, {
  ...pair,
  distiller: kd({ temperature: 8 }),
  schedule: sgd({ epochs: 3, batch: 16, lr: 0.05, drops: { at: [1, 2], by: 0.1 } }),
});
export const alone = experiment(import.meta, { dataset, schedule, student: small, distiller: scratch() });
export const routed = experiment(import.meta, {
  ...pair,
  distiller: sakd(fitnets({ guided: "block1", hint: "block1", weight: 1 })),
  dataset: imageFolder({ folder: "a_folder_with_a_long_name" }),
});
export const more = experiment(import.meta, { ...pair, dataset: imageFolder({ folder: "own" }), distiller: kd() });
export const numbers = experiment(import.meta, { dataset: numbered(images), schedule, student: small, distiller: scratch() });
`;

const test = (name: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `compare: ${name}`, () => toys(DECLARED, use));

/** What the command prints. */
async function printed(...args: string[]): Promise<string> {
  const out: string[] = [];
  await runCompare(args, (text) => out.push(text), skipTypeCheck);
  return out.join("\n");
}

/** What the command prints about two experiments of the module. */
const compared = (toys: Toys, ...args: string[]): Promise<string> =>
  printed(...args.map((arg) => /^[-\d]/.test(arg) ? arg : toys.path(`toy.ts#${arg}`)));

const failure = async (exit: number, run: () => Promise<unknown>): Promise<string> => {
  const error = await assertRejects(run, Failure);
  assertEquals(error.exit, exit, error.message);
  return error.message;
};

const record = (toys: Toys, name: string, ...trials: readonly Trial[]) =>
  trials.reduce(
    (before, one) => before.then(() => recordToyTrial(toys.folder, `toy.ts#${name}`, one)),
    Promise.resolve(),
  );

/** A trial that this teacher taught. */
const taught = (seed: number, top1: number, kl: number, sha256 = "a".repeat(64)): Trial => {
  const teacher: TeacherRecord = { id: "toy#teacher", seed: 1, sha256, score: { top1: 80 } };
  const { metric } = trial(seed, top1);
  return trial(seed, top1, { metric: { ...metric, kl }, teachers: [teacher] });
};

/** The sections of a text, which have an empty line between them. */
const sections = (text: string): string[] => text.split("\n\n");

/** The section whose first line has `title`. */
const section = (text: string, title: string): string[] => {
  const found = sections(text).find((one) => one.split("\n", 1)[0].includes(title));
  assert(found, `no ${title} in ${text}`);
  return found.split("\n");
};

await test("usage errors have exit code 2 and say the way out", async (toys) => {
  const form = "deno task compare <module[#name] | run's folder> <module[#name] | run's folder>";
  assertStringIncludes(await printed("--help"), `usage: ${form}`);
  const usage = (n: number) => `compare takes two experiments or runs, not ${n}: ${form}`;
  for (const names of [[], ["hot"], ["hot", "twin", "alone"]]) {
    assertEquals(await failure(2, () => compared(toys, ...names)), usage(names.length));
  }
  assertStringIncludes(
    await failure(2, () => compared(toys, "hot", "twni")),
    "has no experiment called twni; it has alone, hot, more, numbers, routed, student, teacher, twin",
  );
  assertStringIncludes(
    await failure(2, () => printed(toys.path("toy.ts#hot"), toys.path("toi.ts"))),
    "did you mean",
  );
  assertEquals(
    await failure(2, () => compared(toys, "hot", "hot")),
    "both are toy#hot: name another one, or the folders of two of its runs",
  );
  assertStringIncludes(
    await failure(2, () => printed(toys.path("toy.ts"), toys.path("toy.ts#hot"))),
    "is several experiments: name one, toy#alone or toy#hot or",
  );
  assertEquals(
    await failure(2, () => compared(toys, "hot", "numbers")),
    "toy#hot learns classification, toy#numbers numbers: they have no measure in common",
  );
});

await test("without a trial and a log the settings are printed, and the exit code is 3", async (toys) => {
  const out: string[] = [];
  const specs = ["student", "hot"].map((name) => toys.path(`toy.ts#${name}`));
  const run = (...flags: string[]) =>
    runCompare([...specs, ...flags], (text) => out.push(text), skipTypeCheck);
  assertEquals(
    await failure(3, run),
    "neither toy#student nor toy#hot has a recorded trial or a log",
  );
  assertEquals(sections(out[0]), [
    "A  toy#student\nB  toy#hot",
    [
      "settings that differ   A  B",
      "distiller.temperature  4  8",
      "schedule.drops.at[0]   2  1",
      "schedule.drops.at[1]   —  2",
    ].join("\n"),
    [
      "A: no recorded trial; `deno task exp toy#student` trains one",
      "B: no recorded trial; `deno task exp toy#hot` trains one",
    ].join("\n"),
  ]);
  await record(toys, "student", trial(1, 50));
  assertEquals(
    await failure(3, () => run("--seed", "2")),
    "neither toy#student seed 2 nor toy#hot seed 2 has a recorded trial or a log",
  );
  assertStringIncludes(out[1], "A  toy#student seed 2\n");
  assertStringIncludes(
    out[1],
    "A: no recorded trial of seed 2; `deno task exp toy#student --seed 2` trains one",
  );
});

await test("no setting differs between two declarations of the same", async (toys) => {
  await record(toys, "student", trial(1, 50));
  const text = await compared(toys, "student", "twin");
  assertStringIncludes(text, "\n\nno setting differs\n\n");
  assertStringIncludes(text, "B: no recorded trial; `deno task exp toy#twin` trains one");
  assert(!text.includes("A − B"), "one of them has nothing to pair");
});

await test("teachers that one lacks have a name, and others their own settings", async (toys) => {
  await record(toys, "alone", trial(1, 50));
  await record(toys, "student", taught(1, 55, 0.5));
  const text = await compared(toys, "alone", "student");
  assertEquals(section(text, "settings that differ").at(-1)!.split(/ {2,}/), [
    ...["teachers[0]", "—", "large"],
  ]);
  assertEquals(section(text, "teachers (SHA-256"), [
    "teachers (SHA-256 of their weights)",
    "A  —",
    "B  toy#teacher seed 1 (aaaaaaaa)",
  ]);
});

await test("results and differences are those of the trials, by seed", async (toys) => {
  await record(toys, "student", taught(1, 50, 0.5), taught(2, 51, 0.51), taught(3, 52, 0.5));
  await record(toys, "hot", taught(1, 60, 0.3), taught(2, 61.1, 0.3), taught(3, 62, 0.31));
  const all = await compared(toys, "student", "hot");
  assertEquals(section(all, "mean ± std (n)"), [
    "mean ± std (n)                       A                  B",
    "top-1, last           51.00 ± 1.00 (3)   61.03 ± 1.00 (3)",
    "top-1, best           51.50 ± 1.00 (3)   61.53 ± 1.00 (3)",
    "top-5, last           61.00 ± 1.00 (3)   71.03 ± 1.00 (3)",
    "top-5, best           62.00 ± 1.00 (3)   72.03 ± 1.00 (3)",
    "KL to teacher, last  0.503 ± 0.006 (3)  0.303 ± 0.006 (3)",
  ]);
  const rows = section(all, "A − B, last").map((line) => line.split(/ {2,}/));
  assertEquals(rows.map(([title, mean, , seeds, verdict]) => [title, mean, seeds, verdict]), [
    ["A − B, last", "mean", "seeds", "verdict"],
    ["top-1", "−10.03", "3", "B is better"],
    ["top-5", "−10.03", "3", "B is better"],
    // The larger distance is the worse one.
    ["KL to teacher", "+0.200", "3", "B is better"],
  ]);
  const one = await compared(toys, "hot", "student", "--seed", "2");
  assertStringIncludes(one, "A  toy#hot seed 2\nB  toy#student seed 2\n");
  assertStringIncludes(one, "\ntop-1, last          61.10 (1)  51.00 (1)\n");
  assertEquals(section(one, "A − B, last")[1].split(/ {2,}/), [
    ...["top-1", "+10.10", "—", "1", "one seed"],
  ]);
});

await test("distances from other teachers are not paired, nor are other data and other seeds", async (toys) => {
  await record(toys, "student", taught(1, 50, 0.5));
  await record(toys, "hot", taught(1, 60, 0.3, "b".repeat(64)));
  const text = await compared(toys, "student", "hot");
  assertEquals(section(text, "teachers (SHA-256").slice(1), [
    "A  toy#teacher seed 1 (aaaaaaaa)",
    "B  toy#teacher seed 1 (bbbbbbbb)",
  ]);
  assertEquals(section(text, "A − B, last")[3].split(/ {2,}/), [
    ...["KL to teacher", "—", "—", "0", "other teachers"],
  ]);
  await record(toys, "more", taught(1, 60, 0.3));
  assertStringIncludes(
    await compared(toys, "student", "more"),
    "A and B are not paired: one is measured on synthetic, one on imageFolder(own)",
  );
  await record(toys, "twin", taught(7, 60, 0.3));
  assertStringIncludes(
    await compared(toys, "student", "twin"),
    "A and B are not paired: their trials have no seed in common",
  );
});

await test("the folders of two runs are compared, of one experiment too", async (toys) => {
  const folder = (name: string, seed: number) => toys.of(name, seed);
  await record(toys, "student", taught(1, 50, 0.5), taught(2, 52, 0.7, "b".repeat(64)));
  await record(toys, "hot", taught(1, 60, 0.3), taught(2, 61, 0.3));
  for (const seed of [1, 2]) {
    await writeLog(toys, "student", { "test/top1": () => 50 + seed }, { seed });
    await writeLog(toys, "hot", { "test/top1": () => 60 + seed }, { seed });
  }
  const text = await printed(folder("student", 1), folder("hot", 1));
  assertEquals(text, await compared(toys, "student", "hot", "--seed", "1"));
  assertStringIncludes(text, "A  toy#student seed 1\nB  toy#hot seed 1\n");
  const seeds = await printed(folder("student", 1), folder("student", 2));
  assertEquals(sections(seeds), [
    "A  toy#student seed 1\nB  toy#student seed 2",
    "no setting differs",
    [
      "teachers (SHA-256 of their weights)",
      "A  toy#teacher seed 1 (aaaaaaaa)",
      "B  toy#teacher seed 1 (bbbbbbbb)",
    ].join("\n"),
    [
      "mean ± std (n)               A          B",
      "top-1, last          50.00 (1)  52.00 (1)",
      "top-1, best          50.50 (1)  52.50 (1)",
      "top-5, last          60.00 (1)  62.00 (1)",
      "top-5, best          61.00 (1)  63.00 (1)",
      "KL to teacher, last  0.500 (1)  0.700 (1)",
    ].join("\n"),
    "A and B are not paired: their trials have no seed in common",
    [
      "          top-1, test images  first   best   last",
      "A seed 1  ▁▁▁                 51.00  51.00  51.00",
      "B seed 2  ███                 52.00  52.00  52.00",
    ].join("\n"),
  ]);
  const mixed = await printed(folder("student", 2), toys.path("toy.ts#hot"));
  assertStringIncludes(mixed, "A  toy#student seed 2\nB  toy#hot\n");
  assertEquals(section(mixed, "A − B, last")[1].split(/ {2,}/), [
    ...["top-1", "−9.00", "—", "1", "one seed"],
  ]);
  assertEquals(
    await failure(2, () => printed(folder("student", 1), folder("hot", 2), "--seed", "1")),
    `--seed 1, but ${folder("hot", 2)} is of seed 2: leave --seed out`,
  );
  assertEquals(
    await failure(2, () => printed(folder("hot", 2), folder("hot", 2))),
    "both are toy#hot: name another one, or the folders of two of its runs",
  );
});

await test("a teacher of some trials has their seeds", async (toys) => {
  const other = "b".repeat(64);
  await record(toys, "student", taught(1, 50, 0.5), taught(2, 51, 0.5, other), taught(3, 52, 0.5));
  await record(toys, "hot", taught(1, 60, 0.3), taught(2, 61, 0.3));
  assertEquals(section(await compared(toys, "student", "hot"), "teachers (SHA-256").slice(1), [
    "A seed 1, 3  toy#teacher seed 1 (aaaaaaaa)",
    "A seed 2  toy#teacher seed 1 (bbbbbbbb)",
    "B  toy#teacher seed 1 (aaaaaaaa)",
  ]);
});

await test("a long setting has lines of its own, and no table is wider than 80", async (toys) => {
  await record(toys, "student", trial(1, 50));
  const text = await compared(toys, "routed", "student");
  const settings = section(text, "settings that differ");
  const at = settings.indexOf("dataset.folder");
  assertEquals(settings.slice(at, at + 3), [
    ...["dataset.folder", "  A  a_folder_with_a_long_name", "  B  —"],
  ]);
  assertStringIncludes(
    settings.join("\n"),
    "\ndistiller.method\n  A  fitnets (guided block1, hint block1, weight 1, ce 1)\n  B  —\n",
  );
  for (const line of settings) assert([...line].length <= 80, line);
});

await test("circumstances are settings too, and trials that do not count are said", async (toys) => {
  await record(toys, "student", trial(1, 50, { stepSeconds: 0.0125 }));
  await record(toys, "hot", trial(1, 60, { precision: "bfloat16", workers: 2 }));
  await record(toys, "hot", trial(2, 60, { quick: true }));
  const text = await compared(toys, "student", "hot");
  const rows = section(text, "settings that differ").map((line) => line.split(/ {2,}/));
  assertEquals(rows.slice(-2), [["precision", "float32", "bfloat16"], ["workers", "1", "2"]]);
  assertEquals(section(text, "mean ± std (n)").at(-1)!.split(/ {2,}/), [
    "ms a step",
    "12.5 (1)",
    "—",
  ]);
  assertStringIncludes(text, "\nB: Not shown: 1 quick (run with other epochs or fewer batches).");
});

await test("curves are lines of bars on one scale, with their first, best and last number", async (toys) => {
  const falling = (from: number) => ({
    "test/top1": (epoch: number) => [10, 40, 30][epoch - 1] + from,
    "train/loss": (epoch: number) => from / epoch,
  });
  await writeLog(toys, "student", falling(3));
  await writeLog(toys, "student", falling(2), { seed: 2 });
  await writeLog(toys, "hot", { ...falling(40), "train/kl": (epoch) => 1 / epoch });
  const text = await compared(toys, "student", "hot");
  assertEquals(section(text, "top-1, test images"), [
    "          top-1, test images  first   best   last",
    "A seed 1  ▁▄▃                 13.00  43.00  33.00",
    "A seed 2  ▁▄▃                 12.00  42.00  32.00",
    "B seed 1  ▅█▇                 50.00  80.00  70.00",
  ]);
  assertEquals(section(text, "loss, training images").slice(1), [
    "A seed 1  ▁▁▁                     3.000   1.000   1.000",
    "A seed 2  ▁▁▁                     2.000   0.667   0.667",
    "B seed 1  █▄▃                    40.000  13.333  13.333",
  ]);
  assertEquals(section(text, "KL to teacher, training images").slice(1), [
    "B seed 1  █▃▁                             1.000  0.333  0.333",
  ]);
  assertStringIncludes(text, "A: no recorded trial; `deno task exp toy#student` trains one");
  const second = await compared(toys, "student", "hot", "--seed", "2");
  assert(!second.includes("seed 1"));
  assertStringIncludes(second, "B: no log of seed 2 in runs/toy#hot");
});

await test("a curve of many epochs fits a line, and a shorter one ends earlier", async (toys) => {
  const rising = { "test/top1": (epoch: number) => epoch / 10 };
  await writeLog(toys, "student", rising, { epochs: 600 });
  await writeLog(toys, "hot", rising, { epochs: 300 });
  const [title, long, short] = section(
    await compared(toys, "student", "hot"),
    "top-1, test images",
  );
  for (const line of [title, long, short]) assert(line.length <= 80, line);
  const bars = (line: string) => line.match(/[▁-█]+/)![0];
  assertEquals(bars(long).length, 40);
  assertEquals(bars(short), bars(long).slice(0, 20), "the same epochs are below each other");
});

await test("logs of another declaration are left out, damaged ones named", async (toys) => {
  await writeLog(toys, "student", { "test/top1": () => 50 });
  await writeLog(toys, "hot", { "test/top1": () => 60 });
  await Deno.rename(toys.path("runs", "toy#hot"), toys.path("runs", "toy#alone"));
  const text = await compared(toys, "student", "alone");
  assertStringIncludes(text, "B: no log of seed 1 (stale: its declaration has changed since");
  assertEquals(section(text, "top-1, test images").length, 2);
  await Deno.writeTextFile(toys.of("student", 1, "metrics.jsonl"), '{"epoch":1}\n{"epoch"\n');
  assertStringIncludes(
    await failure(3, () => compared(toys, "student", "alone")),
    "metrics.jsonl is damaged: a line is not JSON",
  );
});

await test("a run that was trained has all of it", async (toys) => {
  await toys.run("student");
  await toys.run("alone");
  const text = await compared(toys, "student", "alone");
  for (const title of ["mean ± std (n)", "A − B, last"]) section(text, title);
  for (const title of ["top-1, test images", "loss, training images"]) {
    const [, a, b] = section(text, title);
    assert(/^A seed 1 {2}[▁-█]{3} /.test(a), a);
    assert(/^B seed 1 {2}[▁-█]{3} /.test(b), b);
  }
  assertEquals(section(text, "KL to teacher, training images").length, 2);
  assert(!/^[AB]: /m.test(text), "nothing is missing");
});
