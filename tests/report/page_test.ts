import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { chartData } from "../../lib/report/chart_data.ts";
import { page } from "../../lib/report/page.ts";
import { hinted, reportedRun } from "../support/reported_run.ts";
import { large, small } from "../support/toy.ts";

Deno.test("chart data: values by tag, null where an epoch lacks one, with titles", () => {
  const { runs: [first], tags, stride } = chartData([reportedRun("a", 3)]);
  assertEquals(stride, 1);
  assertEquals(first.epochs, [1, 2, 3]);
  assertEquals(first.values["train/loss"], [0.33333, 0.16667, 0.11111]);
  assertEquals(first.values["train/loss/kd"], [null, 1, 2]);
  assertEquals(Object.fromEntries(tags), {
    "train/loss": "loss",
    "test/top1": "top-1, test (%)",
    "train/loss/kd": "loss: kd",
  });
});

Deno.test("chart data: settings by path, a part without options by its name", () => {
  const { runs: [{ settings: a }, { settings: b }] } = chartData([
    reportedRun("a", 1),
    reportedRun("b", 1, hinted),
  ]);
  assertEquals(a["student"], small.id);
  assertEquals(a["teachers[0].experiment.student"], large.id);
  assertEquals(a["schedule.epochs"], "3");
  assertEquals([a["distiller"], b["distiller"]], ["kd", "fitnets"]);
  assertEquals([a["distiller.guided"], b["distiller.guided"]], [undefined, "block1"]);
});

Deno.test("chart data: long logs are thinned evenly, and keep their last epoch", () => {
  const { runs: [first], stride } = chartData(
    Array.from({ length: 300 }, (_, i) => reportedRun(`${i}`, 301)),
  );
  assertEquals(stride, 4);
  assertEquals(first.epochs.slice(0, 3), [1, 5, 9]);
  assertEquals(first.epochs.at(-1), 301);
});

Deno.test("page: it holds all it needs, and its policy allows its scripts alone", async () => {
  const { html, policy } = await page({
    title: "<T> & co",
    tables: [],
    runs: [reportedRun("a", 3)],
  });
  assertStringIncludes(html, "<title>&#60;T&#62; &#38; co</title>");
  assertMatch(policy, /^default-src 'none'; img-src data:; style-src 'sha256-/);
  assertEquals(policy.includes("unsafe"), false);
  assertEquals(
    [...html.matchAll(/ (?:src|href)="([^"]*)"/g)].map(([, address]) => address)
      .filter((address) => !/^(?:#|data:)/.test(address)),
    [],
  );
  const scripts = [...html.matchAll(/<script>(.*?)<\/script>/gs)].map(([, text]) => text);
  assertEquals(scripts.length, 2);
  for (const text of scripts) {
    const bytes = await crypto.subtle.digest("SHA-256", new TextEncoder().encode(text));
    assertStringIncludes(policy, `'sha256-${new Uint8Array(bytes).toBase64()}'`);
  }
  assert(!/\sstyle=|\son[a-z]+="/.test(html.replace(/<script.*?<\/script>/gs, "")));
});

Deno.test("page: sections without content are left out", async () => {
  const { html } = await page({
    title: "T",
    tables: [],
    runs: [{ ...reportedRun("a", 0), teachers: [] }],
  });
  for (const id of ["tables", "settings", "lineage", "mistakes", "cards"]) {
    assertEquals(html.includes(`<section id="${id}"`), false, id);
  }
  assertStringIncludes(html, "No run has a log here");
});

Deno.test("page: of a thousand classes the matrix is a small picture", async () => {
  const row = (i: number) => Array.from({ length: 1000 }, (_, j) => i === j ? 50 : 0);
  const mistakes = {
    classes: Array.from({ length: 1000 }, (_, i) => `class ${i}`),
    matrix: Array.from({ length: 1000 }, (_, i) => row(i)),
    worst: [],
  };
  const report = { title: "T", tables: [], runs: [{ ...reportedRun("a", 3), mistakes }] };
  const { html } = await page(report);
  assertStringIncludes(html, "a row is a class, 5 to a pixel,");
  assert(html.length < 200_000, `${html.length}`);
});

Deno.test("page: equal reports give equal bytes", async () => {
  const report = () => ({ title: "T", tables: ["## A"], runs: [reportedRun("a", 3)] });
  assertEquals(await page(report()), await page(report()));
});
