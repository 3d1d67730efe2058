import { columns } from "../terminal/columns.ts";
import { userPath } from "../files/user_path.ts";
import { runCommand } from "../terminal/command.ts";
import { helpText, onlyArgument, parseFlags, type Spec } from "../terminal/flags.ts";
import { Failure } from "../values/failure.ts";
import type { Json } from "../values/json.ts";
import { quoteText } from "../values/words.ts";
import type { Value } from "../weights/value.ts";
import { readWeights, type WeightsFile } from "../weights/weights_file.ts";

const FLAGS = {
  key: {
    type: "string",
    help: "state dict to show, such as state_dict_ema. Default: the usual one",
  },
  prefix: {
    type: "string",
    help: "start of the names to show, such as teacher. (with its dot), which comes off them",
  },
  json: { type: "boolean", help: "print one JSON object" },
} as const satisfies Spec;

/**
 * Prints the contents of the weights file that the arguments name. With `--json` they are
 * `{ path, format, sha256, facts, notes, tensors: [{ name, shape, type }], numbers }`. Rejects with a
 * `Failure`: exit 2 if the arguments are wrong, exit 3 if the file cannot be read.
 */
export async function runWeights(
  args: readonly string[],
  print: (text: string) => void = console.log,
): Promise<void> {
  const options = parseFlags(args, FLAGS);
  if (options.help) return print(helpText("deno task weights <file>", FLAGS));
  const path = onlyArgument("deno task weights", options._);
  if (path === undefined) throw new Failure(2, "which file? deno task weights teacher.pth");
  const file = await readWeights(userPath(path), options);
  print(options.json ? JSON.stringify(asJson(file)) : weightsReport(file));
}

/**
 * The report of a weights file: format, checksum and facts in two columns, what was taken if there
 * was a choice, then a line for each tensor and the total of their numbers.
 */
export function weightsReport(file: WeightsFile): string {
  const own = [["file", file.path], ["format", file.format], ["sha256", file.sha256]];
  const taken = new Set(own.map(([name]) => name));
  const facts = Object.entries(file.facts).map(([name, fact]) => [
    taken.has(name) ? `${name} in the metadata` : quoteText(name),
    quoteText(String(fact)),
  ]);
  const tensors = Array.from(file.tensors, ([name, { shape, data }]) => [
    quoteText(name),
    shape.join("×"),
    type({ shape, data }),
    data.length.toLocaleString("en"),
  ]);
  return [
    columns([...own, ...facts], 2),
    ...file.notes,
    columns([["tensor", "shape", "type", "numbers"], ...tensors, [
      `${file.tensors.size} in all`,
      "",
      "",
      numbers(file).toLocaleString("en"),
    ]]),
  ].join("\n\n");
}

function asJson(file: WeightsFile): Json {
  const { path, format, sha256, facts, notes } = file;
  const tensors = Array.from(
    file.tensors,
    ([name, value]) => ({ name, shape: value.shape, type: type(value) }),
  );
  return { path, format, sha256, facts, notes, tensors, numbers: numbers(file) };
}

/** The type to which a tensor was read, whatever its type in the file. */
const type = ({ data }: Value): string => data instanceof Float32Array ? "float32" : "int32";

const numbers = ({ tensors }: WeightsFile): number =>
  [...tensors.values()].reduce((sum, { data }) => sum + data.length, 0);

if (import.meta.main) await runCommand(() => runWeights(Deno.args));
