/** How many characters stand for bytes; two more say that the next one is of another page. */
const PAGE = 91

/** The bytes that `pack` of scripts/build.mjs made text of: an alphabet, and then each byte by its place in it. */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  const alphabet = text.slice(0, PAGE + 2)
  const bytes: number[] = []
  let page = 0
  for (let i = PAGE + 2; i < text.length; i++) {
    const place = alphabet.indexOf(text[i]!)
    if (place < PAGE) {
      bytes.push(place + page * PAGE - 4)
      page = 0
    } else page = place - PAGE + 1
  }
  return new Uint8Array(bytes)
}
