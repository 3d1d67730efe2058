/**
 * A module of the user's own, divided into the parts that its exports run, so that only those count
 * as the code of an experiment (`own_code.ts`).
 *
 * @module
 */
import { stripTypeScriptTypes } from "node:module";
import { type Node, parse, type Token as TypedToken } from "acorn";
import { analyze } from "eslint-scope";

/** A name of another module. */
export interface ImportedName {
  readonly specifier: string;
  /** The name there; `*` for all of them. */
  readonly name: string;
}

/** A part of a module: a statement at its top, or a member of the record that is its default. */
export interface Part {
  /** Its tokens: no comments, no blank space, no types. */
  readonly text: string;
  /** The module's own and imported names that it uses. */
  readonly uses: ReadonlySet<string>;
  /** The names that it declares. None: it runs for its effect. */
  readonly declares: ReadonlySet<string>;
  /** The specifiers of modules that it imports while it runs. */
  readonly loads: readonly string[];
  /** Whether it has a function or a class, which others may call later. */
  readonly isCallable: boolean;
  /**
   * The names among `uses` that it uses only as the `schedule` of an experiment, which is declared
   * in full. None, if the part is callable.
   */
  readonly schedules: ReadonlySet<string>;
  /** The calls in it of the module's own and imported names, but for those in a `schedule`. */
  readonly calls: readonly NamedCall[];
}

/** A call of a name, with its arguments. */
export interface NamedCall extends Pick<Part, "text" | "uses"> {
  readonly callee: string;
}

/** A module in parts, so that what one export runs can be told from the rest. */
export interface OwnModule {
  /** The parts, in order. */
  readonly parts: readonly Part[];
  /** What each local name is imported from. */
  readonly imports: ReadonlyMap<string, ImportedName>;
  /** The local names of each export, or the module that it comes from. */
  readonly exports: ReadonlyMap<string, readonly string[] | ImportedName>;
  /** The members of the default export, by name: their local names. */
  readonly members: ReadonlyMap<string, readonly string[]>;
  /** The specifiers of `export * from`. */
  readonly stars: readonly string[];
  /** The specifiers of modules that are imported for their effect. */
  readonly effects: readonly string[];
}

/** A token. The types of `acorn` lack its value. */
type Token = TypedToken & { readonly value?: unknown };

/** The local name of a default export that has none. */
const DEFAULT = "*default*";

/** Divides a TypeScript or JavaScript module into its parts. Throws if it does not parse. */
export function parseModule(source: string): OwnModule {
  const code = stripTypeScriptTypes(source, { mode: "transform" });
  const tokens: Token[] = [];
  const { body } = parse(code, {
    ecmaVersion: "latest",
    sourceType: "module",
    onToken: tokens,
    ranges: true,
  });
  const imports = new Map<string, ImportedName>();
  const exports = new Map<string, readonly string[] | ImportedName>();
  const members = new Map<string, readonly string[]>();
  const stars: string[] = [];
  const effects: string[] = [];
  const places: Place[] = [];
  const names = topNames(body);
  for (const node of body) {
    if (node.type === "ImportDeclaration") {
      const specifier = String(node.source.value);
      if (node.specifiers.length === 0) effects.push(specifier);
      for (const one of node.specifiers) {
        const name = one.type === "ImportSpecifier"
          ? nameOf(one.imported)
          : one.type === "ImportDefaultSpecifier"
          ? "default"
          : "*";
        imports.set(one.local.name, { specifier, name });
      }
    } else if (node.type === "ExportAllDeclaration") {
      const specifier = String(node.source.value);
      if (node.exported) exports.set(nameOf(node.exported), { specifier, name: "*" });
      else stars.push(specifier);
    } else if (node.type === "ExportNamedDeclaration" && !node.declaration) {
      for (const { local, exported } of node.specifiers) {
        const from = node.source && String(node.source.value);
        const name = nameOf(local);
        exports.set(nameOf(exported), from ? { specifier: from, name } : [name]);
      }
    } else if (node.type === "ExportDefaultDeclaration") {
      const inside = recordMembers(node.declaration);
      const settings = sweepSettings(node.declaration);
      const within = [...inside.map(({ place }) => place), ...settings];
      places.push({ ...rangeOf(node), declares: [DEFAULT] }, ...within);
      for (const { key, place } of inside) members.set(key, [DEFAULT, ...place.declares]);
      const own = names.filter(({ at }) => isInside(at, node)).map(({ name }) => name);
      const all = [DEFAULT, ...own, ...inside.flatMap(({ place }) => place.declares)];
      exports.set("default", all);
    } else {
      places.push({ ...rangeOf(node), declares: [] });
      if (node.type !== "ExportNamedDeclaration") continue;
      for (const { name, at } of names) if (isInside(at, node)) exports.set(name, [name]);
    }
  }
  for (const [exported, of] of exports) {
    const imported = "specifier" in of ? undefined : imports.get(of[0]);
    if (imported) exports.set(exported, imported);
  }
  return { parts: partsAt(places, code, tokens, names), imports, exports, members, stars, effects };
}

/** A module that is no program, in one part: what it exports is its text. */
export function textModule(source: string): OwnModule {
  const names = { uses: new Set<string>(), declares: new Set([DEFAULT]) };
  const part = {
    text: source,
    ...names,
    loads: [],
    isCallable: true,
    schedules: new Set<string>(),
    calls: [],
  };
  const nothing = { imports: new Map(), members: new Map(), stars: [], effects: [] };
  return { parts: [part], exports: new Map([["default", [DEFAULT]]]), ...nothing };
}

/** A range of a module's code. */
type Range = Pick<Node, "start" | "end">;

/** The range of a part, with the names that its kind declares. */
type Place = Range & { readonly declares: readonly string[] };

const rangeOf = ({ start, end }: Range): Range => ({ start, end });

const isInside = (position: number, { start, end }: Range): boolean =>
  position >= start && position < end;

type Body = ReturnType<typeof parse>["body"];
type Statement<K extends Body[number]["type"]> = Extract<Body[number], { type: K }>;
type Declared = Statement<"ExportDefaultDeclaration">["declaration"];
type Named = Statement<"ExportNamedDeclaration">["specifiers"][number]["local"];

function nameOf(node: Named): string {
  return node.type === "Identifier" ? node.name : String(node.value);
}

/**
 * The members of a record of experiments: of an object, of the changes of an `ablation`, or of one
 * that is spread into an object. Other calls may do anything with their arguments.
 */
function recordMembers(node: Declared): { readonly key: string; readonly place: Place }[] {
  const record = node.type === "CallExpression" && node.callee.type === "Identifier" &&
      node.callee.name === "ablation"
    ? node.arguments.at(-1)
    : node;
  if (record?.type !== "ObjectExpression") return [];
  return record.properties.flatMap((property) => {
    if (property.type === "SpreadElement") return recordMembers(property.argument);
    if (property.type !== "Property" || property.computed) return [];
    const { key } = property;
    if (key.type !== "Identifier" && key.type !== "Literal") return [];
    const name = key.type === "Identifier" ? key.name : String(key.value);
    return [{ key: name, place: { ...rangeOf(property), declares: [`${DEFAULT}.${name}`] } }];
  });
}

/**
 * The places of a sweep's space and method. No point of the sweep runs them: a point's name says
 * which one it is, and its declaration has its settings.
 */
function sweepSettings(node: Declared): Place[] {
  if (node.type !== "CallExpression") return [];
  const { callee, arguments: [options] } = node;
  const called = callee.type === "MemberExpression" ? callee.property : callee;
  if (called.type !== "Identifier" || called.name !== "sweep") return [];
  if (options?.type !== "ObjectExpression") return [];
  return options.properties.flatMap((property) => {
    if (property.type !== "Property" || property.key.type !== "Identifier") return [];
    const { name } = property.key;
    return ["space", "method"].includes(name)
      ? [{ ...rangeOf(property), declares: [`${DEFAULT}.${name}`] }]
      : [];
  });
}

/** A name at the top of a module, and where it is declared and used. */
interface TopName {
  readonly name: string;
  readonly at: number;
  readonly uses: readonly number[];
}

/** What is read of `eslint-scope`, which has no types. */
interface Scopes {
  readonly globalScope: {
    readonly childScopes: readonly [{
      readonly variables: readonly {
        readonly name: string;
        readonly defs: readonly { readonly name: Range }[];
        readonly references: readonly { readonly identifier: Range }[];
      }[];
    }];
  };
}

function topNames(body: Body): readonly TopName[] {
  const program = { type: "Program", sourceType: "module", body };
  const { globalScope }: Scopes = analyze(program, { ecmaVersion: 2022, sourceType: "module" });
  return globalScope.childScopes[0].variables.map(({ name, defs, references }) => ({
    name,
    at: defs[0].name.start,
    uses: references.map(({ identifier }) => identifier.start),
  }));
}

/** Fills parts with the tokens and the names at their places, each at the innermost one. */
function partsAt(
  places: readonly Place[],
  code: string,
  tokens: readonly Token[],
  names: readonly TopName[],
): Part[] {
  // A member stands after the part that it is inside of.
  const placeAt = (position: number) => places.findLastIndex((place) => isInside(position, place));
  const parts = places.map(({ declares }) => ({
    words: [] as string[],
    uses: new Set<string>(),
    declares: new Set(declares),
    loads: [] as string[],
    isCallable: false,
    schedules: new Set<string>(),
    calls: [] as NamedCall[],
  }));
  const schedules = scheduleRanges(tokens);
  const placed = tokens.map(({ start }) => parts[placeAt(start)]);
  for (const [i, token] of tokens.entries()) {
    const part = placed[i];
    // Another member of a record changes nothing of the others.
    const isBehindMember = token.type.label === "," && placed[i - 1] !== part;
    if (!part || isBehindMember) continue;
    part.words.push(wordOf(token, code));
    const [before, opening] = [tokens[i - 2], tokens[i - 1]].map((one) => one?.type.label);
    part.isCallable ||= ["=>", "function", "class"].includes(token.type.label) ||
      // The body of a method.
      opening === ")" && token.type.label === "{";
    if (before === "import" && opening === "(" && token.type.label === "string") {
      part.loads.push(String(token.value));
    }
  }
  for (const { name, at, uses } of names) {
    parts[placeAt(at)]?.declares.add(name);
    for (const use of uses) {
      const part = parts[placeAt(use)];
      if (!part) continue;
      const isUsed = part.uses.has(name) && !part.schedules.has(name);
      part.uses.add(name);
      if (!part.isCallable && schedules.some((range) => isInside(use, range))) {
        if (!isUsed) part.schedules.add(name);
        continue;
      }
      part.schedules.delete(name);
      const inside = callAt(use, tokens);
      if (inside.length === 0) continue;
      const { start } = inside[0];
      const { end } = inside.at(-1)!;
      const used = names.filter(({ uses }) => uses.some((at) => isInside(at, { start, end })));
      part.calls.push({
        callee: name,
        text: inside.map((token) => wordOf(token, code)).join(" "),
        uses: new Set(used.map(({ name }) => name)),
      });
    }
  }
  return parts.map(({ words, ...part }) => ({ text: words.join(" "), ...part }));
}

/** The ranges of the values of properties called `schedule`. */
function scheduleRanges(tokens: readonly Token[]): Range[] {
  const ranges: Range[] = [];
  const open: string[] = [];
  for (const [i, { type: { label }, value }] of tokens.entries()) {
    if (isOpening(label)) open.push(label);
    if (isClosing(label)) open.pop();
    if (value !== "schedule" || open.at(-1) !== "{") continue;
    const last = tokens[i + 1]?.type.label === ":" ? endOfExpression(tokens, i + 2) : i;
    ranges.push({ start: tokens[i].start, end: tokens[last].end });
  }
  return ranges;
}

/** The position of the last token of an expression that begins at `first`, inside of brackets. */
function endOfExpression(tokens: readonly Token[], first: number): number {
  let depth = 0;
  for (let at = first; at < tokens.length; at++) {
    const { label } = tokens[at].type;
    if (depth === 0 && (label === "," || isClosing(label))) return at - 1;
    if (isOpening(label)) depth++;
    if (isClosing(label)) depth--;
  }
  return tokens.length - 1;
}

const isOpening = (label: string): boolean => ["(", "[", "{", "${"].includes(label);
const isClosing = (label: string): boolean => [")", "]", "}"].includes(label);

/** The tokens of the call of a name, or of a member of it, at a position. None if it is no call. */
function callAt(position: number, tokens: readonly Token[]): readonly Token[] {
  const first = tokens.findIndex(({ start }) => start === position);
  let at = first + 1;
  while (tokens[at]?.type.label === ".") at += 2;
  if (tokens[at]?.type.label !== "(") return [];
  for (let depth = 0; at < tokens.length; at++) {
    const { label } = tokens[at].type;
    if (isOpening(label)) depth++;
    if (isClosing(label) && --depth === 0) break;
  }
  return tokens.slice(first, at + 1);
}

/** A token, with one way to quote a text. */
function wordOf({ type, value, start, end }: Token, code: string): string {
  return type.label === "string" ? JSON.stringify(value) : code.slice(start, end);
}
