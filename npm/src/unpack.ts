/** How many characters are bytes; two more say that the next one is of another page. */
const PAGE = 91

/** The bytes that `pack` of scripts/build.mjs made text of: an alphabet, and then each byte by its place in it. */
export function unpack(text: string): Uint8Array<ArrayBuffer> {
  // By their codes: most of the first failure is this loop, which no engine has optimised yet.
  const places: number[] = []
  const bytes = new Uint8Array(text.length)
  let [count, page] = [0, 0]
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (i < PAGE + 2) places[code] = i - 4
    else if (places[code]! < PAGE - 4) {
      bytes[count++] = places[code]! + page
      page = 0
    } else page = (places[code]! - PAGE + 5) * PAGE
  }
  return bytes.subarray(0, count)
}
