import { Failure } from "../values/failure.ts";
import { arrayOf, count, looseObject, readAs, recordOf, text } from "../values/reader.ts";
import { type Cluster, workerName } from "./cluster.ts";

/** What all workers must have in common, by its name in messages, e.g. `declaration`. */
export type Agreement = Readonly<Record<string, string>>;

/** What a worker says first. */
export interface Hello extends Cluster {
  readonly agreement: Agreement;
}

const readHello = looseObject<Hello>({
  addresses: arrayOf(text),
  rank: count,
  agreement: recordOf(text),
});

/** Encodes a hello as JSON. */
export function encodeHello(hello: Hello): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(JSON.stringify(hello));
}

/** Decodes a hello. Throws if the bytes are none. */
export function decodeHello(bytes: Uint8Array): Hello {
  return readAs(
    JSON.parse(new TextDecoder().decode(bytes)),
    readHello,
    (problem) => new Error(problem),
  );
}

/**
 * Throws a `Failure` (exit 2) that names the difference if the worker that says `theirs` does not
 * belong to the worker that says `ours`.
 */
export function checkHello(ours: Hello, theirs: Hello): void {
  const addresses = theirs.addresses.join(",");
  const expected = ours.addresses.join(",");
  if (addresses !== expected) {
    throw new Failure(
      2,
      `a worker has another cluster: its workers are ${addresses}, but this one's are ${expected}`,
    );
  }
  if (theirs.rank === ours.rank) {
    throw new Failure(
      2,
      `two workers are number ${ours.rank}: give each its own --rank, or task.index in TF_CONFIG`,
    );
  }
  const names = new Set([...Object.keys(ours.agreement), ...Object.keys(theirs.agreement)]);
  for (const name of names) {
    const [own = "none", other = "none"] = [ours.agreement[name], theirs.agreement[name]];
    if (own === other) continue;
    const who = workerName(ours, theirs.rank);
    throw new Failure(2, `${who} has another ${name}: ${other}, but this one's is ${own}`);
  }
}
