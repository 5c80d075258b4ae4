// Addresses that scripts may come from, for browsers that enforce Trusted Types: our own, and no other.
interface Factory { createPolicy(name: string, rules: { createScriptURL(address: string): string }): { createScriptURL(address: string): unknown } }

const own = (address: string) => {
  const { origin, pathname, href } = new URL(address, document.baseURI)
  const folder = new URL('./', document.baseURI).pathname
  if (origin !== location.origin || !pathname.startsWith(folder)) throw new TypeError(`${address} is not a script of this page`)
  return href
}
const policy = (globalThis as { trustedTypes?: Factory }).trustedTypes?.createPolicy('redrive', { createScriptURL: own })

/** The address of a script of this page. */
export const script = (address: string) => (policy ? policy.createScriptURL(address) : own(address)) as string
