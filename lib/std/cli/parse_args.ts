import { parseArgs as tokenize } from "node:util";

/** One name, several names, or none. */
export type Names<N extends string> = N | readonly N[];

/**
 * How `parseArgs` reads. The names are `B` of the booleans, `S` of the strings, `C` of those
 * collected, `N` of those negatable; `D` are the defaults and `Dash` is whether what follows `--`
 * is kept apart.
 */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  Dash extends boolean = boolean,
> {
  /** Whether what follows `--` goes to the result's `--` instead of to its `_`. */
  "--"?: Dash;
  /** Other names of a name; all of them are set. */
  alias?: Record<string, Names<string>>;
  /** The names that take no value and are false by default; `true`: every `--name` without `=`. */
  boolean?: boolean | Names<B>;
  /** The values of names that are not given. */
  default?: D;
  /** Whether everything after the first positional argument is positional. */
  stopEarly?: boolean;
  /**
   * The names whose value stays a text, `_` for the positional ones; others become numbers where
   * they look like one.
   */
  string?: Names<S>;
  /**
   * The names whose values are gathered in a list, empty by default; of others the last one counts.
   */
  collect?: Names<C>;
  /** The names that `--no-name` sets to false. */
  negatable?: Names<N>;
  /** Is called with everything that is not declared; where it returns false, that is left out. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** The type of the value of a name `K`, when given. */
export type Value<K, B, S, C, N> =
  | (K extends C ? Array<Single<K, B, S>> : Single<K, B, S>)
  | (K extends N ? false : never);

/** The type of one value of a name `K`. */
export type Single<K, B, S> = K extends B ? boolean : K extends S ? string : unknown;

/** The names that the compiler knows; of others it can say no type. */
export type Known<N extends string> = string extends N ? never : N;

/** What `parseArgs` returns: the values by name, `_` and, where asked for, `--`. */
export type Args<
  B extends string = never,
  S extends string = never,
  C extends string = never,
  N extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  Dash extends boolean = false,
> =
  & Record<string, unknown>
  & { [K in Known<B> | Known<C>]: Value<K, B, S, C, N> }
  & { [K in Exclude<Known<S>, C>]: Value<K, B, S, C, N> | (K extends keyof D ? D[K] : undefined) }
  & {
    /** The arguments that belong to no name. */
    _: Array<string | number>;
  }
  & (Dash extends true ? {
      /** The arguments after `--`. */
      "--": string[];
    }
    : unknown);

const NUMBER = /^(0x[0-9a-f]+|[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?)$/i;
const number = (text: string): string | number => NUMBER.test(text) ? Number(text) : text;
const list = (names: boolean | Names<string> = []): readonly string[] =>
  typeof names === "boolean" ? [] : typeof names === "string" ? [names] : names;

/**
 * Reads command-line arguments: `--name value`, `--name=value`, `--flag`, `--no-flag`, `-abc`, and
 * what remains in `_`. What is declared neither boolean nor string is a number where it looks like
 * one, `true` where nothing follows.
 */
export function parseArgs<
  const B extends string = never,
  const S extends string = never,
  const C extends string = never,
  const N extends string = never,
  D extends Record<string, unknown> = Record<never, never>,
  Dash extends boolean = false,
>(args: string[], options: ParseOptions<B, S, C, N, D, Dash> = {}): Args<B, S, C, N, D, Dash> {
  const groups = Object.entries(options.alias ?? {}).map((
    [name, others],
  ) => [name, ...list(others)]);
  const names = (key: string) => groups.find((group) => group.includes(key)) ?? [key];
  const all = (declared?: boolean | Names<string>) => new Set(list(declared).flatMap(names));
  const booleans = all(options.boolean);
  const strings = all(options.string);
  const collected = all(options.collect);
  const negatable = all(options.negatable);
  const aliased = new Set(groups.flat());

  const positional: Array<string | number> = [];
  const dashed: string[] = [];
  const result: Record<string, unknown> = { _: positional };

  const set = (arg: string, key: string, given: string | boolean, gather = true) => {
    const declared = booleans.has(key) || strings.has(key) || aliased.has(key) ||
      (options.boolean === true && arg.startsWith("--") && !arg.includes("="));
    if (!declared && options.unknown?.(arg, key, given) === false) return;
    const value = typeof given === "string" && !strings.has(key) ? number(given) : given;
    for (const name of names(key)) {
      if (gather && collected.has(name)) {
        result[name] = [...(result[name] as unknown[] ?? []), value];
      } else result[name] = value;
    }
  };

  const { tokens } = tokenize({ args, strict: false, tokens: true });
  for (let i = 0, rest = false; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind === "option-terminator") {
      rest = true;
    } else if (token.kind === "positional") {
      if (rest) (options["--"] ? dashed : positional).push(token.value);
      else if (options.unknown?.(token.value) !== false) {
        positional.push(strings.has("_") ? token.value : number(token.value));
        if (options.stopEarly) {
          positional.push(...args.slice(token.index + 1));
          break;
        }
      }
    } else {
      const { name, value } = token;
      const arg = args[token.index];
      const next = tokens[i + 1];
      const boolean = booleans.has(name) || (options.boolean === true && arg.startsWith("--"));
      const follows = next?.kind === "positional" ? next.value : "";
      if (value !== undefined) set(arg, name, booleans.has(name) ? value !== "false" : value);
      else if (name.startsWith("no-") && negatable.has(name.slice(3))) {
        set(arg, name.slice(3), false, false);
      } else if (follows && (!boolean || follows === "true" || follows === "false")) {
        set(arg, name, boolean ? follows === "true" : follows);
        i++;
      } else set(arg, name, strings.has(name) ? "" : true);
    }
  }

  for (const [key, value] of Object.entries(options.default ?? {})) {
    for (const name of names(key)) result[name] ??= value;
  }
  for (const name of collected) result[name] ??= [];
  for (const name of booleans) result[name] ??= false;
  if (options["--"]) result["--"] = dashed;
  return result as Args<B, S, C, N, D, Dash>;
}
