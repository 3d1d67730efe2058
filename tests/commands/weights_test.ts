import { assertEquals, assertRejects, assertStringIncludes } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { runWeights, weightsReport } from "../../lib/commands/weights.ts";
import { inTemporary } from "../support/temporary.ts";
import { needs } from "../support/needs.ts";
import { dict, floats, int, legacyFile, storage, tensor, zipFile } from "../support/torch_file.ts";

Deno.test("weights report: two tables, with control characters escaped, no row twice", () => {
  const text = weightsReport({
    path: "w.pth",
    format: "pytorch",
    sha256: "ab".repeat(32),
    facts: { epoch: 240, "strange\x1b[2J": "a\nb", format: "pt" },
    prefix: "student.",
    notes: ["the student is taken"],
    tensors: new Map([
      ["conv1.weight", { shape: [16, 3, 3, 3], data: new Float32Array(432) }],
      ["count", { shape: [], data: new Int32Array(1) }],
      ["odd\x1b", { shape: [1500], data: new Float32Array(1500) }],
    ]),
  });
  assertEquals(
    text,
    `
file                    w.pth
format                  pytorch
sha256                  abababababababababababababababababababababababababababababababab
epoch                   240
"strange\\u001b[2J"      "a\\nb"
format in the metadata  pt

the student is taken

tensor           shape     type  numbers
conv1.weight  16×3×3×3  float32      432
count                     int32        1
"odd\\u001b"       1500  float32    1,500
3 in all                           1,933`.slice(1),
  );
});

Deno.test("weights: usage errors have exit code 2", async () => {
  for (const args of [[], ["a", "b"], ["--jsn"]]) {
    assertEquals((await assertRejects(() => runWeights(args, () => {}), Failure)).exit, 2);
  }
  let text = "";
  await runWeights(["--help"], (printed) => text += printed);
  for (const part of ["deno task weights <file>", "--json"]) assertStringIncludes(text, part);
});

await needs(
  ["read", "write"],
  "weights: --key and --prefix name the part to show",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/w.pth`;
      const one = (name: string, key: string) => ({ [name]: tensor(storage(key, 2), [2]) });
      const averages = { ...one("teacher.a", "1"), ...one("student.b", "2") };
      const value = dict({ state_dict: dict(one("w", "0")), state_dict_ema: dict(averages) });
      const storages = Object.fromEntries(["0", "1", "2"].map((key) => [key, floats(1, 2)]));
      await Deno.writeFile(path, zipFile(value, storages));
      const names = async (...flags: string[]) => {
        let text = "";
        await runWeights([path, "--json", ...flags], (printed) => text = printed);
        const { tensors } = JSON.parse(text) as { tensors: { name: string }[] };
        return tensors.map(({ name }) => name);
      };
      assertEquals(await names(), ["w"]);
      assertEquals(await names("--key", "state_dict_ema", "--prefix", "teacher."), ["a"]);
      const failure = await assertRejects(() => runWeights([path, "--key", "model"]), Failure);
      assertEquals(failure.exit, 3);
      assertStringIncludes(failure.message, "state_dict_ema");
    }),
);

await needs(
  ["read", "write"],
  "weights: --json prints one object",
  () =>
    inTemporary(async (folder) => {
      const path = `${folder}/w.pth`;
      const value = dict({ model: dict({ w: tensor(storage("0", 2), [2]) }), epoch: int(3) });
      await Deno.writeFile(path, legacyFile(value, { 0: [2, floats(1, 2)] }));
      const printed: string[] = [];
      await runWeights([path, "--json"], (line) => printed.push(line));
      const { sha256, ...rest } = JSON.parse(printed.join("\n"));
      assertEquals(sha256.length, 64);
      assertEquals(rest, {
        path,
        format: "pytorch-legacy",
        facts: { epoch: 3 },
        notes: [],
        tensors: [{ name: "w", shape: [2], type: "float32" }],
        numbers: 2,
      });
      const failure = await assertRejects(() => runWeights([`${folder}/none`]), Failure, "none");
      assertEquals(failure.exit, 3);
    }),
);
