import { assertEquals, assertRejects } from "@std/assert";
import { Failure } from "../lib/failure.ts";
import { RunFolder } from "../lib/run_folder.ts";
import { needs } from "./needs.ts";
import { trial } from "./trial.ts";

Deno.test("run folder: below runs, by experiment and seed, quick ones apart", () => {
  const folder = new RunFolder("/p", "experiments/a#b", 2, undefined);
  assertEquals(folder.path, "/p/runs/experiments/a#b/seed-2");
  assertEquals(new RunFolder("/p", "a", 2, "quick-1-all").path, "/p/runs/a/seed-2-quick-1-all");
  const names = (["last", "best", 7] as const).map((epoch) => folder.weights(epoch).slice(folder.path.length));
  assertEquals(names, ["/last.safetensors", "/best.safetensors", "/epoch-7.safetensors"]);
});

await needs(
  ["read", "write"],
  "run folder: what is put aside is never lost; a result is whole or not there",
  async () => {
    const root = await Deno.makeTempDir();
    try {
      const folder = new RunFolder(root, "a/b", 1, undefined);
      assertEquals([await folder.putAside(), await folder.trial(), await folder.latest()], [
        undefined,
        undefined,
        undefined,
      ]);
      for (const n of [1, 2, 3]) {
        await folder.make();
        await folder.write("trial.json", { ...trial(n, 50) } as never);
        assertEquals(await folder.trial(), trial(n, 50));
        assertEquals(await folder.putAside(), `${folder.path}.old-${n}`);
      }
      for (const n of [1, 2, 3]) {
        assertEquals(JSON.parse(await Deno.readTextFile(`${folder.path}.old-${n}/trial.json`)).seed, n);
      }
      await folder.make();
      await Deno.writeTextFile(folder.file("trial.json"), '{"seed": 1, "decl');
      assertEquals(await folder.trial(), undefined);

      await Deno.writeTextFile(`${root}/runs/file`, "");
      const failure = await assertRejects(
        () => new RunFolder(root, "file", 1, undefined).make(),
        Failure,
        "cannot write",
      );
      assertEquals(failure.exit, 3);
    } finally {
      await Deno.remove(root, { recursive: true });
    }
  },
);

await needs(["read", "write"], "run folder: one process at a time", async () => {
  const root = await Deno.makeTempDir();
  try {
    const folder = new RunFolder(root, "experiments/a", 1, undefined);
    await folder.make();
    {
      using _first = await folder.lock("a seed 1");
      await assertRejects(() => folder.lock("a seed 1"), Failure, "a seed 1 is being trained by another process");
    }
    using _second = await folder.lock("a seed 1");
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});
