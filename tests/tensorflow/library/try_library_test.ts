import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { join } from "node:path";
import type { LibraryFiles } from "../../../lib/tensorflow/library/layout.ts";
import { tryLibrary } from "../../../lib/tensorflow/library/try_library.ts";
import { Failure } from "../../../lib/values/failure.ts";
import { compileLibrary, needsGcc } from "../../support/shared_object.ts";
import { inTemporary } from "../../support/temporary.ts";

/** Compiles a library that does something while it is loaded. */
async function library(folder: string, loading: string): Promise<LibraryFiles> {
  const cc = join(folder, "libtensorflow_cc.so.2");
  const code = `#include <stdio.h>\n#include <stdlib.h>\n#include <signal.h>
__attribute__((constructor)) static void load(void) { ${loading} }`;
  await compileLibrary(code, cc);
  return { cc, framework: cc };
}

await needsGcc(
  "tryLibrary: one that ends the process is a failure with its last words",
  () =>
    inTemporary(async (folder) => {
      const cases: [loading: string, end: string, words: string][] = [
        [`fputs("F guard] compiled to use AVX\\n", stderr); abort();`, "SIGABRT", "to use AVX"],
        ["raise(SIGILL);", "SIGILL", "none"],
        [`fputs("no licence\\n", stderr); _Exit(7);`, "exit code 7", "no licence"],
      ];
      for (const [loading, end, words] of cases) {
        const files = await library(folder, loading);
        const memory = join(folder, "memory");
        const failure = await assertRejects(() => tryLibrary(files, memory), Failure, end);
        assertEquals(failure.exit, 3);
        for (
          const text of [files.cc, "Its last words:\n", words, "--backend cpu"]
        ) {
          assertStringIncludes(failure.message, text);
        }
        assertEquals(await Deno.stat(memory).then(() => true, () => false), false);
      }
    }),
);

await needsGcc(
  "tryLibrary: one that loads is tried once, until it changes",
  () =>
    inTemporary(async (folder) => {
      const count = join(folder, "count");
      const loading = `FILE *file = fopen("${count}", "a"); fputs("x", file); fclose(file);`;
      const files = await library(folder, loading);
      const memory = join(folder, "new/memory");
      for (let i = 0; i < 3; i++) await tryLibrary(files, memory);
      assertEquals(await Deno.readTextFile(count), "x");
      await tryLibrary(files);
      assertEquals(await Deno.readTextFile(count), "xx");
      // A memory that cannot be written.
      await tryLibrary(files, join(count, "below"));
      assertEquals(await Deno.readTextFile(count), "xxx");
      await assertRejects(async () => await tryLibrary(await library(folder, "abort();"), memory));
    }),
);

await needsGcc(
  "tryLibrary: leaves what is no library to whoever loads it",
  () =>
    inTemporary(async (folder) => {
      const cc = join(folder, "text");
      await Deno.writeTextFile(cc, "text");
      await tryLibrary({ cc, framework: cc });
    }),
);
