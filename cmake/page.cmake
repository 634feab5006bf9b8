# The page inside the binary. Built from web/ by tools/build_page.sh into build/web/, for all presets once, and again only when web/ changes.
file(GLOB_RECURSE page_sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/web/src/* ${CMAKE_SOURCE_DIR}/web/public/* ${CMAKE_SOURCE_DIR}/web/tools/*)
set(page_bundle ${CMAKE_SOURCE_DIR}/build/web/page.bundle)
add_custom_command(
  OUTPUT ${page_bundle}
  COMMAND sh ${CMAKE_SOURCE_DIR}/tools/build_page.sh
  DEPENDS ${page_sources} ${CMAKE_SOURCE_DIR}/web/index.html ${CMAKE_SOURCE_DIR}/web/package.json ${CMAKE_SOURCE_DIR}/web/package-lock.json
          ${CMAKE_SOURCE_DIR}/web/tsconfig.json ${CMAKE_SOURCE_DIR}/web/vite.config.ts ${CMAKE_SOURCE_DIR}/tools/build_page.sh
  COMMENT "Building the page"
  VERBATIM)
muster_embed(muster_page muster_page_bundle ${page_bundle})
