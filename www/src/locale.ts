// Before all others: under LANG=C a browser may say that its language is "C", with which nothing of
// Intl can be made, and uPlot makes a number format when it is loaded.
try {
  new Intl.NumberFormat(navigator.language)
} catch {
  Object.defineProperty(navigator, 'language', { value: 'en' })
}
export {}
