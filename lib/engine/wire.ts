/** A message between two workers: its kind, a number below 256, and its bytes. */
export interface Message {
  readonly kind: number;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** Length of a message's head: its kind, then the number of its bytes, big-endian. */
const HEAD = 5;

/** Encodes a message. Default: no bytes. */
export function encodeMessage(
  kind: number,
  bytes: Uint8Array<ArrayBuffer> = new Uint8Array(),
): Uint8Array<ArrayBuffer> {
  const message = new Uint8Array(HEAD + bytes.length);
  message[0] = kind;
  new DataView(message.buffer).setUint32(1, bytes.length);
  message.set(bytes, HEAD);
  return message;
}

/**
 * Reads messages until the connection ends. `heard` is called whenever bytes arrive. Default: not at
 * all. Throws if a message is longer than `longest` bytes or cut off.
 */
export async function* readMessages(
  connection: Pick<Deno.TcpConn, "read">,
  longest: number,
  heard?: () => void,
): AsyncGenerator<Message> {
  const head = new Uint8Array(HEAD);
  while (await fill(connection, head, heard)) {
    const length = new DataView(head.buffer).getUint32(1);
    if (length > longest) throw new Error(`a message of ${length} bytes`);
    const bytes = new Uint8Array(length);
    if (length > 0 && !await fill(connection, bytes, heard)) throw new Error("a message cut off");
    yield { kind: head[0], bytes };
  }
}

/** Fills a buffer. Returns false if the connection has ended, and throws if it ends within. */
async function fill(
  connection: Pick<Deno.TcpConn, "read">,
  buffer: Uint8Array,
  heard?: () => void,
): Promise<boolean> {
  let done = 0;
  while (done < buffer.length) {
    const read = await connection.read(buffer.subarray(done));
    if (read === null) {
      if (done === 0) return false;
      throw new Error("a message cut off");
    }
    done += read;
    heard?.();
  }
  return true;
}
