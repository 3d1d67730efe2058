/**
 * Whether a Linux library lacks its end, as after half a download: its header says where the table of its sections is,
 * which comes last. False for any other kind of file.
 */
export function isCutOff(path: string): boolean {
  using file = Deno.openSync(path);
  const header = new DataView(new ArrayBuffer(64));
  const got = file.readSync(new Uint8Array(header.buffer));
  const isElf = got === 64 && header.getUint32(0) === 0x7f454c46;
  if (!isElf) return false;
  const sections = Number(header.getBigUint64(40, true)), each = header.getUint16(58, true);
  return file.statSync().size < sections + each * header.getUint16(60, true);
}
