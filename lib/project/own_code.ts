/**
 * The user's own code behind an experiment: what its modules run, and those that they import,
 * outside the package.
 *
 * @module
 */
import { relative } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { isPackageFile } from "../values/package_file.ts";
import { sha256 } from "../values/sha256.ts";
import type { Identity } from "./identify.ts";
import {
  type ImportedName,
  type OwnModule,
  parseModule,
  type Part,
  textModule,
} from "./own_module.ts";

/**
 * A fingerprint of the user's own code: for each module, by its path from the project's folder, the
 * SHA-256 of the code that the experiment runs of it. Comments, blank space, types and what only
 * other experiments run do not count.
 */
export type OwnCode = { readonly [path: string]: string };

/**
 * Fingerprints the code of an experiment, as this process has loaded it. Neither the package nor
 * modules that it or the user takes from a registry are part of it: these have versions.
 */
export async function ownCode(identity: Identity, root: string): Promise<OwnCode> {
  return await fingerprint(await reachExperiment(identity, "all"), root);
}

/**
 * Fingerprints, as `ownCode` does, the code that the training itself runs: functions, classes and
 * what they use, and the arguments of calls of them. Code that only makes the declaration does not
 * count, since the declaration shows its result: values, the whole of a `schedule`, and the
 * arguments of a function that declares an experiment.
 */
export async function ownFunctions(identity: Identity, root: string): Promise<OwnCode> {
  const all = await reachExperiment(identity, "training");
  const called = restart(all);
  for (const [href, { module, parts }] of all.modules) {
    for (const part of parts) {
      if (part.isCallable) await addParts(called, href, [part]);
      for (const { callee, ...call } of part.calls) {
        const inside = restart(all);
        await addParts(inside, href, [{ ...PLAIN, text: "", uses: new Set([callee]) }]);
        const functions = [...inside.modules.values()].flatMap(({ parts }) =>
          [...parts].filter(({ isCallable }) => isCallable)
        );
        if (functions.length === 0 || functions.some(declares)) continue;
        await addParts(called, href, [{ ...PLAIN, ...call }]);
      }
    }
    // A module's statements may have set anything up, so they count; what they use does not.
    for (const part of effectsOf(module)) called.modules.get(href)!.parts.add(part);
  }
  return await fingerprint(called, root);
}

/** Whether a function declares an experiment. */
function declares({ calls }: Part): boolean {
  return calls.some(({ callee }) => callee === "experiment");
}

/** The same modules, of which nothing is reached yet. */
function restart({ scope, modules }: Walk): Walk {
  return {
    scope,
    modules: new Map(Array.from(modules, ([href, { module }]) => [href, unreached(module)])),
  };
}

/** A part that only uses names. */
const PLAIN = {
  declares: new Set<string>(),
  loads: [],
  isCallable: false,
  schedules: new Set<string>(),
  calls: [],
};

async function reachExperiment(
  { module, name }: Identity,
  scope: Walk["scope"],
): Promise<Walk> {
  const walk = { scope, modules: new Map() };
  await reach(walk, pathToFileURL(module).href, { experiment: name });
  return walk;
}

async function fingerprint({ modules }: Walk, root: string): Promise<OwnCode> {
  const digests: [string, string][] = [];
  for (const [href, { module, parts, imports }] of modules) {
    const calls = [...parts].filter((part) => !module.parts.includes(part));
    const texts = [
      ...module.parts.filter((part) => parts.has(part)).map(({ text }) => text),
      ...calls.map(({ text }) => text).sort(),
    ];
    // A module that only passes names on runs nothing itself.
    if (texts.length === 0) continue;
    const text = new TextEncoder().encode([...[...imports].sort(), ...texts].join("\n"));
    digests.push([relative(root, fileURLToPath(href)), await sha256(text)]);
  }
  return Object.fromEntries(digests.sort(([a], [b]) => a < b ? -1 : 1));
}

/**
 * Lists the modules that changed between two fingerprints: those that are there now, then those that
 * are gone. A module that only moved has not changed.
 */
export function changedCode(before: OwnCode, now: OwnCode): string[] {
  const differs = (one: OwnCode, other: OwnCode) => {
    const known = new Set(Object.values(other));
    return Object.keys(one).filter((path) => !known.has(one[path]));
  };
  return [...new Set([...differs(now, before), ...differs(before, now)])];
}

/** A walk through what an experiment runs. */
interface Walk {
  /** What it reaches: all code, or only what the training itself may run. */
  readonly scope: "all" | "training";
  /** What is reached of each module, by their addresses. */
  readonly modules: Map<string, Reached>;
}

/** What an experiment runs of a module. */
interface Reached {
  readonly module: OwnModule;
  readonly parts: Set<Part>;
  /** The imported names that the parts use, with their names in other modules. */
  readonly imports: Set<string>;
}

const unreached = (module: OwnModule): Reached => ({
  module,
  parts: new Set(),
  imports: new Set(),
});

/** What is wanted of a module: an export, `*` for all of them, or an experiment. */
type Wanted = string | { readonly experiment: string | undefined };

/** Adds what this wish runs of a module and of those that it imports. */
async function reach(walk: Walk, href: string, wanted: Wanted): Promise<void> {
  const module = await read(href);
  if (!walk.modules.has(href)) {
    walk.modules.set(href, unreached(module));
    if (walk.scope === "all") await addParts(walk, href, effectsOf(module));
    for (const specifier of module.effects) await follow(walk, href, { specifier, name: "" });
  }
  for (const found of find(module, wanted)) {
    if ("specifier" in found) await follow(walk, href, found);
    else await addParts(walk, href, declaring(module, found));
  }
}

/** The parts of a module that run whatever is imported. */
function effectsOf({ parts }: OwnModule): Part[] {
  return parts.filter(({ declares }) => declares.size === 0);
}

/** The local names of what is wanted, or where it comes from. */
function find(
  { exports, members, stars }: OwnModule,
  wanted: Wanted,
): readonly (readonly string[] | ImportedName)[] {
  const everything = [
    ...exports.values(),
    ...stars.map((specifier) => ({ specifier, name: "*" })),
  ];
  if (wanted === "*") return everything;
  if (typeof wanted === "object") {
    const { experiment = "default" } = wanted;
    const found = exports.get(experiment) ?? members.get(experiment);
    // A function may have made a record that has this experiment.
    return found ? [found] : everything;
  }
  const found = exports.get(wanted);
  return found ? [found] : stars.map((specifier) => ({ specifier, name: wanted }));
}

function declaring({ parts }: OwnModule, names: readonly string[]): Part[] {
  return parts.filter(({ declares }) => names.some((name) => declares.has(name)));
}

/** Adds parts of a module, and all that they use. */
async function addParts(walk: Walk, href: string, added: readonly Part[]): Promise<void> {
  const { module, parts, imports } = walk.modules.get(href)!;
  for (const part of added) {
    if (parts.has(part)) continue;
    parts.add(part);
    const uses = [...part.uses].filter((name) => walk.scope === "all" || !part.schedules.has(name));
    await addParts(walk, href, declaring(module, uses));
    for (const local of uses) {
      const from = module.imports.get(local);
      if (!from) continue;
      // The place of a module may change, but not what a name of a registry's module stands for.
      const registry = isPath(from.specifier) ? "" : ` of ${from.specifier}`;
      imports.add(`${local} is ${from.name}${registry}`);
      await follow(walk, href, from);
    }
    for (const specifier of part.loads) await follow(walk, href, { specifier, name: "*" });
  }
}

/** Adds what an imported name runs, if its module is the user's own. */
async function follow(
  walk: Walk,
  importer: string,
  { specifier, name }: ImportedName,
): Promise<void> {
  const href = resolve(specifier, importer);
  if (href !== undefined && isOwn(href)) await reach(walk, href, name);
}

const isPath = (specifier: string): boolean => /^(\.{0,2}\/|file:)/.test(specifier);

function resolve(specifier: string, importer: string): string | undefined {
  if (isPath(specifier)) return new URL(specifier, importer).href;
  try {
    return import.meta.resolve(specifier);
  } catch {
    // Names of a registry that this process has not imported.
    return undefined;
  }
}

const PACKAGE = ["lib/", "datasets/", "mod.ts"].map((place) =>
  new URL(`../../${place}`, import.meta.url).href
);

/** Whether a module is the user's own: neither the package's nor a registry's. */
function isOwn(href: string): boolean {
  // Deno resolves a registry's module that is loaded to its file.
  return href.startsWith("file:") && !isPackageFile(href) &&
    !PACKAGE.some((place) => href.startsWith(place));
}

const modules = new Map<string, Promise<OwnModule>>();

/** Reads a module once, since the process runs what it loaded first. */
function read(href: string): Promise<OwnModule> {
  const known = modules.get(href) ?? Deno.readTextFile(new URL(href)).then(toModule);
  modules.set(href, known);
  return known;
}

function toModule(source: string): OwnModule {
  try {
    return parseModule(source);
  } catch {
    // JSON, or a syntax of tomorrow: its whole text counts.
    return textModule(source);
  }
}
