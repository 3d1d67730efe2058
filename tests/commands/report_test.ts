import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { runReport } from "../../lib/commands/report.ts";
import { Failure } from "../../lib/values/failure.ts";
import { everything, needs } from "../support/needs.ts";
import { skipTypeCheck } from "../support/toy_project.ts";
import { PAIR, type Toys, toys } from "../support/toy_runs.ts";

const here = (path: string) => fileURLToPath(new URL(`../../${path}`, import.meta.url));

const printed = async (args: readonly string[], within?: string): Promise<string[]> => {
  const out: string[] = [];
  await runReport(args, (line) => out.push(line), within, skipTypeCheck);
  return out;
};

const failure = async (exit: number, args: readonly string[], within?: string): Promise<string> => {
  const error = await assertRejects(() => printed(args, within), Failure);
  assertEquals(error.exit, exit, error.message);
  return error.message;
};

const test = (name: string, use: (toys: Toys) => Promise<void>): Promise<void> =>
  needs(everything, `report: ${name}`, () => toys(PAIR, use));

/** The page that the arguments make. */
async function pageOf(toys: Toys, ...args: string[]): Promise<string> {
  await printed([...args, "--out", toys.path("page.html")], toys.folder);
  return await Deno.readTextFile(toys.path("page.html"));
}

/** A cell of the first run. */
const cell = (html: string, name: string): string =>
  html.match(new RegExp(`data-cell="${name}">([^<]*)<`))![1];

await test("a page has runs, curves, teachers, mistakes and model cards", async (toys) => {
  await toys.run("student", 1);
  await toys.run("student", 2);
  const html = await pageOf(toys);
  for (const section of ["runs", "curves", "settings", "lineage", "mistakes", "cards"]) {
    assertStringIncludes(html, `<section id="${section}"`);
  }
  for (const label of ["student seed 1", "student seed 2", "teacher"]) {
    assertStringIncludes(html, `>${label}</th>`);
  }
  assertMatch(html, /toy#teacher: large, seed 1, top-1 [\d.]+\s+<code\s+title="SHA-256/);
  assertStringIncludes(html, "Confusion matrix of student seed 1");
  assertStringIncludes(html, "Most frequent confusions");
  assertMatch(html, /<li>\s*<figure>\s*<img\s+src="data:image\/png;base64,/);
  assertStringIncludes(html, "<h2>small on synthetic: kd from large</h2>");
  const [, json] = html.match(/id="data">(.*?)<\/script>/s)!;
  const { runs, tags } = JSON.parse(json);
  assertEquals(runs.length, 3);
  assertEquals(runs[0].epochs, [1, 2, 3]);
  assert(tags.some(([tag, title]: string[]) => tag === "test/top1" && title === "top-1, test (%)"));
});

await test("an argument names a module, an experiment or a run's folder", async (toys) => {
  await toys.run("student");
  const labels = async (...args: string[]) =>
    [...(await pageOf(toys, ...args, "--logs-only")).matchAll(/<th scope="row"[^>]*>(.*?)<\/th>/g)]
      .map(([, label]) => label);
  assertEquals(await labels(toys.path("toy.ts")), ["student", "teacher"]);
  assertEquals(await labels(toys.path("toy.ts#student")), ["student"]);
  assertEquals(await labels(toys.of("student", 1)), ["student"]);
  assertEquals(await labels(toys.path("toy.ts"), "--seed", "1"), ["student", "teacher"]);
  assertEquals(
    await failure(3, [toys.path("toy.ts"), "--seed", "9"]),
    "none of these has a run with seed 9: `deno task exp <module.ts> --seed 9` trains one",
  );
});

await test("a run under way shows how far it is, and no weights are examined", async (toys) => {
  await toys.run("teacher", 1);
  const log = toys.of("teacher", 1, "metrics.jsonl");
  const lines = (await Deno.readTextFile(log)).split("\n");
  await Deno.remove(toys.of("teacher", 1, "trial.json"));
  await Deno.writeTextFile(log, `${lines.slice(0, 2).join("\n")}\n${lines[2].slice(0, 9)}`);
  const { "test/top1": last } = JSON.parse(lines[1]);
  // The result of an earlier run is not that of this one.
  for (const isRecorded of [true, false]) {
    if (!isRecorded) await Deno.remove(toys.path("toy/teacher.json"));
    const html = await pageOf(toys);
    assertEquals(cell(html, "state"), "epoch 2 of 3");
    assertEquals(cell(html, "epochs"), "2/3");
    assertEquals(cell(html, "last"), last.toFixed(2));
    assertEquals(html.includes(`<section id="mistakes"`), false);
  }
});

await test("a run that lacks its weights says so, and the others are there", async (toys) => {
  await toys.run("student");
  await Deno.remove(toys.of("student", 1, "last.safetensors"));
  const html = await pageOf(toys);
  assertStringIncludes(
    html,
    "<li>student: cannot read the checkpoint runs/toy#student/seed-1/last.safetensors: ",
  );
  assertEquals(html.includes(toys.folder), false, "the page has no path of this machine");
  assertStringIncludes(html, "Confusion matrix of teacher");
  assertEquals(html.includes("Confusion matrix of student"), false);
  assertStringIncludes(html, "<summary>teacher</summary>");
});

await test("it is written beside the experiments unless --out says otherwise", async (toys) => {
  await toys.run("teacher");
  await printed(["--logs-only"], toys.folder);
  assert(existsSync(toys.path("report.html")));
  assertStringIncludes(
    await failure(3, ["--logs-only", "--out", toys.path("toy.ts/page.html")], toys.folder),
    `cannot write ${toys.path("toy.ts")}: `,
  );
  assertEquals(
    await failure(2, ["--logs-only", "--out", toys.folder], toys.folder),
    `--out ${toys.folder} is a folder: name a file, such as ${toys.path("report.html")}`,
  );
});

await test("nothing to show is one failure with the way out", async (toys) => {
  assertStringIncludes(await failure(3, [], toys.folder), "no run is here yet");
  await Deno.mkdir(toys.path("experiments"));
  assertStringIncludes(
    await failure(2, ["experiments"], toys.folder),
    "there are no tables of experiments; there are no others here either",
  );
  assertStringIncludes(
    await failure(2, [toys.path("toy.ts#studnt")], toys.folder),
    "student",
  );
});

await test("--serve follows runs that begin and their logs, and a damaged one ends it", async (toys) => {
  const process = new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--config", here("deno.json"), here("lib/commands/report.ts")],
      ...["toy.ts#teacher", "--serve"],
    ],
    cwd: toys.folder,
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const lines = process.stdout.pipeThrough(new TextDecoderStream()).getReader();
  const { value: address = "" } = await lines.read();
  assertMatch(address, /^http:\/\/127\.0\.0\.1:\d+\/[0-9a-f]{32}\/\n$/);
  const page = () => fetch(address.trim()).then((response) => response.text());
  assertStringIncludes(await page(), "not trained yet");
  await Deno.mkdir(toys.of("teacher", 2), { recursive: true });
  while (!(await page()).includes("teacher seed 2")) await delay(100);
  const log = toys.of("teacher", 1, "metrics.jsonl");
  await Deno.mkdir(dirname(log), { recursive: true });
  await Deno.writeTextFile(log, "damaged\n");
  const [{ code }, said] = await Promise.all([
    process.status,
    new Response(process.stderr).text(),
    lines.cancel(),
  ]);
  assertEquals(code, 3);
  assertMatch(said, /metrics\.jsonl is damaged: a line is not JSON: damaged\n$/);
});

await test("tables without experiments make a page beside them", async (toys) => {
  await Deno.mkdir(toys.path("mine"));
  const text = `import { tables } from "${new URL("../../mod.ts", import.meta.url)}";
export default tables({ title: "Mine", tables: [] });`;
  await Deno.writeTextFile(toys.path("mine/tables.ts"), text);
  await printed([toys.path("mine")], toys.folder);
  assertStringIncludes(await Deno.readTextFile(toys.path("mine/report.html")), "<h1>Mine</h1>");
});

await test("flags that are of no use are refused", async (toys) => {
  const spec = toys.path("toy.ts");
  assertStringIncludes(await failure(2, [spec, "--port", "80"]), "--port needs --serve");
  assertStringIncludes(await failure(2, [spec, "--no-token"]), "--no-token needs --serve");
  assertStringIncludes(
    await failure(2, [spec, "--serve", "--out", "x.html"]),
    "--serve writes no file",
  );
  assertStringIncludes(await failure(2, [spec, "--serve", "--port", "70000"]), "65535");
});
