# The Python SDK inside the binary: the runner unpacks it on its node and puts it on the job's PYTHONPATH, so that no environment needs it installed.
file(GLOB_RECURSE sdk_files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/python/muster/*.py ${CMAKE_SOURCE_DIR}/python/muster/py.typed
     ${CMAKE_SOURCE_DIR}/python/azureml/*.py ${CMAKE_SOURCE_DIR}/python/azureml/py.typed)
set(sdk_archive ${CMAKE_BINARY_DIR}/generated/sdk.tar)
# Files alone, in a fixed order and without times: the same sources give the same bytes, whose hash names the unpacked folder.
add_custom_command(
  OUTPUT ${sdk_archive}
  COMMAND sh -c "find muster azureml -name '*.py' -o -name py.typed | LC_ALL=C sort | tar --format=ustar --no-recursion --mtime=@0 --owner=0 --group=0 --numeric-owner --mode=0644 -T - -cf '${sdk_archive}'"
  WORKING_DIRECTORY ${CMAKE_SOURCE_DIR}/python
  DEPENDS ${sdk_files}
  VERBATIM)
muster_embed(muster_runner muster_sdk ${sdk_archive})
