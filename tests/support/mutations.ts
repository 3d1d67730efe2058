/** Mutations of a file's bytes. */
import fc from "fast-check";

type Bytes = Uint8Array<ArrayBuffer>;

/** A mutation of a file: it replaces, inserts, removes or repeats bytes. */
type Change = (bytes: Bytes) => Bytes;

const concat = (...parts: Uint8Array[]): Bytes => {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  parts.reduce((at, part) => (bytes.set(part, at), at + part.length), 0);
  return bytes;
};

/** A place as a share of the length, so that it is valid after every earlier mutation. */
const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
/** A byte, more often one that means something to a parser. */
export const byteValue: fc.Arbitrary<number> = fc.oneof(
  fc.constantFrom(0, 1, 0x7f, 0x80, 0xff),
  fc.constantFrom(...Array.from('(.0eutR]}QchbqKN["{}:,9-', (letter) => letter.charCodeAt(0))),
  fc.integer({ min: 0, max: 255 }),
);
const few = fc.array(byteValue, { minLength: 1, maxLength: 8 });

const change: fc.Arbitrary<Change> = fc.oneof(
  { weight: 4, arbitrary: fc.tuple(place, few).map(([at, values]) => overwrite(at, values)) },
  {
    weight: 2,
    arbitrary: fc.tuple(place, fc.integer({ min: 0, max: 7 })).map(([at, bit]) => flip(at, bit)),
  },
  { weight: 2, arbitrary: fc.tuple(place, few).map(([at, values]) => insert(at, values)) },
  { weight: 1, arbitrary: place.map((at) => (bytes: Bytes) => bytes.slice(0, at * bytes.length)) },
  {
    weight: 1,
    arbitrary: fc.tuple(place, place).map(([a, b]) => (bytes: Bytes) => remove(bytes, a, b)),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(place, place, place).map(([a, b, to]) => (bytes: Bytes) =>
      repeat(bytes, a, b, to)
    ),
  },
);

function overwrite(at: number, values: readonly number[]): Change {
  return (bytes) => {
    const changed = bytes.slice();
    const start = Math.floor(at * bytes.length);
    changed.set(values.slice(0, bytes.length - start), start);
    return changed;
  };
}

function flip(at: number, bit: number): Change {
  return (bytes) => {
    const changed = bytes.slice();
    if (changed.length > 0) changed[Math.floor(at * bytes.length)] ^= 1 << bit;
    return changed;
  };
}

function insert(at: number, values: readonly number[]): Change {
  return (bytes) => {
    const start = Math.floor(at * bytes.length);
    return concat(bytes.subarray(0, start), Uint8Array.from(values), bytes.subarray(start));
  };
}

function remove(bytes: Bytes, a: number, b: number): Bytes {
  const start = Math.floor(a * bytes.length);
  const end = start + Math.floor(b * 32);
  return concat(bytes.subarray(0, start), bytes.subarray(end));
}

function repeat(bytes: Bytes, a: number, b: number, to: number): Bytes {
  const start = Math.floor(a * bytes.length);
  const chunk = bytes.subarray(start, start + 1 + Math.floor(b * 200));
  const at = Math.floor(to * bytes.length);
  return concat(bytes.subarray(0, at), chunk, bytes.subarray(at));
}

/** A file of one to three mutations of these bytes. */
export function mutationOf(bytes: Bytes): fc.Arbitrary<Bytes> {
  return fc.array(change, { minLength: 1, maxLength: 3 })
    .map((changes) => changes.reduce((changed, one) => one(changed), bytes));
}
