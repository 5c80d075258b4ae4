// The one place here that draws at random: numbers that tell processes apart, never a delay.

/**
 * 32 random bits. Not by `crypto`: Node.js takes up to five milliseconds to load it, at the first failure,
 * and some runtimes have none. Every runtime seeds this one afresh for each process.
 */
export const randomBits = (): number => Math.trunc(Math.random() * 2 ** 32)

/** A name that no two processes give. */
export const randomName = (): string => [0, 0, 0].map(() => randomBits().toString(16).padStart(8, '0')).join('')
