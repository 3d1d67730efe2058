import { assertEquals, assertStringIncludes } from "@std/assert";
import { runCells, runsSection } from "../../lib/report/runs_section.ts";
import { reportedRun } from "../support/reported_run.ts";
import { trial } from "../support/trial.ts";

/** The times of an epoch of three trials that train together, in the log of each. */
const together = (epoch: number, seconds: number) => ({
  epoch,
  "test/top1": 50,
  "perf/trials": 3,
  "perf/images_per_second": 600 / seconds,
  "perf/data_seconds": seconds / 10,
  "perf/seconds": seconds,
});

Deno.test("runs: a trial that trained in a cohort has the speed of its own part", () => {
  const own = trial(1, 50, { epochs: 15, seconds: 1418.2, stepSeconds: 0.1019 });
  const log = [together(1, 270), together(2, 258)];
  const { seconds, speed, waited } = runCells({ ...reportedRun("kd", 15), log, trial: own });
  // 1418.2 s / 15 epochs, and 16 images in 0.1019 s.
  assertEquals([seconds, speed, waited], ["94.5", "157", "10.0 %"]);
});

Deno.test("runs: one under way has its part of the time that its log has of all trials", () => {
  const run = { ...reportedRun("kd", 3), trial: undefined };
  const log = [together(1, 30), together(2, 24)];
  const { seconds, speed, waited } = runCells({ ...run, log });
  assertEquals([seconds, speed, waited], ["9.0", "75", "10.0 %"]);
  // Logs of earlier versions do not say how many they were.
  const old = log.map(({ "perf/trials": _, ...entry }) => entry);
  const cells = runCells({ ...run, log: old });
  assertEquals([cells.seconds, cells.speed, cells.waited], ["—", "—", "10.0 %"]);
});

Deno.test("runs: the best epoch of one under way is chosen as a training chooses it", () => {
  const run = { ...reportedRun("kd", 3), trial: undefined };
  const log = [[40, 61], [55, 60], [50, 61], [52, 58]].map(([test, holdout], i) => ({
    epoch: i + 1,
    "test/top1": test,
    "holdout/top1": holdout,
  }));
  const best = runCells({ ...run, log });
  assertEquals([best.last, best.best], ["52.00", "40.00"], "the earlier of two on the hold-out");
  const tested = log.map(({ "holdout/top1": _, ...entry }) => entry);
  assertEquals(runCells({ ...run, log: tested }).best, "55.00");
  assertEquals(runCells({ ...run, log: [] }).best, "—");
});

Deno.test("runs: what could not be read is said once, with the runs that lack it", () => {
  const [one, two] = ["kd", "slkd"].map((label) => ({
    ...reportedRun(label, 1),
    problems: ["there is no <data>"],
  }));
  const text = String(runsSection([one, reportedRun("fitnets", 1), two]));
  assertStringIncludes(text, "<li>kd, slkd: there is no &#60;data&#62;</li>");
  assertEquals(String(runsSection([reportedRun("kd", 1)])).includes("Not on this page"), false);
});
