/** The bytes of a module that scripts/build.mjs packed: a character is a byte; a space or a `!` says that the next one is of another page. */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(text.length)
  let length = 0
  let page = 0
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c < 34) page = c - 31
    else {
      bytes[length++] = (c == 35 ? 56 : c - 36) + page * 91 - 4
      page = 0
    }
  }
  return bytes.slice(0, length)
}
