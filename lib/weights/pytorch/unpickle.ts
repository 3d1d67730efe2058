import { quoteText } from "../../values/words.ts";
import { FileRefused, refuseDamaged, refuseForeign } from "../refused.ts";
import { Cursor, latin1 } from "./cursor.ts";
import { buildObject, readReference } from "./calls.ts";
import { kindOf, type Pickled, PickledName, PickledObject, Storage } from "./objects.ts";

/** The result of reading a pickle. */
export interface Unpickled {
  readonly value: Pickled;
  /** The position after the pickle. */
  readonly end: number;
  /** The storages that the pickle refers to. */
  readonly storages: readonly Storage[];
}

/** The maximum nesting of lists, dicts and tuples. Checkpoints have three or four levels. */
const MAX_LEVELS = 64;

/**
 * The maximum number of instructions in a file of so many bytes. One that makes a container counts
 * as eight. A tensor needs about 90: the maximum is enough for thousands of small ones, and keeps
 * the values of a pickle below twice its file.
 */
const maxInstructions = (size: number): number => 2 ** 18 + size / BYTES_PER_INSTRUCTION;

const BYTES_PER_INSTRUCTION = 32;

/**
 * Reads the pickle at a position of these bytes, in a file of `size` bytes. `refer` finds what a
 * persistent id stands for. Default: storages. Throws a `FileRefused`.
 */
export function unpickle(
  bytes: Uint8Array,
  start = 0,
  size = bytes.length,
  refer: (id: Pickled) => Pickled = readReference,
): Unpickled {
  const machine = new Machine(new Cursor(bytes, start), maxInstructions(size), refer);
  for (;;) {
    const code = machine.in.uint8();
    if (code === STOP) {
      return { value: machine.pop(), end: machine.in.at, storages: machine.storages };
    }
    machine.work(1);
    const run = INSTRUCTIONS[String.fromCharCode(code)];
    if (!run) throw refuseDamaged(`its pickle has the unknown instruction 0x${code.toString(16)}`);
    run(machine);
  }
}

/** The stack machine's state. */
class Machine {
  readonly in: Cursor;
  readonly storages: Storage[] = [];
  readonly #stack: Pickled[] = [];
  readonly #marks: number[] = [];
  readonly #memo = new Map<number, Pickled>();
  readonly #levels = new Map<object, number>();
  readonly #refer: (id: Pickled) => Pickled;
  #left: number;

  constructor(cursor: Cursor, work: number, refer: (id: Pickled) => Pickled) {
    this.in = cursor;
    this.#left = work;
    this.#refer = refer;
  }

  work(amount: number): void {
    this.#left -= amount;
    if (this.#left < 0) {
      throw new FileRefused("is refused: its pickle has more values than a checkpoint can need");
    }
  }

  push(value: Pickled): void {
    this.#stack.push(value);
  }

  pop(): Pickled {
    this.#require(1);
    return this.#stack.pop()!;
  }

  top(): Pickled {
    this.#require(1);
    return this.#stack.at(-1)!;
  }

  /** Removes and returns the last `count` values. */
  take(count: number): Pickled[] {
    this.#require(count);
    return this.#stack.splice(this.#stack.length - count);
  }

  mark(): void {
    this.#marks.push(this.#stack.length);
  }

  /** Removes and returns the values since the last mark. */
  takeMarked(): Pickled[] {
    const start = this.#marks.pop();
    if (start === undefined) throw refuseDamaged("its pickle closes more than it opens");
    return this.#stack.splice(start);
  }

  put(index: number): void {
    this.#memo.set(index, this.top());
  }

  putNext(): void {
    this.put(this.#memo.size);
  }

  get(index: number): void {
    const value = this.#memo.get(index);
    if (value === undefined) {
      throw refuseDamaged(`its pickle recalls the value ${index}, which it has not kept`);
    }
    this.push(value);
  }

  /** Pushes a new container. */
  make(container: Container, contents: readonly Pickled[] = []): void {
    this.work(7);
    this.nest(container, contents);
    this.push(container);
  }

  /** Pushes what a persistent id stands for, and records a storage. */
  refer(id: Pickled): void {
    const found = this.#refer(id);
    if (found instanceof Storage) this.storages.push(found);
    this.push(found);
  }

  /** Records that these values are now in this container, and the depth of that. */
  nest(container: object, contents: readonly Pickled[]): void {
    let level = this.#levels.get(container) ?? 1;
    for (const value of contents) {
      if (isContainer(value)) {
        level = Math.max(level, 1 + (this.#levels.get(value) ?? 1));
      }
    }
    if (level > MAX_LEVELS) {
      throw new FileRefused(
        `is refused: it nests lists and dicts more than ${MAX_LEVELS} levels deep`,
      );
    }
    if (level > 1) this.#levels.set(container, level);
  }

  /** Throws unless so many values lie above the last mark. */
  #require(count: number): void {
    if (this.#stack.length - (this.#marks.at(-1) ?? 0) < count) {
      throw refuseDamaged("its pickle takes more than it has put");
    }
  }
}

/** A value that has others in it. */
type Container = Pickled[] | Map<Pickled, Pickled> | PickledObject;

const isContainer = (value: Pickled): value is Container =>
  Array.isArray(value) || value instanceof Map || value instanceof PickledObject;

const STOP = 0x2e;

type Instruction = (machine: Machine) => void;

/**
 * The instructions by their codes as characters. Those above 127 came with protocol 2 (80 to 8b), 4
 * (8c to 95) and 5 (96).
 */
const INSTRUCTIONS: Readonly<Record<string, Instruction>> = {
  "\x80": checkVersion,
  "\x95": (m) => m.in.uint64(), // a frame's length
  "N": (m) => m.push(null),
  "\x88": (m) => m.push(true),
  "\x89": (m) => m.push(false),
  "I": (m) => m.push(parseNumber(m.in.line())),
  "L": (m) => m.push(parseNumber(m.in.line())),
  "F": (m) => m.push(Number(m.in.line())),
  "J": (m) => m.push(m.in.int32()),
  "K": (m) => m.push(m.in.uint8()),
  "M": (m) => m.push(m.in.uint16()),
  "G": (m) => m.push(m.in.float64()),
  "\x8a": (m) => pushLong(m, m.in.uint8()),
  "\x8b": (m) => pushLong(m, m.in.uint32()),
  "S": (m) => m.push(unquote(m.in.line())),
  "V": (m) => m.push(withoutEscapes(m.in.line())),
  // Python 2 wrote its strings with the next two, and its bytes too.
  "T": (m) => m.push(latin1(m.in.take(m.in.uint32()))),
  "U": (m) => m.push(latin1(m.in.take(m.in.uint8()))),
  "X": (m) => m.push(m.in.text(m.in.uint32())),
  "\x8c": (m) => m.push(m.in.text(m.in.uint8())),
  "\x8d": (m) => m.push(m.in.text(m.in.uint64())),
  "B": (m) => m.push(m.in.take(m.in.uint32())),
  "C": (m) => m.push(m.in.take(m.in.uint8())),
  "\x8e": (m) => m.push(m.in.take(m.in.uint64())),
  "\x96": (m) => m.push(m.in.take(m.in.uint64())),

  "(": (m) => m.mark(),
  "0": (m) => m.pop(),
  "1": (m) => m.takeMarked(),
  "2": (m) => m.push(m.top()),
  "p": (m) => m.put(Number(m.in.line())),
  "q": (m) => m.put(m.in.uint8()),
  "r": (m) => m.put(m.in.uint32()),
  "\x94": (m) => m.putNext(),
  "g": (m) => m.get(Number(m.in.line())),
  "h": (m) => m.get(m.in.uint8()),
  "j": (m) => m.get(m.in.uint32()),

  ")": (m) => m.make([]),
  "]": (m) => m.make([]),
  "}": (m) => m.make(new Map()),
  "t": (m) => pushList(m, m.takeMarked()),
  "l": (m) => pushList(m, m.takeMarked()),
  "d": (m) => pushDict(m, m.takeMarked()),
  "\x85": (m) => pushList(m, m.take(1)),
  "\x86": (m) => pushList(m, m.take(2)),
  "\x87": (m) => pushList(m, m.take(3)),
  "a": (m) => append(m, m.take(1)),
  "e": (m) => append(m, m.takeMarked()),
  "s": (m) => setItems(m, m.take(2)),
  "u": (m) => setItems(m, m.takeMarked()),

  "c": (m) => m.push(new PickledName(`${m.in.line()}.${m.in.line()}`)),
  "\x93": (m) => pushName(m, m.take(2)),
  "i": (m) => call(m, new PickledName(`${m.in.line()}.${m.in.line()}`), m.takeMarked()),
  "R": (m) => callTop(m, m.take(2)),
  "\x81": (m) => callTop(m, m.take(2)),
  "o": (m) => callFirst(m, m.takeMarked()),
  "\x92": (m) => callWithOptions(m, m.take(3)),
  "Q": (m) => m.refer(m.pop()),
  "b": setState,

  "\x8f": (m) => m.make([]), // a set
  "\x90": (m) => append(m, m.takeMarked()),
  "\x91": (m) => pushList(m, m.takeMarked()),

  "P": () => refuse("refers to something that is not a storage"),
  "\x82": () => refuse("makes an object of Python's extension registry"),
  "\x83": () => refuse("makes an object of Python's extension registry"),
  "\x84": () => refuse("makes an object of Python's extension registry"),
};

function checkVersion(machine: Machine): void {
  const protocol = machine.in.uint8();
  if (protocol > 5) {
    throw new FileRefused(`is refused: its pickle is of protocol ${protocol}, newer than 5`);
  }
}

/**
 * Parses a number. Protocol 1 wrote booleans as `00` and `01`, and an `L` may follow the digits.
 */
function parseNumber(line: string): Pickled {
  if (line === "00" || line === "01") return line === "01";
  // The bound keeps a long row of digits from taking quadratic time.
  const [, digits] = /^([-+]?\d{1,300})L?$/.exec(line) ?? [];
  if (digits === undefined) throw refuseDamaged(`its pickle has the number ${quoteText(line)}`);
  return toNumber(BigInt(digits));
}

/** Pushes a number in two's complement of so many bytes, little-endian. */
function pushLong(machine: Machine, length: number): void {
  machine.work(length);
  const hex = Uint8Array.from(machine.in.take(length)).reverse().toHex();
  machine.push(toNumber(BigInt.asIntN(8 * length, BigInt(`0x0${hex}`))));
}

const toNumber = (value: bigint): number | bigint =>
  Number.isSafeInteger(Number(value)) ? Number(value) : value;

function unquote(line: string): string {
  const [, text] = /^(?:'(.*)'|"(.*)")$/.exec(line)?.filter((group) => group !== undefined) ?? [];
  if (text === undefined) throw refuseDamaged("its pickle has a string without quotes");
  return withoutEscapes(text);
}

/** Returns a string of a line. Throws if it has an escape. */
function withoutEscapes(text: string): string {
  if (text.includes("\\")) {
    throw new FileRefused(
      "is refused: its pickle has an escaped string, which only protocol 0 writes",
    );
  }
  return text;
}

const pushList = (machine: Machine, values: Pickled[]): void => machine.make(values, values);

function append(machine: Machine, values: Pickled[]): void {
  const list = machine.top();
  // The items of a list of an unknown class are of no use here.
  if (list instanceof PickledObject) return;
  if (!Array.isArray(list)) throw refuseDamaged(`its pickle appends to ${kindOf(list)}`);
  machine.nest(list, values);
  for (const value of values) list.push(value);
}

function setItems(machine: Machine, values: Pickled[]): void {
  const target = machine.top();
  const dict = target instanceof PickledObject ? target.items : target;
  if (!(dict instanceof Map)) throw refuseDamaged(`its pickle sets an item of ${kindOf(target)}`);
  if (values.length % 2 === 1) throw refuseDamaged("its pickle sets a key without a value");
  machine.nest(dict === target ? dict : target as PickledObject, values);
  for (let i = 0; i < values.length; i += 2) dict.set(values[i], values[i + 1]);
}

function pushDict(machine: Machine, values: Pickled[]): void {
  machine.make(new Map());
  setItems(machine, values);
}

function pushName(machine: Machine, [module, member]: Pickled[]): void {
  if (typeof module !== "string" || typeof member !== "string") {
    throw refuseDamaged("its pickle has a name that is not a string");
  }
  machine.push(new PickledName(`${module}.${member}`));
}

function callTop(machine: Machine, [callee, args]: Pickled[]): void {
  call(machine, callee, args);
}

function callFirst(machine: Machine, [callee, ...args]: Pickled[]): void {
  if (callee === undefined) throw refuseDamaged("its pickle calls nothing");
  call(machine, callee, args);
}

function callWithOptions(machine: Machine, [callee, args, options]: Pickled[]): void {
  call(machine, callee, Array.isArray(args) ? [...args, options] : args);
}

function call(machine: Machine, callee: Pickled, args: Pickled): void {
  // Copies in a call count too. Otherwise a pickle could keep a value once and copy it without end.
  for (const value of Array.isArray(args) ? args : []) {
    if (typeof value === "string") machine.work(value.length / BYTES_PER_INSTRUCTION);
    if (value instanceof Uint8Array) machine.work(value.length / BYTES_PER_INSTRUCTION);
    if (Array.isArray(value)) machine.work(value.length);
    if (value instanceof Map) machine.work(value.size);
  }
  const made = buildObject(callee, args);
  if (made instanceof Map) machine.make(made, [...made.values()]);
  else if (made instanceof PickledObject) machine.make(made, made.args);
  else if (Array.isArray(made)) machine.make(made, made);
  else machine.push(made);
}

/**
 * Keeps the attributes of an object of an unknown class. Skips a state dict's `_metadata` (the
 * versions of its modules). Nothing else may have attributes.
 */
function setState(machine: Machine): void {
  const state = machine.pop();
  const target = machine.top();
  if (target instanceof PickledObject) {
    machine.nest(target, [state]);
    target.state = state;
  } else if (!(target instanceof Map)) refuse(`sets attributes of ${kindOf(target)}`);
}

function refuse(wish: string): never {
  throw refuseForeign(wish);
}
