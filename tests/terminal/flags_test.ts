import { assert, assertEquals, assertThrows } from "@std/assert";
import { Failure } from "../../lib/values/failure.ts";
import { helpText, onlyArgument, parseFlags } from "../../lib/terminal/flags.ts";
import { stream } from "../../lib/values/random.ts";

const spec = {
  epochs: { type: "integer", help: "train this long", least: 1 },
  lr: { type: "number", help: "the learning rate" },
  data: { type: "string", help: "the data folder" },
  precision: { type: "string", help: "of the arithmetic", choices: ["float32", "bfloat16"] },
  quiet: { type: "boolean", help: "say nothing" },
} as const;

Deno.test("flags: the spec determines the types of the values", () => {
  const read = parseFlags(
    ["a.ts", "--epochs", "3", "--lr=-1e-3", "--quiet", "b", "--precision", "float32", "--", "--c"],
    spec,
  );
  const epochs: number | undefined = read.epochs;
  const lr: number | undefined = read.lr;
  const data: string | undefined = read.data;
  const precision: "float32" | "bfloat16" | undefined = read.precision;
  const quiet: boolean = read.quiet;
  const help: boolean = read.help;
  assertEquals([epochs, lr, data, precision, quiet, help], [
    3,
    -1e-3,
    undefined,
    "float32",
    true,
    false,
  ]);
  assertEquals(read._, ["a.ts", "b", "--c"]);
  // @ts-expect-error a flag that is not in the spec
  assertEquals(read.epoch, undefined);
});

Deno.test("flags: positional arguments stay texts, even if they look like numbers", () => {
  assertEquals(parseFlags(["1e3", "-", "007", "--", "--", "-x", "2"], spec)._, [
    "1e3",
    "-",
    "007",
    "--",
    "-x",
    "2",
  ]);
});

Deno.test("flags: -h is --help, except after --", () => {
  assertEquals(parseFlags(["a.ts", "-h"], spec).help, true);
  const { help, _ } = parseFlags(["--", "-h"], spec);
  assertEquals([help, _], [false, ["-h"]]);
});

Deno.test("flags: each mistake is a failure of exit 2 with a clear message", () => {
  const mistakes: [string, string][] = [
    ["--epoch 3", "unknown flag --epoch; did you mean --epochs?"],
    ["--epoch=3", "unknown flag --epoch; did you mean --epochs?"],
    ["-epochs 3", "unknown flag -epochs; did you mean --epochs?"],
    ["--hepl", "unknown flag --hepl; did you mean --help?"],
    ["--zebra", "unknown flag --zebra; --help lists them all"],
    ["-q", "unknown flag -q; --help lists them all"],
    ["--_ 3", "unknown flag --_; --help lists them all"],
    ["--__proto__=3", "unknown flag --__proto__; --help lists them all"],
    ["--constructor", "unknown flag --constructor; --help lists them all"],
    ["--no-quiet", "unknown flag --no-quiet; --help lists them all"],
    ["--epochs", "--epochs needs a value: --epochs=<integer>"],
    ["--epochs --quiet", "--epochs needs a value: --epochs=<integer>"],
    ["--lr -1", "--lr needs a value: --lr=<number>"],
    ["--epochs 1.5", '--epochs needs a whole number of at least 1, not "1.5"'],
    ["--epochs -1", '--epochs needs a whole number of at least 1, not "-1"'],
    ["--epochs=-1", '--epochs needs a whole number of at least 1, not "-1"'],
    ["--epochs 0", '--epochs needs a whole number of at least 1, not "0"'],
    ["--epochs 1e99", '--epochs needs a whole number of at least 1, not "1e99"'],
    ["--lr fast", '--lr needs a number, not "fast"'],
    ["--lr 1e999", '--lr needs a number, not "1e999"'],
    ["--lr NaN", '--lr needs a number, not "NaN"'],
    ["--lr 0x10", '--lr needs a number, not "0x10"'],
    ["--data a --data b", "--data is given more than once"],
    ["--quiet --quiet", "--quiet is given more than once"],
    ["--quiet=maybe", '--quiet takes no value, but has "maybe"'],
    ["--precision half", '--precision can be float32 or bfloat16, not "half"'],
  ];
  for (const [line, message] of mistakes) {
    const failure = assertThrows(() => parseFlags(line.split(" "), spec), Failure);
    assertEquals([failure.message, failure.exit], [message, 2]);
  }
});

Deno.test("flags: values are read in any order and spelling", () => {
  const random = stream(1, "flags");
  const texts = ["a", "a=b", "x y", "é", "3", "true", "--"];
  for (let n = 0; n < 300; n++) {
    const values = {
      epochs: 1 + random.below(1000),
      lr: random.normal(),
      data: texts[random.below(texts.length)],
      precision: random.below(2) ? "float32" : "bfloat16",
    };
    const chosen = Object.entries(values).filter(() => random.below(2));
    const quiet = random.below(2) === 1;
    const parts = chosen.map(([name, value]) =>
      random.below(2) || String(value).startsWith("-")
        ? [`--${name}=${value}`]
        : [`--${name}`, String(value)]
    );
    if (quiet) parts.push(["--quiet"]);
    parts.push(["module.ts"]);
    const args = Array.from(random.permutation(parts.length), (i) => parts[i]).flat();
    const nothing = { epochs: undefined, lr: undefined, data: undefined, precision: undefined };
    assertEquals(parseFlags(args, spec), {
      ...nothing,
      ...Object.fromEntries(chosen),
      quiet,
      help: false,
      _: ["module.ts"],
    }, args.join(" "));
  }
});

Deno.test("flags: one wrong letter in a flag is a failure that suggests the flag", () => {
  const random = stream(2, "flags");
  for (let n = 0; n < 200; n++) {
    const name = ["epochs", "precision", "quiet"][random.below(3)];
    const at = random.below(name.length);
    const letter = String.fromCharCode(97 + random.below(26));
    const misspelt = name.slice(0, at) + letter + name.slice(at + 1);
    if (misspelt === name) continue;
    const failure = assertThrows(() => parseFlags([`--${misspelt}=1`], spec), Failure);
    assertEquals(failure.message, `unknown flag --${misspelt}; did you mean --${name}?`);
  }
});

Deno.test("helpText: lists every flag once, aligned", () => {
  const text = helpText("deno task exp MODULE [flags]", spec);
  assertEquals(text.split("\n"), [
    "usage: deno task exp MODULE [flags]",
    "",
    "  --epochs <integer>            train this long",
    "  --lr <number>                 the learning rate",
    "  --data <string>               the data folder",
    "  --precision float32|bfloat16  of the arithmetic",
    "  --quiet                       say nothing",
    "  --help                        print this",
  ]);
  assert(parseFlags(["--help"], spec).help);
});

Deno.test("onlyArgument: gives the one argument, and refuses a second one", () => {
  assertEquals(onlyArgument("deno task eval", []), undefined);
  assertEquals(onlyArgument("deno task eval", ["a.ts"]), "a.ts");
  const { exit, message } = assertThrows(
    () => onlyArgument("deno task eval", ["a.ts", "b.ts"]),
    Failure,
  );
  assertEquals([exit, message], [2, "one at a time: deno task eval a.ts"]);
});
