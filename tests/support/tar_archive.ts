/** Makes a tar (ustar) of these files. A name that ends with a slash is a folder's. */
export function tar(files: Readonly<Record<string, Uint8Array>>, flag = "0"): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, content]) => {
    const block = new Uint8Array(512 + Math.ceil(content.length / 512) * 512);
    const put = (at: number, value: string) => block.set(new TextEncoder().encode(value), at);
    const cut = name.length > 100 ? name.lastIndexOf("/", name.length - 2) : -1;
    put(0, name.slice(cut + 1));
    if (cut > 0) put(345, name.slice(0, cut));
    put(100, "0000644\0");
    put(124, content.length.toString(8).padStart(11, "0"));
    put(148, " ".repeat(8));
    put(156, name.endsWith("/") ? "5" : flag);
    put(257, "ustar\x0000");
    put(
      148,
      block.subarray(0, 512).reduce((sum, byte) => sum + byte, 0).toString(8).padStart(6, "0") +
        "\0 ",
    );
    block.set(content, 512);
    return [block];
  });
  return new Uint8Array([...blocks, new Uint8Array(1024)].flatMap((block) => [...block]));
}

/** Compresses bytes with gzip. */
export async function gzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([bytes as Uint8Array<ArrayBuffer>]).stream().pipeThrough(
    new CompressionStream("gzip"),
  );
  return new Uint8Array(await new Response(stream).arrayBuffer());
}
