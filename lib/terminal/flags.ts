/**
 * Strict command-line flags: declared once, typed, and with a clear word about every mistake.
 *
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { closest } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";

/** One flag of a command. */
export interface Flag {
  /** What its value is; a boolean takes none. */
  readonly type: "string" | "number" | "integer" | "boolean";
  /** What it is for, for `--help`. */
  readonly help: string;
  /** The least number it may be. */
  readonly least?: number;
  /** The only texts it may be. */
  readonly choices?: readonly string[];
}

/** The flags of a command by name, without the dashes. Every command has `help` besides. */
export type Spec = Readonly<Record<string, Flag>>;

/**
 * A flag's value: a boolean that is false unless given; else a text (one of its choices) or a
 * number, if given.
 */
export type FlagValue<F extends Flag> = F["type"] extends "boolean" ? boolean
  : F["type"] extends "string"
    ? (F extends { choices: readonly (infer C)[] } ? C : string) | undefined
  : number | undefined;

/** The values of a command's flags. */
export type Flags<S extends Spec> =
  & { readonly [K in keyof S]: FlagValue<S[K]> }
  & {
    /** Whether `--help` was given. */
    readonly help: boolean;
    /** The arguments that are no flags. */
    readonly _: readonly string[];
  };

const HELP: Flag = { type: "boolean", help: "print this" };

/**
 * Reads a command's arguments by its spec. Throws a `Failure` (exit 2) at an unknown flag, a
 * repeated one, one without a value, or a value of another kind.
 */
export function parseFlags<const S extends Spec>(args: readonly string[], spec: S): Flags<S> {
  const known = Object.entries<Flag>({ ...spec, help: HELP });
  const names = known.map(([name]) => name);
  const booleans = known.filter(([, flag]) => flag.type === "boolean").map(([name]) => name);
  const strange: string[] = [];
  const positional: string[] = [];
  const parsed: Record<string, unknown> & { "--": string[] } = parseArgs([...args], {
    "--": true,
    boolean: booleans,
    string: names.filter((name) => !booleans.includes(name)),
    collect: names,
    unknown(arg, name) {
      (name === undefined ? positional : strange).push(arg);
      return false;
    },
  });
  const values = known.map((
    [name, flag],
  ) => [name, read(name, flag, parsed[name] as (string | boolean)[])]);
  if (strange.length > 0) throw unknown(strange[0], names);
  for (const name of booleans) refuseValue(name, args);
  return { ...Object.fromEntries(values), _: [...positional, ...parsed["--"]] };
}

/**
 * The text that `--help` prints: the usage line, then every flag with its value's kind and its
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

/** One flag's value from all that were given for it. */
function read(
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

function unknown(arg: string, names: readonly string[]): Failure {
  const [flag] = arg.split("=", 1);
  const meant = closest(flag.replace(/^-+/, ""), names);
  return new Failure(
    2,
    `unknown flag ${flag}; ${meant ? `did you mean --${meant}?` : "--help lists them all"}`,
  );
}

/** `parseArgs` takes whatever follows the `=` of a boolean for true. */
function refuseValue(name: string, args: readonly string[]): void {
  const end = args.indexOf("--");
  const prefix = `--${name}=`;
  const options = args.slice(0, end < 0 ? args.length : end).find((arg) => arg.startsWith(prefix))
    ?.slice(
      prefix.length,
    );
  if (options === undefined || options === "true" || options === "false") return;
  throw new Failure(2, `--${name} takes no value, but has "${options}"`);
}
