import { defineConfig } from "vite";

// One script and one style: the page is small, and one request each is the quickest on a loopback.
export default defineConfig({
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { target: "es2022", modulePreload: false, assetsInlineLimit: 0, reportCompressedSize: false, chunkSizeWarningLimit: 1000 },
});
