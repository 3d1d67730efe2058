import { assertEquals } from "@std/assert";
import { join } from "node:path";
import { idOfRun, runIds, runSeeds, specOf } from "../../lib/run/run_ids.ts";
import { needs } from "../support/needs.ts";

await needs(["read", "write"], "run ids: full runs by experiment and seed", async () => {
  const root = await Deno.makeTempDir();
  try {
    assertEquals(runIds(root), []);
    const folders = [
      "experiments/slkd/pair#kd/seed-10",
      "experiments/slkd/pair#kd/seed-2",
      "experiments/slkd/pair#kd/seed-3.old-1",
      "experiments/slkd/pair#kd/seed-4-quick-2-all",
      "experiments/a/seed-1",
      "experiments/quick/seed-1-quick-2-all",
      "experiments/a/b/seed-1",
      "experiments/a/seed-2-quick-2-all/weights",
    ];
    for (const one of folders) await Deno.mkdir(join(root, "runs", one), { recursive: true });
    assertEquals(runIds(root), [
      ...["experiments/a", "experiments/a/b", "experiments/slkd/pair#kd"],
    ]);
    assertEquals(runSeeds(root, "experiments/slkd/pair#kd"), [2, 10]);
    assertEquals(runSeeds(root, "experiments/none"), []);
    const kd = "experiments/slkd/pair#kd";
    for (const path of [kd, `${kd}/seed-2`, `${kd}/seed-2/metrics.jsonl`]) {
      assertEquals(idOfRun(root, join(root, "runs", path)), kd);
    }
    assertEquals(idOfRun(root, join(root, "runs/experiments/a/b/seed-1")), "experiments/a/b");
    assertEquals(idOfRun(root, join(root, "runs/experiments/a/seed-1")), "experiments/a");
    assertEquals(idOfRun(root, join(root, "experiments/slkd")), undefined);
    assertEquals(idOfRun(root, root), undefined);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("run ids: the argument that names an experiment", () => {
  assertEquals(specOf("experiments/a"), "experiments/a.ts");
  assertEquals(specOf("experiments/slkd/pair#kd"), "experiments/slkd/pair.ts#kd");
});
