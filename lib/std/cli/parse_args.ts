import { parseArgs as tokenize } from "node:util";

/** One name, several names, or none. */
export type Names<N extends string> = N | readonly N[];

/**
 * Options of `parseArgs`. The type parameters are the names of booleans `B`, of strings `S`, of
 * collected values `C` and of negatable flags `N`, the defaults `D`, and whether arguments after
 * `--` are kept apart `Dash`.
 */
export interface ParseOptions<
  B extends string = string,
  S extends string = string,
  C extends string = string,
  N extends string = string,
  D extends Record<string, unknown> = Record<string, unknown>,
  Dash extends boolean = boolean,
> {
  /** Whether arguments after `--` go to the result's `--` instead of its `_`. */
  "--"?: Dash;
  /** Other names of a name. All of them are set. */
  alias?: Record<string, Names<string>>;
  /** Names that take no value. `true`: every `--name` without `=`. Default of each value: false. */
  boolean?: boolean | Names<B>;
  /** Values of absent names. */
  default?: D;
  /** Whether everything after the first positional argument is positional. */
  stopEarly?: boolean;
  /**
   * Names whose values stay texts, `_` for positional arguments. Other values become numbers if
   * they look like numbers.
   */
  string?: Names<S>;
  /** Names whose values form a list, empty by default. For other names, the last value counts. */
  collect?: Names<C>;
  /** Names that `--no-name` sets to false. */
  negatable?: Names<N>;
  /** Called with every undeclared argument. The result omits the argument if this returns false. */
  unknown?: (arg: string, key?: string, value?: unknown) => unknown;
}

/** Type of the value of a present name `K`. */
export type Value<K, B, S, C, N> =
  | (K extends C ? Array<Single<K, B, S>> : Single<K, B, S>)
  | (K extends N ? false : never);

/** Type of one value of a name `K`. */
export type Single<K, B, S> = K extends B ? boolean : K extends S ? string : unknown;

/** Names that the compiler knows. It cannot type the values of others. */
export type Known<N extends string> = string extends N ? never : N;

/** Result of `parseArgs`: the values by name, `_` and, if requested, `--`. */
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
    /** Arguments without a name. */
    _: Array<string | number>;
  }
  & (Dash extends true ? {
      /** Arguments after `--`. */
      "--": string[];
    }
    : unknown);

const NUMBER = /^(0x[0-9a-f]+|[-+]?(\d+(\.\d*)?|\.\d+)(e[-+]?\d+)?)$/i;
const number = (text: string): string | number => NUMBER.test(text) ? Number(text) : text;
const list = (names: boolean | Names<string> = []): readonly string[] =>
  typeof names === "boolean" ? [] : typeof names === "string" ? [names] : names;

/**
 * Parses command-line arguments: `--name value`, `--name=value`, `--flag`, `--no-flag`, `-abc`, and
 * the remaining ones into `_`. A value that is declared neither boolean nor string becomes a number
 * if it looks like one, and `true` if it is missing.
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
  const afterDashes: string[] = [];
  const result: Record<string, unknown> = { _: positional };

  const set = (arg: string, key: string, raw: string | boolean, gather = true) => {
    const declared = booleans.has(key) || strings.has(key) || aliased.has(key) ||
      (options.boolean === true && arg.startsWith("--") && !arg.includes("="));
    if (!declared && options.unknown?.(arg, key, raw) === false) return;
    const value = typeof raw === "string" && !strings.has(key) ? number(raw) : raw;
    for (const name of names(key)) {
      if (gather && collected.has(name)) {
        result[name] = [...(result[name] as unknown[] ?? []), value];
      } else result[name] = value;
    }
  };

  const { tokens } = tokenize({ args, strict: false, tokens: true });
  let rest = false;
  for (let i = 0; i < tokens.length; i++) {
    const token = tokens[i];
    if (token.kind === "option-terminator") {
      rest = true;
    } else if (token.kind === "positional") {
      if (rest) (options["--"] ? afterDashes : positional).push(token.value);
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
  if (options["--"]) result["--"] = afterDashes;
  return result as Args<B, S, C, N, D, Dash>;
}
