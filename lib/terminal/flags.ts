/**
 * Strict command-line flags, declared once and typed, with a clear message about every mistake.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { closest } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";

/** One flag of a command. */
export interface Flag {
  /** Type of its value. A boolean takes none. */
  readonly type: "string" | "number" | "integer" | "boolean";
  /** Description for `--help`. */
  readonly help: string;
  /** Smallest allowed number. Default: none. */
  readonly least?: number;
  /** Allowed texts. Default: any. */
  readonly choices?: readonly string[];
}

/** Flags of a command by name, without the dashes. Every command also has `help`. */
export type Spec = Readonly<Record<string, Flag>>;

/**
 * Type of a flag's value: a boolean (default: false), a text (one of its choices) or a number
 * (default: `undefined`).
 */
export type FlagValue<F extends Flag> = F["type"] extends "boolean" ? boolean
  : F["type"] extends "string"
    ? (F extends { choices: readonly (infer C)[] } ? C : string) | undefined
  : number | undefined;

/** Values of a command's flags. */
export type Flags<S extends Spec> =
  & { readonly [K in keyof S]: FlagValue<S[K]> }
  & {
    /** Whether the arguments contain `--help` or `-h`. */
    readonly help: boolean;
    /** Positional arguments. */
    readonly _: readonly string[];
  };

const HELP: Flag = { type: "boolean", help: "print this" };

/**
 * Reads a command's arguments by its spec. Throws a `Failure` (exit 2) if a flag is unknown or
 * repeated, lacks a value, or has a value of another type.
 */
export function parseFlags<const S extends Spec>(args: readonly string[], spec: S): Flags<S> {
  const known = Object.entries<Flag>({ ...spec, help: HELP });
  const names = known.map(([name]) => name);
  const booleans = known.filter(([, flag]) => flag.type === "boolean").map(([name]) => name);
  const unknown: string[] = [];
  const positional: string[] = [];
  const end = args.indexOf("--");
  const isHelp = (arg: string, i: number) => arg === "-h" && (end < 0 || i < end);
  const words = joinNumbers(args.map((arg, i) => isHelp(arg, i) ? "--help" : arg), spec);
  const parsed: Record<string, unknown> & { "--": string[] } = parseArgs(words, {
    "--": true,
    boolean: booleans,
    string: names.filter((name) => !booleans.includes(name)),
    collect: names,
    unknown(arg, name) {
      (name === undefined ? positional : unknown).push(arg);
      return false;
    },
  });
  const values = known.map((
    [name, flag],
  ) => [name, readValue(name, flag, parsed[name] as (string | boolean)[])]);
  if (unknown.length > 0) throw unknownFlag(unknown[0], names);
  for (const name of booleans) refuseValue(name, args);
  return { ...Object.fromEntries(values), _: [...positional, ...parsed["--"]] };
}

/** Writes `--flag -1` as `--flag=-1` if the flag has a range, so that the number is judged by it. */
function joinNumbers(args: readonly string[], spec: Spec): string[] {
  const takes = (flag: string | undefined, value: string | undefined) =>
    spec[flag?.replace(/^--/, "") ?? ""]?.least !== undefined && /^-\.?\d/.test(value ?? "");
  return args.flatMap((arg, i) => {
    if (takes(args[i - 1], arg)) return [];
    return takes(arg, args[i + 1]) ? [`${arg}=${args[i + 1]}`] : [arg];
  });
}

/**
 * Returns the only positional argument of a command, `undefined` without one. Throws a `Failure`
 * (exit 2) if there are several.
 */
export function onlyArgument(
  command: string,
  [argument, another]: readonly string[],
): string | undefined {
  if (another !== undefined) throw new Failure(2, `one at a time: ${command} ${argument}`);
  return argument;
}

/**
 * Writes the text of `--help`: the usage line, then every flag with the type of its value and its
 * help, aligned.
 */
export function helpText(usage: string, spec: Spec): string {
  const rows = Object.entries<Flag>({ ...spec, help: HELP }).map(
    ([name, { type, choices, help }]) => {
      const kind = choices?.join("|") ?? `<${type}>`;
      return [type === "boolean" ? `--${name}` : `--${name} ${kind}`, help];
    },
  );
  const width = Math.max(...rows.map(([flag]) => flag.length));
  return [`usage: ${usage}`, "", ...rows.map(([flag, help]) => `  ${flag.padEnd(width)}  ${help}`)]
    .join("\n");
}

/** Reads one flag's value from all its occurrences. */
function readValue(
  name: string,
  flag: Flag,
  options: readonly (string | boolean)[],
): boolean | string | number | undefined {
  if (options.length > 1) throw new Failure(2, `--${name} is given more than once`);
  const [text] = options;
  if (flag.type === "boolean") return text === true;
  if (typeof text !== "string") return undefined;
  if (text === "") {
    throw new Failure(2, `--${name} needs a value: --${name}=<${flag.type}>`);
  }
  return flag.type === "string" ? readText(name, flag, text) : readNumber(name, flag, text);
}

function readText(name: string, { choices }: Flag, text: string): string {
  if (!choices || choices.includes(text)) return text;
  throw new Failure(2, `--${name} can be ${choices.join(" or ")}, not "${text}"`);
}

const NUMBER = /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i;

function readNumber(name: string, { type, least = -Infinity }: Flag, text: string): number {
  const value = NUMBER.test(text) ? Number(text) : NaN;
  const fits = type === "integer" ? Number.isSafeInteger(value) : Number.isFinite(value);
  if (fits && value >= least) return value;
  const kind = type === "integer" ? "a whole number" : "a number";
  throw new Failure(
    2,
    `--${name} needs ${kind}${least > -Infinity ? ` of at least ${least}` : ""}, not "${text}"`,
  );
}

function unknownFlag(arg: string, names: readonly string[]): Failure {
  const [flag] = arg.split("=", 1);
  const suggestion = closest(flag.replace(/^-+/, ""), names);
  return new Failure(
    2,
    `unknown flag ${flag}; ${
      suggestion ? `did you mean --${suggestion}?` : "--help lists them all"
    }`,
  );
}

/**
 * Throws if a boolean has a value other than true or false. `parseArgs` takes any value for true.
 */
function refuseValue(name: string, args: readonly string[]): void {
  const end = args.indexOf("--");
  const prefix = `--${name}=`;
  const value = args.slice(0, end < 0 ? args.length : end).find((arg) => arg.startsWith(prefix))
    ?.slice(
      prefix.length,
    );
  if (value === undefined || value === "true" || value === "false") return;
  throw new Failure(2, `--${name} takes no value, but has "${value}"`);
}
