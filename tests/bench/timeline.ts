/**
 * TensorFlow's timeline of one run of a session. Decodes the ops and their times from a
 * `RunMetadata` in protocol-buffer bytes (tensorflow/core/framework/step_stats.proto).
 *
 * @module
 */

/** One run of an op. */
export interface Span {
  /** Kind of the op in TensorFlow's rewritten graph, e.g. `Conv2D` or `_FusedConv2D`. */
  readonly op: string;
  /** Microseconds of its kernel. */
  readonly micros: number;
}

/** All ops of a kind in one run. */
export interface OpTime {
  /** The kind. */
  readonly op: string;
  /** Sum of the milliseconds, including those of ops that ran at the same time. */
  readonly ms: number;
  readonly count: number;
}

const RUN_METADATA = { stepStats: 1 };
const STEP_STATS = { devices: 1 };
const DEVICE = { nodes: 2 };
const NODE = { name: 1, start: 3, end: 4, label: 8 };

/** Decodes the ops of a run. Throws a `RangeError` if the bytes end within a field. */
export function spans(runMetadata: Uint8Array): Span[] {
  return messages(runMetadata, RUN_METADATA.stepStats)
    .flatMap((steps) => messages(steps, STEP_STATS.devices))
    .flatMap((device) => messages(device, DEVICE.nodes))
    .map(span);
}

/** Sums up the time of each kind of op, the longest first. */
export function byOp(spans: readonly Span[]): OpTime[] {
  return [...Map.groupBy(spans, ({ op }) => op)]
    .map(([op, same]) => ({
      op,
      ms: same.reduce((sum, { micros }) => sum + micros, 0) / 1000,
      count: same.length,
    }))
    .sort((a, b) => b.ms - a.ms);
}

function span(node: Uint8Array): Span {
  const values = new Map(fields(node));
  const text = (field: number) => new TextDecoder().decode(values.get(field) as Uint8Array);
  const number = (field: number) => (values.get(field) ?? 0) as number;
  // A label reads `name = Op(inputs)`. Nodes of the runtime itself have only a name.
  const op = /= ([^(]+)\(/.exec(text(NODE.label))?.[1] ?? text(NODE.name);
  return { op, micros: number(NODE.end) - number(NODE.start) };
}

function messages(message: Uint8Array, field: number): Uint8Array[] {
  return [...fields(message)].filter(([found]) => found === field).map(([, value]) =>
    value as Uint8Array
  );
}

/**
 * Decodes the fields of a message: numbers, or the bytes of texts and messages. Skips fields of a
 * fixed size.
 */
function* fields(message: Uint8Array): Generator<[field: number, value: number | Uint8Array]> {
  let at = 0;
  const take = (length: number): Uint8Array => {
    if (at + length > message.length) throw new RangeError("the timeline ends within a field");
    return message.subarray(at, at += length);
  };
  const varint = (): number => {
    for (let value = 0, factor = 1;; factor *= 128) {
      const [byte] = take(1);
      value += (byte & 127) * factor;
      if (byte < 128) return value;
    }
  };
  while (at < message.length) {
    const tag = varint();
    const field = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield [field, varint()];
        break;
      case 1:
        take(8);
        break;
      case 2:
        yield [field, take(varint())];
        break;
      case 5:
        take(4);
        break;
      default:
        throw new RangeError(`the timeline has a field of the unknown kind ${tag % 8}`);
    }
  }
}
