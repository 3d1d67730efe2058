import { assertEquals, assertThrows } from "@std/assert";
import { join } from "node:path";
import { knownSeeds, runIds, runOfPath, runSeeds, specOf } from "../../lib/run/run_ids.ts";
import { Failure } from "../../lib/values/failure.ts";
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
      ".cache/experiments/a/seed-1",
    ];
    for (const one of folders) await Deno.mkdir(join(root, "runs", one), { recursive: true });
    assertEquals(runIds(root), [
      ...["experiments/a", "experiments/a/b", "experiments/slkd/pair#kd"],
    ]);
    assertEquals(runSeeds(root, "experiments/slkd/pair#kd"), [2, 10]);
    assertEquals(runSeeds(root, "experiments/none"), []);
    const kd = "experiments/slkd/pair#kd";
    assertEquals(knownSeeds(root, kd, [{ seed: 5 }, { seed: 2 }]), [2, 5, 10]);
    const runOf = (path: string) => runOfPath(root, join(root, path));
    assertEquals(runOf(`runs/${kd}`), { id: kd, seed: undefined });
    for (const path of [`${kd}/seed-2`, `${kd}/seed-2/metrics.jsonl`]) {
      assertEquals(runOf(`runs/${path}`), { id: kd, seed: 2 });
    }
    assertEquals(runOf(`runs/${kd}/seed-10`), { id: kd, seed: 10 });
    assertEquals(runOf("runs/experiments/a/b/seed-1"), { id: "experiments/a/b", seed: 1 });
    assertEquals(runOf("runs/experiments/a/seed-1"), { id: "experiments/a", seed: 1 });
    assertEquals(runOf("experiments/slkd"), undefined);
    assertEquals(runOf(""), undefined);
    assertEquals(runOf("runs/experiments/a/none"), undefined);
    for (const name of ["seed-3.old-1", "seed-4-quick-2-all"]) {
      const path = join(root, "runs", kd, name);
      const { exit, message } = assertThrows(() => runOfPath(root, path), Failure);
      assertEquals(exit, 2);
      assertEquals(message, `${path} is no full run: name seed-2 or seed-10 of runs/${kd}`);
    }
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("run ids: the argument that names an experiment", () => {
  assertEquals(specOf("experiments/a"), "experiments/a.ts");
  assertEquals(specOf("experiments/slkd/pair#kd"), "experiments/slkd/pair.ts#kd");
});
