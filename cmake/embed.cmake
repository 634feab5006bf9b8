# muster_embed(TARGET NAME FILE): the file's bytes inside the target, between the symbols NAME_begin and NAME_end.
function(muster_embed target name embedded_file)
  set(source ${CMAKE_BINARY_DIR}/generated/${name}_bytes.cc)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT [[
__asm__(
    ".section .rodata\n"
    ".balign 16\n"
    ".global @name@_begin\n"
    "@name@_begin:\n"
    ".incbin \"@embedded_file@\"\n"
    ".global @name@_end\n"
    "@name@_end:\n"
    ".byte 0\n"
    ".previous\n");
]])
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS ${embedded_file})
  target_sources(${target} PRIVATE ${source})
endfunction()
