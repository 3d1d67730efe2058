/**
 * Networks by the names they are exported under: those of `networks/mod.ts`, and anybody's own.
 *
 * @module
 */
import { didYouMean } from "../values/suggest.ts";
import { Failure } from "../values/failure.ts";
import { moduleOf } from "./identify.ts";
import { importModule } from "./import_module.ts";
import type { Net } from "../nn/network.ts";
import * as families from "../networks/mod.ts";

/** A network and what names it. */
export interface NamedNetwork {
  /** The name it is exported under; `imagenet.resnet18` for one inside a namespace. */
  readonly name: string;
  /** The network; where a function is exported that needs no arguments, what it gives. */
  readonly network: Net;
}

/** Every network of `networks/mod.ts`, by name. */
export function listNetworks(): NamedNetwork[] {
  const order = new Intl.Collator("en", { numeric: true });
  return [...exported(families)].sort((a, b) => order.compare(a.name, b.name));
}

/** Whether the command line names a module, and not a network of `networks/mod.ts`. */
export function isModule(spec: string): boolean {
  return /[#/\\]|\.ts$/.test(spec);
}

/**
 * The network that the command line names: `vgg8`, `imagenet.resnet18`, or `path/to/module.ts#name`
 * for one's own (without `#name` its default export). Rejects with a `Failure` (exit 2) that says
 * what was meant, or what there is.
 */
export async function findNetwork(spec: string): Promise<Net> {
  if (isModule(spec)) {
    const { network, others } = await networkIn(spec);
    if (network) return network;
    throw new Failure(2, `${spec} is no network${others}`);
  }
  const all = listNetworks();
  const found = all.find(({ name }) => name === spec);
  if (found) return found.network;
  throw new Failure(
    2,
    `there is no network ${spec}; \`deno task describe\` lists them all, path/to/module.ts#name is one of your own` +
      didYouMean(spec, all.map(({ name }) => name)),
  );
}

/**
 * What a module has at `path/to/module.ts#name`: the network, if it is one, and the end of a
 * message that says which networks the module exports. Rejects with a `Failure` (exit 2) where
 * there is no such module.
 */
export async function networkIn(
  spec: string,
): Promise<{ readonly network?: Net; readonly others: string }> {
  const [, path, name = "default"] = spec.match(/^(.*?)(?:#([^#/]*))?$/s)!;
  const exports = await importModule(moduleOf(spec));
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

/** The network that a value is, or that a function gives where every argument may be left out. */
function asNetwork(value: unknown): Net | undefined {
  if (isNet(value)) return value;
  if (typeof value !== "function" || value.length > 0) return undefined;
  try {
    const made = value();
    return isNet(made) ? made : undefined;
  } catch {
    // It makes something else, and not of nothing.
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
