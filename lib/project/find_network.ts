/**
 * Networks by the names of their exports: those of `networks/mod.ts`, and those of other modules.
 *
 * @module
 */
import { didYouMean } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";
import { findModule, splitSpec } from "./identify.ts";
import { importModule } from "./import_module.ts";
import type { Net } from "../nn/network.ts";
import * as families from "../networks/mod.ts";

/** A network and the name of its export. */
export interface NamedNetwork {
  /** The name of its export; `imagenet.resnet18` for one inside a namespace. */
  readonly name: string;
  /** The network. If the export is a function that needs no arguments, its result. */
  readonly network: Net;
}

/** Lists every network of `networks/mod.ts`, by name. */
export function listNetworks(): NamedNetwork[] {
  const order = new Intl.Collator("en", { numeric: true });
  return [...exported(families)].sort((a, b) => order.compare(a.name, b.name));
}

/** Whether the command line names a module, and not a network of `networks/mod.ts`. */
export function isModule(spec: string): boolean {
  return /[#/\\]|\.ts$/.test(spec);
}

/**
 * Finds the network that the command line names: `vgg8`, `imagenet.resnet18`, or, for one's own,
 * `path/to/module.ts#name` (without `#name` the default export). Rejects with a `Failure` (exit 2)
 * that suggests a name, also for an id, and says how to list the networks.
 */
export async function findNetwork(spec: string): Promise<Net> {
  if (isModule(spec)) {
    const { network, others } = await lookUpNetwork(spec);
    if (network) return network;
    throw new Failure(2, `${spec} is not a network${others}`);
  }
  const all = listNetworks();
  const found = all.find(({ name }) => name === spec);
  if (found) return found.network;
  // Tables print ids.
  const named = all.filter(({ network }) => network.id === spec).map(({ name }) => name);
  throw new Failure(
    2,
    `there is no network ${spec}; \`deno task describe\` lists them all, ` +
      "path/to/module.ts#name is one of your own" +
      (named.length > 0
        ? `; did you mean ${named.join(" or ")}?`
        : didYouMean(spec, all.map(({ name }) => name))),
  );
}

/** Lists the networks that a module exports, by name. */
export async function networksOf(spec: string): Promise<NamedNetwork[]> {
  const exports = await importModule(findModule(spec));
  return Object.entries(exports).flatMap(([name, network]) =>
    isNet(network) ? [{ name, network }] : []
  );
}

/**
 * Looks up `path/to/module.ts#name`: gives the network, if the export is one, and the end of a
 * message that lists the module's networks. Rejects with a `Failure` (exit 2) if there is no such
 * module.
 */
export async function lookUpNetwork(
  spec: string,
): Promise<{ readonly network?: Net; readonly others: string }> {
  const [path, name = "default"] = splitSpec(spec);
  const exports = await importModule(findModule(spec));
  const names = Object.keys(exports).filter((name) => name !== "default" && isNet(exports[name]));
  return {
    network: asNetwork(exports[name]),
    others: names.length > 0 ? `; ${path} has ${names.join(", ")}` : "",
  };
}

function* exported(
  namespace: Readonly<Record<string, unknown>>,
  prefix = "",
): Generator<NamedNetwork> {
  for (const [key, value] of Object.entries(namespace)) {
    const name = prefix + key;
    const network = asNetwork(value);
    if (network) yield { name, network };
    else if (isNamespace(value)) yield* exported(value, `${name}.`);
  }
}

/** The network that a value is, or that a function without required arguments returns. */
function asNetwork(value: unknown): Net | undefined {
  if (isNet(value)) return value;
  if (typeof value !== "function" || value.length > 0) return undefined;
  try {
    const result = value();
    return isNet(result) ? result : undefined;
  } catch {
    // A factory of something else that needs arguments.
    return undefined;
  }
}

function isNet(value: unknown): value is Net {
  return typeof value === "object" && value !== null && "id" in value &&
    typeof value.id === "string" &&
    "stages" in value && typeof value.stages === "function";
}

function isNamespace(value: unknown): value is Readonly<Record<string, unknown>> {
  return Object.prototype.toString.call(value) === "[object Module]";
}
