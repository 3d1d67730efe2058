import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { checkVariables, loadCheckpoint, saveCheckpoint } from "../../lib/weights/checkpoint.ts";
import { encode } from "../../lib/weights/safetensors.ts";
import type { Value } from "../../lib/weights/value.ts";
import { needs } from "../support/needs.ts";

const tensors = new Map<string, Value>([
  ["stem/filter", { shape: [2, 3], data: Float32Array.of(1, 2, 3, 4, 5, NaN) }],
  ["step", { shape: [], data: Int32Array.of(-7) }],
]);

/** Runs `fn` in a folder of its own, which is removed afterwards. */
async function inFolder(fn: (folder: string) => Promise<void>): Promise<void> {
  const folder = await Deno.makeTempDir();
  try {
    await fn(folder);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

await needs(
  ["read", "write"],
  "checkpoint: loads what was saved, to the bit",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/latest.safetensors`;
      const metadata = { epoch: 3, text: "é", list: [1, null] };
      await saveCheckpoint(path, tensors, metadata);
      const loaded = await loadCheckpoint(path);
      assertEquals([...loaded.tensors], [...tensors]);
      assertEquals(loaded.metadata, metadata);
      await saveCheckpoint(path, new Map(), null);
      assertEquals(await loadCheckpoint(path), { tensors: new Map(), metadata: null });
    }),
);

await needs(
  ["read", "write"],
  "checkpoint: the same state gives the same bytes",
  () =>
    inFolder(async (folder) => {
      await saveCheckpoint(`${folder}/a`, tensors, { a: 1, b: 2 });
      await saveCheckpoint(`${folder}/b`, tensors, { b: 2, a: 1 });
      assertEquals(await Deno.readFile(`${folder}/a`), await Deno.readFile(`${folder}/b`));
    }),
);

await needs(
  ["read", "write"],
  "checkpoint: a file with any flipped bit is refused, or has the contents that were saved",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/latest.safetensors`;
      const named = new Map([...tensors, ["10", { shape: [1], data: Int32Array.of(5) }]]);
      await saveCheckpoint(path, named, { epoch: 3 });
      const bytes = await Deno.readFile(path);
      let refused = 0;
      for (let bit = 0; bit < 8 * bytes.length; bit++) {
        const changed = bytes.slice();
        changed[bit >> 3] ^= 1 << (bit & 7);
        await Deno.writeFile(path, changed);
        try {
          const loaded = await loadCheckpoint(path);
          assertEquals(new Map(loaded.tensors), named);
          assertEquals(loaded.metadata, { epoch: 3 });
        } catch (error) {
          assert(error instanceof Failure && error.exit === 3, `bit ${bit}: ${error}`);
          assertStringIncludes(error.message, "--fresh");
          refused++;
        }
      }
      assert(refused > 7 * bytes.length, `${refused} of ${8 * bytes.length}`);
    }),
);

await needs(
  ["read", "write"],
  "checkpoint: a file of an earlier version, without a checksum, is read",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/latest.safetensors`;
      const data = Float32Array.of(1, 2);
      await Deno.writeFile(
        path,
        encode(new Map([["a", { dtype: "F32", shape: [2], data }]]), { retort: "{}" }),
      );
      assertEquals((await loadCheckpoint(path)).metadata, {});
    }),
);

await needs(
  ["read", "write"],
  "checkpoint: a truncated file is an error that names the file and the way out",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/latest.safetensors`;
      await saveCheckpoint(path, tensors, { epoch: 1 });
      const bytes = await Deno.readFile(path);
      for (const length of [0, 5, 8, 60, bytes.length - 1]) {
        await Deno.writeFile(path, bytes.subarray(0, length));
        const failure = await assertRejects(
          () => loadCheckpoint(path),
          Failure,
          `${path} is damaged`,
        );
        assertStringIncludes(failure.message, "--fresh to start again");
        assertEquals(failure.exit, 3);
      }
    }),
);

await needs(
  ["read", "write"],
  "checkpoint: a missing file and another kind of file are errors",
  () =>
    inFolder(async (folder) => {
      const path = `${folder}/w.safetensors`;
      const failure = await assertRejects(
        () => loadCheckpoint(path),
        Failure,
        `cannot read the checkpoint ${path}`,
      );
      assertEquals(failure.exit, 3);
      assert(failure.cause instanceof Deno.errors.NotFound);
      const data = Float32Array.of(1);
      for (
        const [bytes, message] of [
          [
            encode(new Map([["w", { dtype: "F64", shape: [1], data: Float64Array.of(1) }]])),
            'its tensor "w" is F64',
          ],
          [
            encode(new Map([["w", { dtype: "F32", shape: [1], data }]])),
            "its metadata has no JSON called retort",
          ],
          [encode(new Map(), { retort: "{" }), "its metadata has no JSON called retort"],
        ] as const
      ) {
        await Deno.writeFile(path, bytes);
        await assertRejects(
          () => loadCheckpoint(path),
          Failure,
          `${path} is not a checkpoint of a run: ${message}`,
        );
      }
    }),
);

Deno.test("checkVariables: the same names and shapes pass, in any order", () => {
  checkVariables("x", tensors, new Map([["step", []], ["stem/filter", [2, 3]]]));
  checkVariables("x", new Map(), new Map());
});

Deno.test("checkVariables: another network is listed tensor by tensor, in full", () => {
  const found = new Map(Array.from({ length: 50 }, (_, i) => [`old${i}`, { shape: [i] }]));
  found.set("same", { shape: [1] }).set("logits/kernel", { shape: [64, 10] }).set("gamma", {
    shape: [],
  });
  const expected = new Map(Array.from({ length: 50 }, (_, i) => [`new${i}`, [i, i]]));
  expected.set("same", [1]).set("logits/kernel", [64, 100]).set("gamma", [1]);
  const failure = assertThrows(
    () => checkVariables("runs/w", found, expected),
    Failure,
    "runs/w is a checkpoint of another network",
  );
  assertEquals(failure.exit, 3);
  const lines = failure.message.split("\n  ").slice(1);
  assertEquals(lines.length, 102);
  assert(lines.includes("missing: new7 [7,7]"));
  assert(lines.includes("extra: old49 [49]"));
  assert(lines.includes("another shape: logits/kernel is [64,10], not [64,100]"));
  assert(lines.includes("another shape: gamma is [], not [1]"));
  assert(!failure.message.includes("same"));
});
