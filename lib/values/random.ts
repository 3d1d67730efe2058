/**
 * Random numbers as pure functions of (seed, stream, position): Philox4x32-10 (Salmon et al.,
 * 2011), the generator of TensorFlow's stateless ops. Host and graph therefore use the same family,
 * and a resumed run gets the same numbers.
 */

const M0 = 0xd2511f53;
const M1 = 0xcd9e8d57;
const W0 = 0x9e3779b9;
const W1 = 0xbb67ae85;

/** Returns the high 32 bits of the product of two unsigned 32-bit numbers. */
function high(a: number, b: number): number {
  const al = a & 0xffff;
  const ah = a >>> 16;
  const bl = b & 0xffff;
  const bh = b >>> 16;
  const middle = ah * bl + (al * bl >>> 16);
  const cross = al * bh + (middle & 0xffff);
  return ah * bh + (middle >>> 16) + (cross >>> 16);
}

/**
 * Writes one block of Philox4x32-10 to `out`: four unsigned 32-bit numbers, from a counter of four
 * and a key of two.
 */
export function philox(
  counter: ArrayLike<number>,
  key: ArrayLike<number>,
  out: Uint32Array,
): Uint32Array {
  let c0 = counter[0] >>> 0;
  let c1 = counter[1] >>> 0;
  let c2 = counter[2] >>> 0;
  let c3 = counter[3] >>> 0;
  let k0 = key[0] >>> 0;
  let k1 = key[1] >>> 0;
  for (let round = 0; round < 10; round++) {
    const h0 = high(M0, c0);
    const l0 = Math.imul(M0, c0) >>> 0;
    const h1 = high(M1, c2);
    const l1 = Math.imul(M1, c2) >>> 0;
    c0 = (h1 ^ c1 ^ k0) >>> 0;
    c1 = l1;
    c2 = (h0 ^ c3 ^ k1) >>> 0;
    c3 = l0;
    k0 = (k0 + W0) >>> 0;
    k1 = (k1 + W1) >>> 0;
  }
  out[0] = c0;
  out[1] = c1;
  out[2] = c2;
  out[3] = c3;
  return out;
}

/** Hashes a stream's name: FNV-1a of its UTF-8 bytes, an unsigned 32-bit number. */
export function hashName(name: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(name)) hash = Math.imul(hash ^ byte, 0x01000193);
  return hash >>> 0;
}

/** A sequence of random numbers on the host. */
export interface Stream {
  /** Returns the next number, uniform in [0, 1), with 32 random bits. */
  uniform(): number;
  /** Returns the next standard normal number (Box–Muller, with both numbers of a pair). */
  normal(): number;
  /** Returns the next whole number, uniform in [0, bound). */
  below(bound: number): number;
  /** Returns the numbers 0 … n − 1 in a random order (Fisher–Yates). */
  permutation(n: number): Uint32Array;
}

/**
 * Creates the stream `name` of a run's seed, e.g. `stream(1, "shuffle/12")`. Streams with other
 * names or seeds are independent: a new stream changes no other.
 */
export function stream(seed: number, name: string): Stream {
  const counter = new Uint32Array(4);
  const key = Uint32Array.of(seed >>> 0, hashName(name));
  const block = new Uint32Array(4);
  counter[2] = Math.floor(seed / 2 ** 32) >>> 0;
  let used = 4;
  const next = (): number => {
    if (used === 4) {
      philox(counter, key, block);
      counter[0]++;
      if (counter[0] === 0) counter[1]++;
      used = 0;
    }
    return block[used++];
  };
  const uniform = () => next() / 2 ** 32;
  const below = (bound: number) => Math.floor(uniform() * bound);
  let spare: number | undefined;
  const normal = () => {
    if (spare !== undefined) {
      const second = spare;
      spare = undefined;
      return second;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - uniform()));
    const angle = 2 * Math.PI * uniform();
    spare = radius * Math.sin(angle);
    return radius * Math.cos(angle);
  };
  return {
    uniform,
    below,
    normal,
    permutation(n) {
      const order = Uint32Array.from({ length: n }, (_, i) => i);
      for (let i = n - 1; i > 0; i--) {
        const j = below(i + 1);
        [order[i], order[j]] = [order[j], order[i]];
      }
      return order;
    },
  };
}
