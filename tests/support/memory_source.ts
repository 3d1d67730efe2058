import type { ByteSource } from "../../lib/files/byte_source.ts";

/** Creates a source of bytes in memory. */
export function memorySource(name: string, bytes: Uint8Array<ArrayBuffer>): ByteSource {
  const size = bytes.length;
  return {
    name,
    size,
    read(position, length) {
      if (position >= 0 && length >= 0 && position + length <= size) {
        return bytes.slice(position, position + length);
      }
      throw new RangeError(`the file ends ${position + length - size} bytes early`);
    },
  };
}
