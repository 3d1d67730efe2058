/**
 * Configuration of the whole process: TensorFlow creates its thread pools once and reads its
 * environment once.
 */
export interface ProcessConfig {
  /** Threads for one op and for several ops at once. Default: all cores. */
  readonly threads?: number;
  /** Whether ops run one after another, so that the order of every sum is fixed. Default: false. */
  readonly deterministic?: boolean;
}

/** Configuration of a session or of the eager context. */
export interface Config extends ProcessConfig {
  /**
   * Whether multiplications use bfloat16 (oneDNN). Weights and sums stay float32. Default: false.
   */
  readonly bfloat16?: boolean;
}

/** Encodes a `ConfigProto` as protocol-buffer bytes. */
export function configProto({ threads, bfloat16, deterministic }: Config): Uint8Array<ArrayBuffer> {
  const bytes: number[] = [];
  if (threads) bytes.push(0x10, ...varint(threads));
  if (threads || deterministic) bytes.push(0x28, ...varint(deterministic ? 1 : threads!));
  // graph_options.rewrite_options.auto_mixed_precision_onednn_bfloat16 = ON
  if (bfloat16) bytes.push(0x52, 0x05, 0x52, 0x03, 0xf8, 0x01, 0x01);
  return Uint8Array.from(bytes);
}

/** Encodes a number as protocol buffers do: seven bits per byte, the lowest first. */
function varint(value: number): number[] {
  return value < 0x80 ? [value] : [value & 0x7f | 0x80, ...varint(value >>> 7)];
}
