import { createHash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { defineConfig, type Plugin } from 'vite'

const version = /^version = "(.+)"/m.exec(readFileSync(new URL('../Cargo.toml', import.meta.url), 'utf8'))?.[1]

/** Writes the list of files into the service worker, under a name that changes when any of them does. */
function offline(): Plugin {
  return {
    name: 'offline',
    apply: 'build',
    enforce: 'post',
    generateBundle(_, bundle) {
      const files = ['./', './icon.svg', './manifest.webmanifest', ...Object.keys(bundle).filter(name => name !== 'index.html' && !name.endsWith('.txt')).map(name => `./${name}`)]
      const hash = createHash('sha256')
      for (const file of Object.values(bundle)) hash.update(file.type === 'asset' ? file.source : file.code)
      const source = readFileSync(new URL('./src/sw.js', import.meta.url), 'utf8')
        .replace('__FILES__', JSON.stringify(files))
        .replace('__NAME__', hash.digest('hex').slice(0, 16))
      this.emitFile({ type: 'asset', fileName: 'sw.js', source })
    },
  }
}

/** Ships the licences of what is built in, whose texts ask to travel with it. */
function licences(): Plugin {
  return {
    name: 'licences',
    apply: 'build',
    generateBundle() {
      const of = (name: string) => `${name}\n\n${readFileSync(new URL(`./node_modules/${name}/LICENSE`, import.meta.url), 'utf8')}`
      this.emitFile({ type: 'asset', fileName: 'LICENSES-OF-OTHERS.txt', source: ['uplot', 'smol-toml'].map(of).join('\n\n') })
    },
  }
}

// Relative addresses: the folder works from any path of any host. No inlining and no polyfill: the
// Content Security Policy of index.html allows neither inline scripts nor data URLs.
export default defineConfig({
  base: './',
  define: { __VERSION__: JSON.stringify(version) },
  plugins: [licences(), offline()],
  build: {
    target: 'es2022',
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    reportCompressedSize: false,
    chunkSizeWarningLimit: 1000,
  },
  worker: { format: 'es' },
  server: { host: '127.0.0.1' },
})
