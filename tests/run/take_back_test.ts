import { assertEquals, assertStringIncludes } from "@std/assert";
import { existsSync } from "node:fs";
import { everything, needs } from "../support/needs.ts";
import { PAIR, toys, toysIn } from "../support/toy_runs.ts";

const CHANGED = PAIR.replace("student: large", "student: small");

await needs(
  everything,
  "takeBack: a run that follows the declaration again is taken back, as teacher too",
  () =>
    toys(PAIR, async (toys) => {
      const first = await toys.run("teacher");
      const changed = await toysIn(await Deno.makeTempDir(), CHANGED);
      try {
        Deno.renameSync(toys.path("runs"), changed.path("runs"));
        await changed.run("teacher");
        assertEquals(existsSync(changed.of("teacher", 1) + ".old-1"), true);
        Deno.renameSync(changed.path("runs"), toys.path("runs"));
      } finally {
        await Deno.remove(changed.folder, { recursive: true });
      }
      toys.said();
      const student = await toys.run("student");
      const said = toys.said();
      assertStringIncludes(
        said,
        "follows this declaration and is taken back; the one in its place",
      );
      assertEquals(said.includes("toy#teacher seed 1 ep"), false);
      assertEquals(await toys.run("teacher"), first);
      const old = [1, 2].map((n) => existsSync(`${toys.of("teacher", 1)}.old-${n}`));
      assertEquals(old, [false, true]);
      assertEquals(student.teachers[0].id, "toy#teacher");
    }),
);

await needs(
  everything,
  "takeBack: a run that is missing is taken back, and --fresh takes nothing back",
  () =>
    toys(PAIR, async (toys) => {
      const first = await toys.run("teacher");
      Deno.renameSync(toys.of("teacher", 1), toys.of("teacher", 1) + ".old-3");
      assertEquals(await toys.run("teacher"), first);
      assertStringIncludes(toys.said(), "toy#teacher seed 1: done before");
      await toys.run("teacher", 1, { fresh: true });
      assertEquals(existsSync(toys.of("teacher", 1) + ".old-1"), true);
      assertEquals(toys.said().includes("taken back"), false);
    }),
);
