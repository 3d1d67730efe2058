import { columns } from "../terminal/columns.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { quoted } from "../values/words.ts";
import type { Value } from "../weights/value.ts";
import { readWeights, type WeightsFile } from "../weights/weights_file.ts";

const FLAGS = {
  json: { type: "boolean", help: "print one JSON object" },
} as const satisfies Spec;

/**
 * Lists the file that the arguments name. With `--json` it is `{ path, format, sha256, facts,
 * tensors: [{ name, shape, type }], numbers }`. Rejects with a `Failure` (exit 2 or 3).
 */
export async function runWeights(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  const [path, another] = options._;
  if (options.help) return print(helpText("deno task weights <file>", FLAGS));
  if (path === undefined) throw new Failure(2, "which file? deno task weights teacher.pth");
  if (another !== undefined) throw new Failure(2, `one at a time: deno task weights ${path}`);
  const file = await readWeights(path);
  print(options.json ? JSON.stringify(asJson(file)) : weightsReport(file));
}

/**
 * Format, checksum and facts in two columns, then a line for each tensor and the sum of their
 * numbers.
 */
export function weightsReport(file: WeightsFile): string {
  const facts = Object.entries(file.facts).map((
    [name, fact],
  ) => [quoted(name), quoted(String(fact))]);
  const tensors = Array.from(file.tensors, ([name, { shape, data }]) => [
    quoted(name),
    shape.join("×"),
    type({ shape, data }),
    data.length.toLocaleString("en"),
  ]);
  return [
    columns([["file", file.path], ["format", file.format], ["sha256", file.sha256], ...facts], 2),
    columns([["tensor", "shape", "type", "numbers"], ...tensors, [
      `${file.tensors.size} in all`,
      "",
      "",
      numbers(file).toLocaleString("en"),
    ]]),
  ].join("\n\n");
}

function asJson(file: WeightsFile): Json {
  const { path, format, sha256, facts } = file;
  const tensors = Array.from(
    file.tensors,
    ([name, value]) => ({ name, shape: value.shape, type: type(value) }),
  );
  return { path, format, sha256, facts, tensors, numbers: numbers(file) };
}

/** What a tensor is read as, whatever it is in the file. */
const type = ({ data }: Value): string => data instanceof Float32Array ? "float32" : "int32";

const numbers = ({ tensors }: WeightsFile): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);

if (import.meta.main) await runCommand(() => runWeights(Deno.args));
