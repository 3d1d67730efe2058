import axe from "axe-core/axe.min.js" with { type: "text" };
import { assert, assertEquals, assertMatch, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { LiveRuns } from "../../lib/report/live_runs.ts";
import { page } from "../../lib/report/page.ts";
import type { Report } from "../../lib/report/report.ts";
import { EVENTS_PATH, serve } from "../../lib/report/serve.ts";
import { formatTable } from "../../lib/values/markdown.ts";
import { pngAddress } from "../../lib/figures/pixels.ts";
import { needsBrowser, type Shown, type Visit } from "../support/browser.ts";
import { reportedRun } from "../support/reported_run.ts";

const PICTURE = pngAddress([[255, 0, 0], [0, 255, 0], [0, 0, 255], [9, 9, 9]], 2);

/** A report with everything that a page can show. */
function fullReport(): Report {
  const mistakes = (classes: number) => ({
    classes: Array.from({ length: classes }, (_, i) => `class ${i}`),
    matrix: Array.from(
      { length: classes },
      (_, i) => Array.from({ length: classes }, (_, j) => i === j ? 8 : (i + j) % 3),
    ),
    worst: [{ index: 3, label: 0, taken: 1, probability: 0.99, picture: PICTURE }],
  });
  const table = formatTable(["", "top-1, last (n)"], [
    ["[kd](toy.ts)", "**50.00 (1)**<br><sub>49.00 · +1.00</sub>"],
  ]);
  return {
    title: "A report",
    tables: [`## A table\n\n${table}`],
    runs: [
      {
        ...reportedRun("kd", 12),
        mistakes: mistakes(5),
        card: "---\na: b\n---\n# Card\n\n## Method",
      },
      { ...reportedRun("fitnets", 9), mistakes: mistakes(30) },
      reportedRun("scratch", 0),
    ],
  };
}

/** The rules that a page breaks, as axe-core finds them. */
async function brokenRules({ page }: Shown): Promise<string[]> {
  await page.evaluate(axe);
  return await page.evaluate(`axe.run().then(({ violations }) =>
    violations.map(({ id, nodes }) => id + ": " + nodes.map(({ html }) => html).join(", ")))`);
}

const VISITS: readonly Visit[] = [
  { width: 1200, theme: "light" },
  { width: 1200, theme: "dark" },
  { width: 390, theme: "light" },
  { width: 390, theme: "dark" },
];

await needsBrowser("page: a browser shows it in both themes and on a phone", async (open) => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "report.html");
    await Deno.writeTextFile(path, (await page(fullReport())).html);
    for (const visit of VISITS) {
      const shown = await open(pathToFileURL(path).href, visit);
      assertEquals(await brokenRules(shown), [], JSON.stringify(visit));
      assertEquals(shown.said, [], "the console is quiet");
      assertEquals(shown.asked, [], "nothing is asked for");
      const width = await shown.page.evaluate("document.documentElement.scrollWidth");
      assertEquals(width, visit.width, "nothing is wider than the window");
      assert(await shown.page.locator("#chart canvas").isVisible());
      const paper = await shown.page.evaluate("getComputedStyle(document.body).backgroundColor");
      assertEquals(paper === "rgb(255, 255, 255)", visit.theme === "light");
      await shown.page.close();
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

await needsBrowser("page: curves and settings follow a reader's choices", async (open) => {
  const folder = await Deno.makeTempDir();
  try {
    const path = join(folder, "report.html");
    await Deno.writeTextFile(path, (await page(fullReport())).html);
    const { page: shown, said } = await open(pathToFileURL(path).href, VISITS[0]);
    const legend = shown.locator(".u-legend");
    assertMatch(await legend.innerText(), /kd[^]*fitnets/);
    await shown.locator("#chart [role=group]").focus();
    await shown.keyboard.press("ArrowRight");
    await shown.keyboard.press("ArrowRight");
    assertMatch(await legend.innerText(), /epoch2kd20fitnets20/);
    await shown.getByLabel("Show the curve of fitnets").uncheck();
    assertEquals((await legend.innerText()).includes("fitnets"), false);
    await shown.getByRole("combobox", { name: /^Show/ }).selectOption("train/loss");
    await shown.getByText("Values as a table").click();
    assertMatch(
      await shown.getByRole("region", { name: "Values: loss" }).innerText(),
      /epoch\s+kd\s+1\s+0.33333\s+2\s+0.16667/,
    );
    const settings = shown.getByRole("region", { name: "Settings of both runs" });
    assertStringIncludes(await settings.innerText(), "No setting differs.");
    await shown.getByLabel("also equal settings").check();
    assertMatch(await settings.innerText(), /student\s+small\s+small/);
    await shown.getByRole("combobox", { name: /^Theme/ }).selectOption("dark");
    const paper = await shown.evaluate("getComputedStyle(document.body).backgroundColor");
    assertEquals(paper, "rgb(20, 23, 27)");
    assertEquals(said, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

await needsBrowser("page: every curve looks unlike the others, in the legend too", async (open) => {
  const folder = await Deno.makeTempDir();
  // Runs without a log lie between those with one.
  const runs = Array.from({ length: 36 }, (_, i) => reportedRun(`run ${i}`, i % 3 === 1 ? 0 : 3));
  try {
    const path = join(folder, "report.html");
    await Deno.writeTextFile(path, (await page({ title: "T", tables: [], runs })).html);
    const { page: shown, said } = await open(pathToFileURL(path).href, VISITS[0]);
    const boxes = shown.locator("[data-curve]");
    assertEquals(await boxes.count(), 24);
    const strokes = async (): Promise<string[]> =>
      await shown.evaluate(`[...document.querySelectorAll(".u-legend .curve")].map((name) =>
        [name.textContent, ...["stroke", "stroke-dasharray"].map((one) =>
          name.querySelector("line").getAttribute(one))].join(" "))`);
    const look = (stroke: string) => stroke.replace(/^run \d+ /, "");
    const first = await strokes();
    assertEquals(first.length, 8);
    for (const box of await boxes.all()) await box.check();
    const all = await strokes();
    assertEquals(all.slice(0, 8), first, "what was there stays as it was");
    assertEquals(new Set(all.map(look)).size, 24);
    assertEquals(new Set(all.slice(0, 10).map((one) => look(one).split(" ")[0])).size, 10);
    await shown.locator("[data-curve='0']").uncheck();
    assertEquals(await strokes(), all.slice(1));
    assertEquals(said, []);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

await needsBrowser(
  "page: a live one shows epochs as they end, reconnects, and shows runs that begin",
  async (open) => {
    const folder = await Deno.makeTempDir();
    const begun = { ...reportedRun("kd", 3), log: [], trial: undefined };
    const run = { ...begun, folder, state: "not trained yet" };
    const live = new LiveRuns([run]);
    const log = (epoch: number) => {
      const line = `{"epoch":${epoch},"test/top1":${10 * epoch}}\n`;
      Deno.writeTextFileSync(join(folder, "metrics.jsonl"), line, { append: true });
      live.look();
    };
    const current = () => {
      const { runs, last } = live.snapshot();
      return page({ title: "Live", tables: [], runs }, { events: EVENTS_PATH, after: last });
    };
    /** Serves the page at a port, and gives what ends it. */
    const start = async (port: number) => {
      const end = new AbortController();
      const { promise, resolve } = Promise.withResolvers<string>();
      const ended = serve({
        page: current,
        ...{ runs: live, port, token: "token", signal: end.signal, listening: resolve },
      });
      const stop = () => {
        end.abort();
        return ended;
      };
      return { address: await promise, stop };
    };
    let server = await start(0);
    try {
      const { page: shown, said } = await open(server.address, VISITS[0]);
      const row = shown.locator("[data-run='0']");
      assertStringIncludes(await row.innerText(), "not trained yet");
      await shown.getByText("live", { exact: true }).waitFor();
      log(1);
      await row.getByText("epoch 1 of 3").waitFor();
      assert(await shown.locator("#chart canvas").isVisible());
      assertEquals(said, []);
      await server.stop();
      await shown.getByText("not connected; trying again").waitFor();
      log(2);
      server = await start(Number(new URL(server.address).port));
      await row.getByText("epoch 2 of 3").waitFor();
      await shown.getByText("Values as a table").click();
      assertMatch(
        await shown.getByRole("region", { name: "Values: top-1, test (%)" }).innerText(),
        /1\s+10\s+2\s+20/,
      );
      live.replace([run, { ...run, label: "later", folder: join(folder, "later") }]);
      await shown.locator("[data-run='1']").getByText("later").waitFor();
      await shown.getByText("live", { exact: true }).waitFor();
    } finally {
      await server.stop();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

await needsBrowser("page: long names stay inside it, and it is printed light", async (open) => {
  const folder = await Deno.makeTempDir();
  const long = "a_name_without_spaces_".repeat(12);
  const { title, tables, runs: [{ mistakes, ...run }, second] } = fullReport();
  const classes = mistakes!.classes.map((name) => long + name);
  const runs = [{ ...run, label: long, mistakes: { ...mistakes!, classes } }, second];
  try {
    const path = join(folder, "report.html");
    await Deno.writeTextFile(path, (await page({ title: title + long, tables, runs })).html);
    const { page: shown } = await open(pathToFileURL(path).href, VISITS[2]);
    assertEquals(await shown.evaluate("document.documentElement.scrollWidth"), 390);
    await shown.getByRole("combobox", { name: /^Theme/ }).selectOption("dark");
    await shown.emulateMedia({ media: "print" });
    const paper = await shown.evaluate("getComputedStyle(document.body).backgroundColor");
    assertEquals(paper, "rgb(255, 255, 255)");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
